// Command light is the local cloud without Python and containers: engines that
// stand in for DynamoDB and S3, the built functions behind the light gateway, and
// beside them the development identity and the data plane. "make local-light"
// builds what it needs and starts it; an interrupt ends it all.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	o := options{}
	set := flag.NewFlagSet("light", flag.ContinueOnError)
	set.StringVar(&o.listen, "listen", "127.0.0.1:9393", "address of the API")
	set.StringVar(&o.identity, "identity", "127.0.0.1:9394", "address of the identity")
	set.StringVar(&o.stage, "stage", "127.0.0.1:9395", "address of the API's own URL, which names the stage")
	set.StringVar(&o.data, "data", ".gander-light", "folder of the identity and the log")
	set.StringVar(&o.root, "root", ".", "folder of the project, built")
	if err := set.Parse(args); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c, err := start(ctx, o)
	if err != nil {
		if ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "light:", err)
		}
		return 1
	}
	defer c.close()
	clouds, err := filepath.Abs(filepath.Join(o.data, "clouds.yaml"))
	if err != nil {
		clouds = filepath.Join(o.data, "clouds.yaml")
	}
	fmt.Printf("The API is at %s and, with its stage, at %s; the log is %s.\nWhat you put there is gone at the end.\n\n",
		c.gateway.URL(), c.gateway.StageURL(), c.log.Name())
	fmt.Printf("export OS_CLIENT_CONFIG_FILE=%s\nexport OS_CLOUD=gander\nopenstack image list\n", clouds)
	if err := c.wait(ctx); !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "light:", err)
		return 1
	}
	return 0
}
