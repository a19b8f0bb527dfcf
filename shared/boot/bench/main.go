// Command bench measures the running service from outside, each figure beside
// its yardstick from the same run: what an empty server, the disk, or the hashes
// alone would make of the same work.
//
// Usage:
//
//	bench [-time 2s] [-rounds 3] [-size 1024] [-images 200000] [-go results.txt] build/gander
//
// Results of `go test -bench` in the file that -go names join the table.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == yardstickCommand {
		fmt.Fprintln(os.Stderr, "bench:", serveYardstick(os.Args[2]))
		os.Exit(1)
	}
	var b bench
	flag.DurationVar(&b.time, "time", 2*time.Second, "how long each load runs")
	flag.IntVar(&b.rounds, "rounds", 3, "how often each is measured; the median counts")
	flag.Int64Var(&b.size, "size", 1024, "MiB of the image that is moved")
	flag.IntVar(&b.images, "images", 200_000, "images of the large catalogue")
	goResults := flag.String("go", "", "output of go test -bench, to join the table")
	flag.Parse()
	if flag.NArg() != 1 || b.rounds < 1 || b.size < 1 || b.images < 100 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx, flag.Arg(0), *goResults); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	time   time.Duration
	rounds int
	size   int64 // MiB
	images int

	binary    string
	dir       string
	gander    *gander
	yardstick *child
	rows      []row
	facts     []fact
}

func (b *bench) run(ctx context.Context, binary, goResults string) (err error) {
	// Beside the binary and not below /tmp, which may be memory: the disk is part
	// of what is measured.
	if b.dir, err = os.MkdirTemp("build", "bench-"); err != nil {
		return err
	}
	defer func() {
		if e := os.RemoveAll(b.dir); err == nil {
			err = e
		}
	}()
	b.binary = binary
	if b.gander, err = startGander(ctx, binary, filepath.Join(b.dir, "data")); err != nil {
		return err
	}
	defer b.gander.stop()
	if b.yardstick, err = startYardstick(ctx, b.dir); err != nil {
		return err
	}
	defer b.yardstick.stop()
	for _, measure := range []func(context.Context) error{b.reads, b.creates, b.upload, b.uploadMemory, b.download, b.large} {
		if err := measure(ctx); err != nil {
			return err
		}
	}
	if goResults != "" {
		if err := b.readGoResults(goResults); err != nil {
			return err
		}
	}
	return b.print(os.Stdout)
}
