// Command compare holds a running service to a journal of what it answered. It
// knows the journal and the API, and nothing else of the service.
//
// Usage:
//
//	compare -journal FILE -clouds clouds.yaml [-patience 20s] [-purged] http://127.0.0.1:9292
//
// It waits until no image is in a passing state, at most for -patience. Then every
// answered write must be there unless a later one may have covered it, every image
// must be in all the lists that show it and in no other, and all data must be what
// was sent.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

func main() {
	var o options
	flag.StringVar(&o.journal, "journal", "", "the journal")
	flag.StringVar(&o.clouds, "clouds", "", "how to log in")
	flag.DurationVar(&o.patience, "patience", 20*time.Second, "how long passing states may take to end")
	flag.BoolVar(&o.purged, "purged", false, "want everything that was deleted to be purged within -patience")
	flag.Parse()
	if flag.NArg() != 1 || o.journal == "" || o.clouds == "" {
		flag.Usage()
		os.Exit(2)
	}
	o.url = flag.Arg(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

type options struct {
	journal, clouds, url string
	patience             time.Duration
	purged               bool
}

// mostShown is how many faults are printed.
const mostShown = 40

// run prints every fault; the error says how many there are.
func run(ctx context.Context, o options, out io.Writer) error {
	lines, err := journal.Read(o.journal)
	if err != nil {
		return err
	}
	s := &service{}
	if err := s.login(ctx, o); err != nil {
		return err
	}
	defer s.leave()
	c := &comparison{service: s, past: readPast(lines)}
	err = c.all(ctx, o.patience)
	if err == nil && o.purged {
		err = c.purged(ctx, o.patience)
	}
	if err == nil {
		err = c.allKeys(ctx, o.patience)
	}
	if err == nil {
		err = c.restoreKeys(ctx)
	}
	if err != nil {
		return err
	}
	for _, f := range c.faults[:min(mostShown, len(c.faults))] {
		fmt.Fprintln(out, "fault:", f)
	}
	fmt.Fprintf(out, "compared %d answered writes and %d whose answer was lost: %d images, %d with data (%d bytes), %d deleted, %d lists, %d reasons\n",
		c.past.acknowledged, c.past.unknown, len(c.images), c.withData, c.bytes, c.gone, c.lists, c.reasons)
	fmt.Fprintf(out, "compared %d keys: %d read the same, and %d that were scheduled once they were restored\n", len(c.keys), c.secrets, c.restored)
	if len(c.faults) > 0 {
		return fmt.Errorf("%d faults", len(c.faults))
	}
	return nil
}

// login gets a token for everybody who looks.
func (s *service) login(ctx context.Context, o options) error {
	var errs []error
	as := func(cloud string) *outside.User {
		u, err := outside.Login(ctx, o.clouds, cloud)
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		return u.At(o.url)
	}
	s.member, s.other, s.admin = as("gander"), as("gander-other"), as("gander-admin")
	return errors.Join(errs...)
}

func (s *service) leave() {
	s.member.Leave()
	s.other.Leave()
	s.admin.Leave()
}
