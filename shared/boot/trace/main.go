// Command trace holds the service to what it says of the disk, by the system
// calls that it makes. It starts the service under strace over a new folder,
// makes one write after another, and wants, for every answer, the sync of the
// very files that the write is in, after their last byte and before the answer. Then
// it makes, out of the trace, the table's file as power loss may have left it.
//
// Usage:
//
//	trace [-keep] build/gander
//
// It needs the command strace, and Linux.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/gander-images/gander/shared/boot/outside"
)

// patience is how long all of it may take.
const patience = 4 * time.Minute

func main() {
	keep := flag.Bool("keep", false, "leave the trace where it was written")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, patience)
	failed := run(ctx, flag.Arg(0), *keep, os.Stdout)
	cancel()
	stop()
	if failed != nil {
		fmt.Fprintln(os.Stderr, "trace:", failed)
		os.Exit(1)
	}
}

// run plays the writes and prints what the trace tells. Its error is that of the
// play, or says how many faults were printed.
func run(ctx context.Context, binary string, keep bool, out io.Writer) error {
	dir, err := os.MkdirTemp("", "gander-trace-")
	if err != nil {
		return err
	}
	if keep {
		fmt.Fprintln(out, "the trace is in", dir)
	} else {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	data := filepath.Join(dir, "new", "data") // the service makes both folders
	for _, life := range []life{{"first", everyWrite}, {"second", fewWrites}} {
		if err := life.check(ctx, binary, data, filepath.Join(dir, life.name), out); err != nil {
			return fmt.Errorf("the %s life: %w", life.name, err)
		}
	}
	return nil
}

// A life of the service: over a new folder, and over what the first one left.
type life struct {
	name  string
	write func(context.Context, *outside.User) (made int, err error)
}

func (l life) check(ctx context.Context, binary, data, file string, out io.Writer) error {
	before, err := os.ReadFile(filepath.Join(data, "table.db")) //nolint:gosec // it is our own
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	kept, err := readFolder(filepath.Join(data, "vault"), filepath.Join(data, "vault.key"))
	if err != nil {
		return err
	}
	made, err := play(ctx, binary, data, file, l.write)
	if err != nil {
		return err
	}
	h, err := load(file, data)
	if err != nil {
		return err
	}
	faults := h.faults()
	if len(h.answers) != made {
		faults = append(faults, fmt.Errorf("%d writes were answered, the trace tells of %d", made, len(h.answers)))
	}
	chance := rand.New(rand.NewPCG(rand.Uint64(), 0))
	cuts, torn := h.cuts(ctx, before, filepath.Dir(file), chance)
	keys := &loss{history: h, dir: filepath.Dir(file), table: before, vault: kept, chance: chance}
	keyCuts, lost := keys.keyCuts(ctx)
	faults = slices.Concat(faults, torn, lost, keys.cutFiles(ctx))
	for _, f := range faults {
		fmt.Fprintln(out, f)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d faults in a trace of %d answered writes", len(faults), made)
	}
	fmt.Fprintf(out, "%s life: %d answered writes, each on the disk before its answer; power lost at %d moments, and at %d about %d keys; %d system calls read\n",
		l.name, made, cuts, keyCuts, len(keys.owed), len(h.calls))
	return nil
}

func load(file, data string) (*history, error) {
	f, err := os.Open(file) //nolint:gosec // it is our own
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	calls, err := parse(f)
	if err != nil {
		return nil, fmt.Errorf("reading the trace: %w", err)
	}
	return read(calls, data), nil
}
