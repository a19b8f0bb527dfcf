package blobtest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gander-images/gander/shared/blob"
)

var removeTests = map[string]func(*world){
	"Delete takes one version, and may be repeated": func(w *world) {
		first := w.put("a/b", []byte("first"))
		beside := w.put("a/c", []byte("beside"))
		for range 3 {
			if err := w.Blobs.Delete(w.ctx, first.Name, first.Version); err != nil {
				w.Error(err)
			}
			w.wantMissing(first)
		}
		second := w.put("a/b", []byte("second"))
		for _, version := range []string{first.Version, beside.Version, "", "null", "x", "../" + second.Version} {
			if err := w.Blobs.Delete(w.ctx, second.Name, version); err != nil {
				w.Errorf("deleting version %q: %v", version, err)
			}
		}
		w.wantHeld(second, []byte("second"))
		w.wantHeld(beside, []byte("beside"))
	},
	"Delete of what never was is success": func(w *world) {
		o := w.put("a/b", []byte("bytes"))
		for _, rest := range []string{"a", "b", "a/b/c", "b/c/d"} {
			if err := w.Blobs.Delete(w.ctx, w.name(rest), o.Version); err != nil {
				w.Errorf("deleting %s: %v", rest, err)
			}
		}
		w.wantHeld(o, []byte("bytes"))
	},
	"Discard removes what was begun, and nothing else": func(w *world) {
		whole := w.put("whole", []byte("whole"))
		_ = w.begin("begun", noise(12, w.Large))
		_ = w.begin("begun", noise(13, w.Large)) // another writer of the same name
		_ = w.begin("begun/below", noise(14, w.Large))
		w.reopen()
		if n := len(w.leftovers("begun")); n != 3 {
			w.Errorf("%d leftovers are shown, want 3", n)
		}
		for range 2 {
			for _, rest := range []string{"begun", "whole", "never"} {
				if err := w.Blobs.Discard(w.ctx, w.name(rest)); err != nil {
					w.Errorf("discarding %s: %v", rest, err)
				}
			}
			if left := w.leftovers(""); !slices.Equal(left, []string{w.name("begun/below")}) {
				w.Errorf("leftovers are %v, want begun/below alone", left)
			}
		}
		w.wantHeld(whole, []byte("whole"))
		again := w.put("begun", []byte("again"))
		w.wantHeld(again, []byte("again"))
		if err := w.Blobs.Discard(w.ctx, again.Name); err != nil {
			w.Error(err)
		}
		w.wantHeld(again, []byte("again"))
	},
}

// reopen opens the store again, where that can be done.
func (w *world) reopen() {
	w.Helper()
	if w.Reopen != nil {
		w.Blobs = w.Reopen(w.T).Blobs
	}
}

// leftovers returns the names of unfinished objects that begin with rest.
func (w *world) leftovers(rest string) []string {
	w.Helper()
	var names []string
	for _, o := range w.walk(rest) {
		if o.Unfinished {
			names = append(names, o.Name)
		}
	}
	return names
}

var walkTests = map[string]func(*world){
	"every object once, under its name": func(w *world) {
		var want []blob.Object
		for i := range w.Many {
			want = append(want, w.put(fmt.Sprintf("many/%05d", i), []byte{byte(i)}))
		}
		got := w.walk("many/")
		if !slices.EqualFunc(got, want, same) {
			w.Errorf("Walk shows %d objects of %d, or others", len(got), len(want))
		}
	},
	"prefixes": func(w *world) {
		names := []string{"a", "a.b", "ab.", "ab/c/d", "ab/c/e", "b/a"}
		for _, name := range names {
			_ = w.put(name, nil)
		}
		_ = w.begin("ab/begun", noise(15, w.Large))
		w.reopen()
		for prefix, want := range map[string][]string{
			"":         {"a", "a.b", "ab.", "ab/begun", "ab/c/d", "ab/c/e", "b/a"},
			"a":        {"a", "a.b", "ab.", "ab/begun", "ab/c/d", "ab/c/e"},
			"a.":       {"a.b"},
			"ab":       {"ab.", "ab/begun", "ab/c/d", "ab/c/e"},
			"ab/":      {"ab/begun", "ab/c/d", "ab/c/e"},
			"ab/c":     {"ab/c/d", "ab/c/e"},
			"ab/c/d":   {"ab/c/d"},
			"ab/c/d/":  nil,
			"ab/beg":   {"ab/begun"},
			"c":        nil,
			"ab/c/d/e": nil,
			"no such?": nil,
		} {
			var got []string
			for _, o := range w.walk(prefix) {
				got = append(got, o.Name[len(w.base)+1:])
			}
			if !slices.Equal(got, want) {
				w.Errorf("prefix %q shows %v, want %v", prefix, got, want)
			}
		}
	},
	"it ends at the visitor's first error": func(w *world) {
		for _, rest := range []string{"a", "b", "c"} {
			_ = w.put(rest, nil)
		}
		enough, visited := errors.New("enough"), 0
		err := w.Blobs.Walk(w.ctx, w.base, func(blob.Object) error {
			visited++
			return enough
		})
		if !errors.Is(err, enough) || visited != 1 {
			w.Errorf("after %d visits: %v", visited, err)
		}
	},
	"a visitor may remove what it is shown": func(w *world) {
		for i := range w.Many {
			_ = w.put(fmt.Sprintf("%05d", i), nil)
		}
		_ = w.begin("begun", noise(16, w.Large))
		w.reopen()
		err := w.Blobs.Walk(w.ctx, w.base, func(o blob.Object) error {
			if o.Unfinished {
				return w.Blobs.Discard(w.ctx, o.Name)
			}
			return w.Blobs.Delete(w.ctx, o.Name, o.Version)
		})
		if err != nil {
			w.Error(err)
		}
		w.wantNothing()
	},
}
