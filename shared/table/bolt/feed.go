package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"go.etcd.io/bbolt"

	"github.com/gander-images/gander/shared/table"
)

// Pauses before a handler that did nothing at all is called again.
const (
	idleFirst = 10 * time.Millisecond
	idleMost  = time.Second
)

// Changes implements table.Feed. Positions reach the disk with the next group
// of writes, after a tenth of a second at the latest, and before Changes
// returns. It also ends when the table is closed, with ErrBusy.
//
// A handler that returns 0 and no error is called again after a pause that
// grows to a second, or when there is more.
func (t *Table) Changes(ctx context.Context, consumer string, handle table.Handler) error {
	if consumer == "" || len(consumer) > 255 || !utf8.ValidString(consumer) {
		return fmt.Errorf("%w: consumer %q", table.ErrInvalid, consumer)
	}
	position, err := t.feeds.begin(consumer)
	if err != nil {
		return err
	}
	defer t.feeds.end(consumer)
	defer t.keepPositions(ctx)
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.feeds.closing, cancel)()

	err = t.follow(inner, consumer, position, handle)
	switch {
	case ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())):
		return nil
	case err == nil || inner.Err() != nil && errors.Is(err, inner.Err()):
		return errClosed
	default:
		return err
	}
}

// follow delivers until ctx ends or something fails.
func (t *Table) follow(ctx context.Context, consumer string, position uint64, handle table.Handler) error {
	idle := idleFirst
	for ctx.Err() == nil {
		more := t.feeds.more()
		changes, seqs, err := t.changesAfter(position)
		if err != nil {
			return err
		}
		if len(changes) == 0 {
			pause(ctx, more, nil)
			continue
		}
		done, err := handle(ctx, changes)
		if done = min(max(done, 0), len(changes)); done > 0 {
			position = seqs[done-1]
			t.feeds.note(consumer, position)
			idle = idleFirst
		}
		if err != nil {
			return err
		}
		if done == 0 {
			pause(ctx, more, time.After(idle))
			idle = min(2*idle, idleMost)
		}
	}
	return nil
}

// pause waits for the first of three things.
func pause(ctx context.Context, more <-chan struct{}, timer <-chan time.Time) {
	select {
	case <-ctx.Done():
	case <-more:
	case <-timer:
	}
}

// keepPositions brings what was noted to disk. If that fails it is delivered
// again after a restart, which a consumer must bear anyway.
func (t *Table) keepPositions(ctx context.Context) {
	if t.feeds.due() {
		_, _, _ = t.submit(context.WithoutCancel(ctx), nil)
	}
}

// feeds knows the consumers: how far each has come, and who runs now.
type feeds struct {
	noted   chan struct{} // a position waits to be written; capacity 1
	closing context.Context
	close   context.CancelFunc

	mu       sync.Mutex
	position map[string]uint64 // of every consumer ever seen: the last change done
	dirty    map[string]bool   // those whose position is not on disk
	running  map[string]bool
	active   sync.WaitGroup
	wake     chan struct{} // closed when there are new changes
}

func (f *feeds) init() {
	f.noted = make(chan struct{}, 1)
	f.closing, f.close = context.WithCancel(context.Background())
	f.position, f.dirty, f.running = map[string]uint64{}, map[string]bool{}, map[string]bool{}
	f.wake = make(chan struct{})
}

// load reads the positions from the file.
func (f *feeds) load(tx *bbolt.Tx) error {
	return tx.Bucket(consumerBucket).ForEach(func(name, seq []byte) error {
		if len(seq) != sequenceBytes {
			return errDamaged
		}
		f.position[string(name)] = binary.BigEndian.Uint64(seq)
		return nil
	})
}

func (f *feeds) begin(consumer string) (position uint64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closing.Err() != nil {
		return 0, errClosed
	}
	if f.running[consumer] {
		return 0, fmt.Errorf("%w: consumer %s runs already", table.ErrInvalid, consumer)
	}
	f.running[consumer] = true
	f.active.Add(1)
	position, known := f.position[consumer]
	if !known {
		f.set(consumer, 0)
	}
	return position, nil
}

func (f *feeds) end(consumer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.running, consumer)
	f.active.Done()
}

// stop ends all running consumers, waits for them, and lets no new one begin.
func (f *feeds) stop() {
	f.mu.Lock()
	f.close()
	f.mu.Unlock()
	f.active.Wait()
}

// note moves a position, in memory at first.
func (f *feeds) note(consumer string, position uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set(consumer, position)
}

func (f *feeds) set(consumer string, position uint64) {
	f.position[consumer], f.dirty[consumer] = position, true
	select {
	case f.noted <- struct{}{}:
	default:
	}
}

// due reports whether positions wait to be written.
func (f *feeds) due() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.dirty) > 0
}

// positions are those of all consumers at one moment.
type positions struct {
	dirty      map[string]uint64 // to be written
	floor      uint64            // every consumer has done so far
	registered bool              // there is a consumer
}

func (f *feeds) snapshot() positions {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := positions{registered: len(f.position) > 0}
	first := true
	for name, seq := range f.position {
		if first || seq < p.floor {
			p.floor, first = seq, false
		}
		if f.dirty[name] {
			if p.dirty == nil {
				p.dirty = make(map[string]uint64, len(f.dirty))
			}
			p.dirty[name] = seq
		}
	}
	return p
}

// written notes that the positions of a snapshot are on disk.
func (f *feeds) written(p positions) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, seq := range p.dirty {
		if f.position[name] == seq {
			delete(f.dirty, name)
		}
	}
}

// more returns a channel that is closed at the next change from now on.
func (f *feeds) more() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wake
}

func (f *feeds) announce() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.wake)
	f.wake = make(chan struct{})
}
