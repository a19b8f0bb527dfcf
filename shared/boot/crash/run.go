package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

// Short enough for many of them to end within a run.
const (
	lease     = 2 * time.Second
	retention = 3 * time.Second
	sweep     = time.Second
	keyDelay  = time.Second
	keyWindow = "7" // days, the fewest that there are
)

const (
	writers = 16
	longest = 1400 * time.Millisecond // between two kills
	startup = 150 * time.Millisecond  // in which some kills hit a service that is only starting
)

type options struct {
	kills           int
	seed            uint64
	dir             string
	binary, compare string
}

// run is the whole of it. Faults are printed; the error says that there are some.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	fmt.Fprintf(out, "seed %d\n", o.seed)
	dir := o.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "gander-crash-"); err != nil {
			return err
		}
		defer func() {
			if err == nil {
				err = os.RemoveAll(dir)
			} else {
				fmt.Fprintln(out, "data, journal and log stay in", dir)
			}
		}()
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	l := &load{options: o, data: filepath.Join(dir, "data"), chance: rand.New(rand.NewPCG(o.seed, 0))}
	journalFile := filepath.Join(dir, "journal")
	if l.journal, err = journal.Create(journalFile); err != nil {
		return err
	}
	if l.service.log, err = os.Create(filepath.Join(dir, "log")); err != nil { //nolint:gosec // the caller names the folder
		return err
	}
	err = l.all(ctx)
	if err = errors.Join(err, l.journal.Close()); err != nil {
		return errors.Join(err, l.service.stop(ctx))
	}
	l.summary(out)
	return l.judge(ctx, journalFile, out)
}

// all kills the service as often as wanted, and leaves it running.
func (l *load) all(ctx context.Context) error {
	if err := l.service.start(ctx, l.command(ctx)); err != nil {
		return err
	}
	if err := l.login(ctx); err != nil {
		return errors.Join(err, l.service.stop(ctx))
	}
	writing, stop := context.WithCancel(ctx)
	defer stop()
	var wait sync.WaitGroup
	for i := range writers {
		w := newWriter(l, i)
		wait.Go(func() { w.run(writing) })
	}
	err := l.killAll(ctx)
	if err == nil {
		err = pause(ctx, time.Duration(l.chance.Int64N(int64(longest))))
	}
	l.enough.Store(true) // each writer ends the request it is at
	if err != nil {
		stop()
	}
	wait.Wait()
	return err
}

func (l *load) killAll(ctx context.Context) error {
	for left := l.kills; left > 0; left-- {
		if err := pause(ctx, time.Duration(l.chance.Int64N(int64(longest)))); err != nil {
			return err
		}
		l.service.kill()
		l.lookInside(ctx)
		for left > 1 && l.chance.IntN(3) == 0 {
			left--
			l.early++
			if err := l.service.startAndKill(ctx, l.command(ctx), time.Duration(l.chance.Int64N(int64(startup)))); err != nil {
				return err
			}
			l.lookInside(ctx)
		}
		if err := l.service.start(ctx, l.command(ctx)); err != nil {
			return err
		}
		l.readPrecious(ctx)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *load) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, l.binary, "serve")
	cmd.Env = append(os.Environ(),
		"GANDER_DATA="+l.data, "GANDER_LISTEN=127.0.0.1:0", "GANDER_LOG_FORMAT=json",
		"GANDER_LEASE="+lease.String(), "GANDER_RETENTION="+retention.String(), "GANDER_SWEEP_INTERVAL="+sweep.String(),
		"GANDER_KEY_DELAY="+keyDelay.String(), "GANDER_KEY_WINDOW_DAYS="+keyWindow)
	return cmd
}

// judge has the running service compared with the journal, stops it, and looks
// through its folder.
func (l *load) judge(ctx context.Context, journalFile string, out io.Writer) error {
	compare := exec.CommandContext(ctx, l.compare,
		"-journal", journalFile, "-clouds", filepath.Join(l.data, "clouds.yaml"), "-purged", "-patience", (10 * lease).String(), l.service.url())
	compare.Stdout, compare.Stderr = out, os.Stderr
	err := compare.Run()
	for _, u := range []*outside.User{l.member, l.other, l.admin} {
		u.Leave()
	}
	err = errors.Join(err, l.service.stop(ctx))
	found, auditErr := leftovers(ctx, l.data)
	for _, f := range found {
		fmt.Fprintln(out, "left over:", f)
	}
	if len(found) > 0 {
		auditErr = errors.Join(auditErr, fmt.Errorf("%d things in the folder belong to nothing, or lack something", len(found)))
	}
	return errors.Join(err, auditErr, l.unexpected())
}
