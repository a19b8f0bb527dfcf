package blobtest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/problem"
)

var writeTests = map[string]func(*world){
	"every size is kept, also after reopening": func(w *world) {
		sizes := []int{0, 1, 511, 4097, 1<<20 + 1, w.Large}
		var objects []blob.Object
		for _, size := range sizes {
			objects = append(objects, w.put(fmt.Sprintf("size/%d", size), noise(1, size)))
		}
		for i, o := range objects {
			w.wantHeld(o, noise(1, sizes[i]))
		}
		if w.Reopen == nil {
			return
		}
		w.Blobs = w.Reopen(w.T).Blobs
		for i, o := range objects {
			w.wantHeld(o, noise(1, sizes[i]))
		}
	},
	"many small writes": func(w *world) {
		data := noise(2, 300_007)
		writer := w.begin("a", nil)
		for rest, n := data, 1; len(rest) > 0; n = n%97 + 1 {
			n = min(n, len(rest))
			if _, err := writer.Write(rest[:n]); err != nil {
				w.Fatal(err)
			}
			rest = rest[n:]
		}
		o, err := writer.Commit(w.ctx)
		if err != nil {
			w.Fatal(err)
		}
		w.wantHeld(o, data)
	},
	"a buffer may be used again after Write": func(w *world) {
		writer := w.begin("a", nil)
		var all []byte
		buffer := make([]byte, 1<<20)
		for i := range w.Large>>20 + 1 {
			copy(buffer, noise(byte(i), len(buffer)))
			all = append(all, buffer...)
			if _, err := writer.Write(buffer); err != nil {
				w.Fatal(err)
			}
			clear(buffer)
		}
		o, err := writer.Commit(w.ctx)
		if err != nil {
			w.Fatal(err)
		}
		w.wantHeld(o, all)
	},
	"nothing is seen before Commit": func(w *world) {
		writer := w.begin("a", noise(3, w.Large))
		if o, err := w.Blobs.Stat(w.ctx, w.name("a")); !errors.Is(err, blob.ErrNotFound) {
			w.Errorf("Stat = %+v, %v; want ErrNotFound", o, err)
		}
		for _, o := range w.walk("") {
			if !o.Unfinished {
				w.Errorf("Walk shows %+v", o)
			}
		}
		o, err := writer.Commit(w.ctx)
		if err != nil {
			w.Fatal(err)
		}
		w.wantHeld(o, noise(3, w.Large))
		if all := w.walk(""); len(all) != 1 || !same(all[0], o) {
			w.Errorf("Walk shows %+v, want %+v alone", all, o)
		}
	},
	"Abort leaves nothing, also twice": func(w *world) {
		for _, size := range []int{0, 1, w.Large} {
			writer := w.begin("a", noise(4, size))
			for range 2 {
				if err := writer.Abort(w.ctx); err != nil {
					w.Errorf("aborting %d bytes: %v", size, err)
				}
			}
			w.wantNothing()
			if o, err := writer.Commit(w.ctx); err == nil {
				w.Errorf("Commit after Abort made %+v", o)
			}
			if _, err := writer.Write([]byte("more")); err == nil {
				w.Error("Write after Abort succeeded")
			}
			w.wantNothing()
		}
	},
	"Abort after Commit changes nothing": func(w *world) {
		writer := w.begin("a", noise(5, 1000))
		o, err := writer.Commit(w.ctx)
		if err != nil {
			w.Fatal(err)
		}
		if err := writer.Abort(w.ctx); err != nil {
			w.Error(err)
		}
		w.wantHeld(o, noise(5, 1000))
	},
	"a name is used once": func(w *world) {
		late := w.begin("a", []byte("begun before, committed after"))
		o := w.put("a", []byte("first"))
		if _, err := late.Commit(w.ctx); !errors.Is(err, blob.ErrExists) {
			w.Errorf("committing the second: error %v, want ErrExists", err)
		}
		if _, err := write(w.ctx, w.Blobs, o.Name, []byte("third")); !errors.Is(err, blob.ErrExists) {
			w.Errorf("writing the third: error %v, want ErrExists", err)
		}
		other := w.put("b", []byte("other"))
		if _, err := w.Blobs.Copy(w.ctx, other.Name, other.Version, o.Name); !errors.Is(err, blob.ErrExists) {
			w.Errorf("copying over it: error %v, want ErrExists", err)
		}
		w.wantHeld(o, []byte("first"))
		if all := w.walk("a"); len(all) != 1 {
			w.Errorf("those that lost left something: %+v", all)
		}
		if err := late.Abort(w.ctx); err != nil {
			w.Errorf("aborting what lost: %v", err)
		}
		w.wantHeld(o, []byte("first"))
	},
	"names that begin alike do not meet": func(w *world) {
		long := strings.Repeat(strings.Repeat("n", 200)+"/", 3)[:blob.MaxNameLen-len(w.base)-1]
		w.putApart("a", "a.", "a-", "a_b", "A", "ab", ".a", "a..b", "...", long, long[1:], long[:198])
	},
	"long segments of names": func(w *world) {
		long := strings.Repeat("n", blob.MaxNameLen-len(w.base)-1)
		w.putApart(long, long[1:], long[:255], long[:256])
	},
	"names that nest do not meet": func(w *world) {
		w.putApart("a", "a/b", "a/b/c", "b/c/d", "b/c", "b")
		for prefix, want := range map[string]int{"a": 3, "a/": 2, "a/b": 2, "a/b/": 1, "b/c": 2} {
			if all := w.walk(prefix); len(all) != want {
				w.Errorf("prefix %q shows %d objects, want %d: %+v", prefix, len(all), want, all)
			}
		}
	},
	"names outside the grammar are refused": func(w *world) {
		o := w.put("a", []byte("a"))
		for _, bad := range []string{
			"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "a/./b", "a b", "a\x00b", "a\\b", "a\nb",
			"a@", "a+", "a%2f", "ä", "\xff", strings.Repeat("n", blob.MaxNameLen+1),
		} {
			_, created := w.Blobs.Create(w.ctx, bad)
			_, found := w.Blobs.Stat(w.ctx, bad)
			_, opened := w.Blobs.Open(w.ctx, bad, o.Version, 0, -1)
			_, copied := w.Blobs.Copy(w.ctx, o.Name, o.Version, bad)
			_, copiedFrom := w.Blobs.Copy(w.ctx, bad, o.Version, w.name("b"))
			deleted, discarded := w.Blobs.Delete(w.ctx, bad, o.Version), w.Blobs.Discard(w.ctx, bad)
			for call, err := range map[string]error{
				"Create": created, "Stat": found, "Open": opened, "Copy to": copied, "Copy from": copiedFrom,
				"Delete": deleted, "Discard": discarded,
			} {
				if !problem.Is(err, problem.Invalid) {
					w.Errorf("%s(%q): error %v, want problem.Invalid", call, bad, err)
				}
			}
		}
		if all := w.walk(""); len(all) != 1 {
			w.Errorf("a refused name left something: %+v", all)
		}
	},
	"a context that ends stops the writing": func(w *world) {
		ctx, cancel := context.WithCancel(w.ctx)
		writer, err := w.Blobs.Create(ctx, w.name("a"))
		if err != nil {
			w.Fatal(err)
		}
		if _, err := writer.Write(noise(6, 1000)); err != nil {
			w.Fatal(err)
		}
		cancel()
		written, piece := 0, noise(6, 1<<20)
		for err == nil && written < 2*w.Large {
			written += len(piece)
			_, err = writer.Write(piece)
		}
		if !errors.Is(err, context.Canceled) {
			w.Fatalf("after %d more bytes: error %v, want context.Canceled", written, err)
		}
		if o, err := writer.Commit(w.ctx); err == nil {
			w.Errorf("Commit made %+v of bytes that were not all written", o)
		}
		if err := writer.Abort(w.ctx); err != nil {
			w.Error(err)
		}
		w.wantNothing()
		if _, err := w.Blobs.Create(ctx, w.name("a")); err == nil {
			w.Error("Create began something for a context that had ended")
		}
		w.wantNothing()
	},
	"Commit does not need the context of Create": func(w *world) {
		ctx, cancel := context.WithCancel(w.ctx)
		writer, err := w.Blobs.Create(ctx, w.name("a"))
		if err != nil {
			w.Fatal(err)
		}
		if _, err := writer.Write(noise(7, w.Large)); err != nil {
			w.Fatal(err)
		}
		cancel()
		o, err := writer.Commit(w.ctx)
		if err != nil {
			w.Fatal(err)
		}
		w.wantHeld(o, noise(7, w.Large))
	},
}

// putApart makes an object of each name, and checks that all of them stay.
func (w *world) putApart(names ...string) {
	w.Helper()
	var objects []blob.Object
	for _, name := range names {
		objects = append(objects, w.put(name, []byte(name)))
	}
	for i, name := range names {
		w.wantHeld(objects[i], []byte(name))
	}
	if all := w.walk(""); len(all) != len(names) {
		w.Errorf("Walk shows %d objects of %d: %+v", len(all), len(names), all)
	}
}
