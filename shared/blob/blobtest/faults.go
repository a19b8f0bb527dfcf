package blobtest

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/gander-images/gander/shared/blob"
)

// An Op names a call of the port.
type Op string

// The calls of blob.Store, of its writers, and the reading of what Open gave.
const (
	Create  Op = "create"
	Write   Op = "write"
	Commit  Op = "commit"
	Abort   Op = "abort"
	Stat    Op = "stat"
	Open    Op = "open"
	Read    Op = "read"
	Copy    Op = "copy"
	Delete  Op = "delete"
	Walk    Op = "walk"
	Discard Op = "discard"
)

// changes are the calls that leave something different behind.
var changes = []Op{Create, Write, Commit, Abort, Copy, Delete, Discard}

// A Call is one call of the port, as a fault or a hook sees it.
type Call struct {
	Op      Op
	Name    string // of the object; the prefix of a Walk
	Version string
	To      string // the new name of a Copy
	Bytes   int64  // written before this Write; 0 elsewhere
}

// ErrLost is what a caller is told when the call happened and its answer was
// lost. It is no error of the port: after it the object may exist or not.
var ErrLost = errors.New("the store did not answer")

// A Fault breaks a call. The zero Fault breaks the next call that changes
// something, so that it does not happen, and says blob.ErrBusy.
type Fault struct {
	// Op is the call to break; empty is any that changes something.
	Op Op

	// Name begins the names of the objects to break.
	Name string

	// Landed lets the call happen and loses its answer.
	Landed bool

	// After lets so many bytes of a writer, or of a reader, pass first, for Write and Read.
	After int64

	// Skip lets so many matching calls pass first.
	Skip int

	// Times is how many calls to break; 0 breaks one, -1 all.
	Times int

	// Err is what the caller is told; nil tells blob.ErrBusy, or ErrLost where
	// it landed.
	Err error
}

// Faulty is a store that breaks on demand. It may be used from any number of
// goroutines.
type Faulty struct {
	store blob.Store

	mu     sync.Mutex
	faults []*planned
	before func(context.Context, Call) error
	after  func(context.Context, Call) error
}

type planned struct {
	Fault
	broken int
}

var _ blob.Store = (*Faulty)(nil)

// NewFaulty wraps a store. Without faults and hooks it adds nothing.
func NewFaulty(s blob.Store) *Faulty { return &Faulty{store: s} }

// Break adds a fault. The function returned tells how many calls it broke, so
// that a test can see that it tested something.
func (f *Faulty) Break(fault Fault) (broken func() int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &planned{Fault: fault}
	f.faults = append(f.faults, p)
	return func() int {
		f.mu.Lock()
		defer f.mu.Unlock()
		return p.broken
	}
}

// Mend takes all faults away.
func (f *Faulty) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Hook has before called ahead of every call of the port, and after behind
// every one that was made. An error takes the place of the call, or of its
// answer. Either may be nil.
func (f *Faulty) Hook(before, after func(context.Context, Call) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.after = before, after
}

// call makes a call between its hooks, or breaks it.
func (f *Faulty) call(ctx context.Context, c Call, size int64, do func(*Fault) error) error {
	f.mu.Lock()
	before, after := f.before, f.after
	f.mu.Unlock()
	if before != nil {
		if err := before(ctx, c); err != nil {
			return err
		}
	}
	fault := f.pick(c, size)
	var err error
	switch {
	case fault == nil:
		err = do(nil)
	case fault.Landed, c.Op == Write: // what comes before the fault is written
		err = do(fault)
	}
	if fault != nil && err == nil {
		err = fault.err()
	}
	if after != nil && (fault == nil || fault.Landed) {
		if hooked := after(ctx, c); hooked != nil {
			return hooked
		}
	}
	return err
}

// pick finds the first fault that is ready for a call of size bytes, and counts it.
func (f *Faulty) pick(c Call, size int64) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.faults {
		if p.Times >= 0 && p.broken >= max(1, p.Times) || !p.matches(c, size) {
			continue
		}
		if p.Skip > 0 {
			p.Skip--
			continue
		}
		p.broken++
		return &p.Fault
	}
	return nil
}

func (f Fault) matches(c Call, size int64) bool {
	if !strings.HasPrefix(c.Name, f.Name) {
		return false
	}
	switch f.Op {
	case "":
		return slices.Contains(changes, c.Op)
	case Write:
		return c.Op == Write && c.Bytes+size > f.After
	case Read:
		return c.Op == Read
	}
	return c.Op == f.Op
}

func (f Fault) err() error {
	switch {
	case f.Err != nil:
		return f.Err
	case f.Landed:
		return ErrLost
	}
	return blob.ErrBusy
}

// Create implements blob.Store.
func (f *Faulty) Create(ctx context.Context, name string) (w blob.Writer, err error) {
	err = f.call(ctx, Call{Op: Create, Name: name}, 0, func(*Fault) (err error) {
		w, err = f.store.Create(ctx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &faultyWriter{faulty: f, ctx: ctx, name: name, Writer: w}, nil
}

// Stat implements blob.Store.
func (f *Faulty) Stat(ctx context.Context, name string) (o blob.Object, err error) {
	err = f.call(ctx, Call{Op: Stat, Name: name}, 0, func(*Fault) (err error) {
		o, err = f.store.Stat(ctx, name)
		return err
	})
	return orNone(o, err)
}

// Copy implements blob.Store.
func (f *Faulty) Copy(ctx context.Context, name, version, to string) (o blob.Object, err error) {
	err = f.call(ctx, Call{Op: Copy, Name: name, Version: version, To: to}, 0, func(*Fault) (err error) {
		o, err = f.store.Copy(ctx, name, version, to)
		return err
	})
	return orNone(o, err)
}

// Delete implements blob.Store.
func (f *Faulty) Delete(ctx context.Context, name, version string) error {
	return f.call(ctx, Call{Op: Delete, Name: name, Version: version}, 0, func(*Fault) error {
		return f.store.Delete(ctx, name, version)
	})
}

// Walk implements blob.Store.
func (f *Faulty) Walk(ctx context.Context, prefix string, visit func(blob.Object) error) error {
	return f.call(ctx, Call{Op: Walk, Name: prefix}, 0, func(*Fault) error {
		return f.store.Walk(ctx, prefix, visit)
	})
}

// Discard implements blob.Store.
func (f *Faulty) Discard(ctx context.Context, name string) error {
	return f.call(ctx, Call{Op: Discard, Name: name}, 0, func(*Fault) error {
		return f.store.Discard(ctx, name)
	})
}

// Open implements blob.Store. A reader without a fault is the store's own.
func (f *Faulty) Open(ctx context.Context, name, version string, offset, length int64) (r io.ReadCloser, err error) {
	err = f.call(ctx, Call{Op: Open, Name: name, Version: version}, 0, func(*Fault) (err error) {
		r, err = f.store.Open(ctx, name, version, offset, length)
		return err
	})
	if err != nil && r != nil {
		err = errors.Join(err, r.Close())
	}
	if err != nil {
		return nil, err
	}
	if fault := f.pick(Call{Op: Read, Name: name, Version: version}, 0); fault != nil {
		cut := io.MultiReader(io.LimitReader(r, fault.After), &failing{fault.err()})
		return struct {
			io.Reader
			io.Closer
		}{cut, r}, nil
	}
	return r, nil
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// A faultyWriter stays broken after a Write that failed, as the port demands.
type faultyWriter struct {
	blob.Writer
	faulty  *Faulty
	ctx     context.Context //nolint:containedctx // Write has none of its own
	name    string
	written int64
	err     error
}

// Write implements io.Writer.
func (w *faultyWriter) Write(p []byte) (n int, err error) {
	if w.err != nil {
		return 0, w.err
	}
	c := Call{Op: Write, Name: w.name, Bytes: w.written}
	w.err = w.faulty.call(w.ctx, c, int64(len(p)), func(fault *Fault) (err error) {
		if fault != nil && !fault.Landed {
			p = p[:min(int64(len(p)), max(0, fault.After-w.written))]
		}
		n, err = w.Writer.Write(p)
		return err
	})
	w.written += int64(n)
	return n, w.err
}

// Commit implements blob.Writer.
func (w *faultyWriter) Commit(ctx context.Context) (o blob.Object, err error) {
	if w.err != nil {
		return o, w.err
	}
	err = w.faulty.call(ctx, Call{Op: Commit, Name: w.name}, 0, func(*Fault) (err error) {
		o, err = w.Writer.Commit(ctx)
		return err
	})
	if errors.Is(err, blob.ErrBusy) || errors.Is(err, blob.ErrFull) || errors.Is(err, blob.ErrExists) {
		err = errors.Join(err, w.Writer.Abort(ctx)) // these say that nothing is left
	}
	return orNone(o, err)
}

// Abort implements blob.Writer.
func (w *faultyWriter) Abort(ctx context.Context) error {
	return w.faulty.call(ctx, Call{Op: Abort, Name: w.name}, 0, func(*Fault) error {
		return w.Writer.Abort(ctx)
	})
}

func orNone(o blob.Object, err error) (blob.Object, error) {
	if err != nil {
		return blob.Object{}, err
	}
	return o, nil
}
