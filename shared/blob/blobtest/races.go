package blobtest

import (
	"errors"
	"fmt"

	"github.com/gander-images/gander/shared/blob"
)

var raceTests = map[string]func(*world){
	"sixteen writers of one name: one wins, whole": func(w *world) {
		for round := range 8 {
			w.raceForOneName(fmt.Sprintf("deep/%d/name", round))
		}
	},
	"many objects at once": func(w *world) {
		const workers = 32
		objects := make([]blob.Object, workers)
		data := func(i int) []byte { return noise(byte(i), 1<<20+i) }
		for i, err := range together(workers, func(i int) (err error) {
			objects[i], err = write(w.ctx, w.Blobs, w.name(fmt.Sprintf("together/%d", i)), data(i))
			return err
		}) {
			if err != nil {
				w.Fatalf("writing object %d: %v", i, err)
			}
		}
		for i, o := range objects {
			w.wantHeld(o, data(i))
		}
		if n := len(w.walk("")); n != workers {
			w.Errorf("Walk shows %d objects of %d", n, workers)
		}
	},
	"objects come and go side by side": func(w *world) {
		w.comeAndGo("apart/%d/object")
	},
	// A folder that one deletion finds empty is where another object is about to appear.
	"objects come and go in one folder": func(w *world) {
		w.comeAndGo("shared/folder/%d")
	},
	"one version deleted by many": func(w *world) {
		o := w.put("a/b", []byte("bytes"))
		for _, err := range together(8, func(int) error { return w.Blobs.Delete(w.ctx, o.Name, o.Version) }) {
			if err != nil {
				w.Error(err)
			}
		}
		w.wantNothing()
	},
}

// raceForOneName lets writers and copiers meet at Commit.
func (w *world) raceForOneName(rest string) {
	w.Helper()
	const racers = 16
	data := func(i int) []byte { return noise(byte(i), 1000+i) }
	source := w.put(rest+"-source", data(0))
	objects := make([]blob.Object, racers)
	writers := make([]blob.Writer, racers)
	for i := range writers {
		if i%4 != 0 {
			writers[i] = w.begin(rest, data(i))
		}
	}
	winner := -1
	for i, err := range together(racers, func(i int) (err error) {
		if writers[i] == nil {
			objects[i], err = w.Blobs.Copy(w.ctx, source.Name, source.Version, w.name(rest))
		} else {
			objects[i], err = writers[i].Commit(w.ctx)
		}
		return err
	}) {
		switch {
		case err == nil && winner >= 0:
			w.Errorf("racers %d and %d both won", winner, i)
		case err == nil:
			winner = i
		case !errors.Is(err, blob.ErrExists):
			w.Errorf("racer %d: error %v, want ErrExists", i, err)
		}
	}
	if winner < 0 {
		w.Fatal("nobody won")
	}
	want := data(winner)
	if writers[winner] == nil {
		want = data(0)
	}
	w.wantHeld(objects[winner], want)
	if left := w.leftovers(rest); len(left) != 0 {
		w.Errorf("those who lost left %v", left)
	}
}

// comeAndGo lets workers make and delete an object each, over and over.
func (w *world) comeAndGo(names string) {
	w.Helper()
	for i, err := range together(8, func(i int) error {
		name := w.name(fmt.Sprintf(names, i))
		for round := range 40 {
			o, err := write(w.ctx, w.Blobs, name, []byte{byte(round)})
			if err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
			if _, err := w.Blobs.Stat(w.ctx, name); err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
			if err := w.Blobs.Delete(w.ctx, name, o.Version); err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
		}
		return nil
	}) {
		if err != nil {
			w.Errorf("worker %d: %v", i, err)
		}
	}
	w.wantNothing()
}
