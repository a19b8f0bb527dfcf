// Command crash kills the service at random moments while 16 writers change
// images, and has another program compare what is left with a journal of what was
// answered.
//
// Usage:
//
//	crash [-kills 30] [-seed N] [-dir FOLDER] -compare build/tools/compare build/gander
//
// The journal is written outside of the service, a line before each request and
// one after its answer. After the last kill the service runs until every lease has
// ended; then compare reads the journal and asks the API, and at last the stopped
// service's folder is searched for what belongs to nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"
)

func main() {
	var o options
	flag.IntVar(&o.kills, "kills", 30, "how often the service is killed")
	flag.Uint64Var(&o.seed, "seed", 0, "what chance begins with; 0: anything")
	flag.StringVar(&o.dir, "dir", "", "folder for data and journal, which stay there; none: one that is removed when all is well")
	flag.StringVar(&o.compare, "compare", "", "the program that compares")
	flag.Parse()
	if flag.NArg() != 1 || o.compare == "" || o.kills < 0 {
		flag.Usage()
		os.Exit(2)
	}
	o.binary = flag.Arg(0)
	if o.seed == 0 {
		o.seed = rand.Uint64()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(o.kills)*15*time.Second)
	err := run(ctx, o, os.Stdout)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(1)
	}
}
