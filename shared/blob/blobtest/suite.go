// Package blobtest holds the promises of the bytes port as tests, and a store
// that breaks on demand for the tests of everybody above the port.
package blobtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/blob"
)

// A Store is a store under test.
type Store struct {
	Blobs blob.Store

	// Reopen closes the store and opens it again on the same data, as another
	// process would; nil where there is nothing to reopen.
	Reopen func(t *testing.T) Store

	// Large is a size, in bytes, that the adapter writes in several steps of its
	// own; 0 is 17 MiB and something.
	Large int

	// Many is more objects than the adapter lists at a time; 0 is 300.
	Many int

	// Lacks tells what the engine under the adapter cannot do, and why, by test:
	// "Write/names that nest do not meet". Those are skipped aloud.
	Lacks map[string]string
}

// Run holds a store to every promise of blob.Store. open is called for each
// test; it may return a new store or one that is shared, for the tests keep to
// names of their own.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, group := range []struct {
		name  string
		tests map[string]func(*world)
	}{
		{"Write", writeTests},
		{"Read", readTests},
		{"Remove", removeTests},
		{"Walk", walkTests},
		{"Race", raceTests},
		{"Fault", faultTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, name := range slices.Sorted(maps.Keys(group.tests)) {
				t.Run(name, func(t *testing.T) {
					w := newWorld(t, open)
					w.skipLacking(group.name + "/" + name)
					group.tests[name](w)
				})
			}
		})
	}
}

// patience ends a test that waits for something that does not come.
const patience = 2 * time.Minute

// A world is one test with its store.
type world struct {
	*testing.T
	Store
	ctx  context.Context
	base string // begins every name of this test
}

func newWorld(t *testing.T, open func(*testing.T) Store) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	s := open(t)
	if s.Large == 0 {
		s.Large = 17<<20 + 3
	}
	if s.Many == 0 {
		s.Many = 300
	}
	return &world{T: t, Store: s, ctx: ctx, base: "suite-" + strings.ToLower(rand.Text())}
}

// skipLacking skips a test of what the engine cannot do.
func (w *world) skipLacking(test string) {
	w.Helper()
	if why, ok := w.Lacks[test]; ok {
		w.Skip("this engine cannot do it: " + why)
	}
}

func (w *world) name(rest string) string { return w.base + "/" + rest }

// noise is bytes that are the same for the same seed.
func noise(seed byte, n int) []byte {
	data := make([]byte, n)
	_, _ = mathrand.NewChaCha8([32]byte{seed}).Read(data)
	return data
}

// write makes an object, or tells why not. A failed one is aborted.
func write(ctx context.Context, s blob.Store, name string, data []byte) (blob.Object, error) {
	w, err := s.Create(ctx, name)
	if err != nil {
		return blob.Object{}, err
	}
	if _, err := w.Write(data); err != nil {
		return blob.Object{}, errors.Join(err, w.Abort(ctx))
	}
	o, err := w.Commit(ctx)
	if err != nil {
		return blob.Object{}, errors.Join(err, w.Abort(ctx))
	}
	return o, nil
}

func (w *world) put(rest string, data []byte) blob.Object {
	w.Helper()
	o, err := write(w.ctx, w.Blobs, w.name(rest), data)
	if err != nil {
		w.Fatalf("writing %s: %v", rest, err)
	}
	return o
}

// begin starts an object and writes to it.
func (w *world) begin(rest string, data []byte) blob.Writer {
	w.Helper()
	writer, err := w.Blobs.Create(w.ctx, w.name(rest))
	if err != nil {
		w.Fatalf("creating %s: %v", rest, err)
	}
	if n, err := writer.Write(data); err != nil || n != len(data) {
		w.Fatalf("writing %s: %d of %d bytes, %v", rest, n, len(data), err)
	}
	return writer
}

// wantHeld checks that an object is there, as it was told, with these bytes.
func (w *world) wantHeld(o blob.Object, data []byte) {
	w.Helper()
	if o.Size != int64(len(data)) || o.Version == "" || o.Unfinished || o.Modified.IsZero() {
		w.Errorf("the object is told as %+v; it has %d bytes", o, len(data))
	}
	if got, err := w.Blobs.Stat(w.ctx, o.Name); err != nil || !same(got, o) {
		w.Errorf("Stat(%s) = %+v, %v; want %+v", o.Name, got, err, o)
	}
	if got := w.read(o, 0, -1); !bytes.Equal(got, data) {
		w.Errorf("%s holds other bytes than were written: %d of %d", o.Name, len(got), len(data))
	}
}

// same compares objects. A store may tell time in seconds in one answer only.
func same(a, b blob.Object) bool {
	near := a.Modified.Sub(b.Modified).Abs() <= 2*time.Second
	a.Modified, b.Modified = time.Time{}, time.Time{}
	return near && a == b
}

func (w *world) read(o blob.Object, offset, length int64) []byte {
	w.Helper()
	r, err := w.Blobs.Open(w.ctx, o.Name, o.Version, offset, length)
	if err != nil {
		w.Errorf("opening %s from %d, %d bytes: %v", o.Name, offset, length, err)
		return nil
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		w.Errorf("reading %s from %d, %d bytes: %v", o.Name, offset, length, err)
	}
	return data
}

// wantNothing checks that neither an object nor a leftover has a name of this test.
func (w *world) wantNothing() {
	w.Helper()
	for _, o := range w.walk("") {
		w.Errorf("there still is %+v", o)
	}
}

func (w *world) wantMissing(o blob.Object) {
	w.Helper()
	if _, err := w.Blobs.Open(w.ctx, o.Name, o.Version, 0, -1); !errors.Is(err, blob.ErrNotFound) {
		w.Errorf("opening version %s of %s: error %v, want ErrNotFound", o.Version, o.Name, err)
	}
}

// walk returns what has a name of this test that begins with rest.
func (w *world) walk(rest string) []blob.Object {
	w.Helper()
	var all []blob.Object
	err := w.Blobs.Walk(w.ctx, w.name(rest), func(o blob.Object) error {
		all = append(all, o)
		return nil
	})
	if err != nil {
		w.Fatalf("walking: %v", err)
	}
	slices.SortFunc(all, func(a, b blob.Object) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// together runs n workers at once and returns their errors.
func together(n int, work func(worker int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = work(i)
		})
	}
	close(start)
	group.Wait()
	return errs
}
