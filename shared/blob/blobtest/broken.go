package blobtest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gander-images/gander/shared/blob"
)

// These hold Faulty itself to what tests above the port rely on.
var faultTests = map[string]func(*world){
	"each change broken twice": func(w *world) {
		for _, op := range changes {
			for _, landed := range []bool{false, true} {
				w.breakOnce(op, landed)
			}
		}
	},
	"a Write breaks after so many bytes": func(w *world) {
		for _, landed := range []bool{false, true} {
			f := NewFaulty(w.Blobs)
			broken := f.Break(Fault{Op: Write, Name: w.base, After: 1500, Landed: landed, Err: blob.ErrFull})
			writer, err := f.Create(w.ctx, w.name("a"))
			if err != nil {
				w.Fatal(err)
			}
			if n, err := writer.Write(make([]byte, 1000)); n != 1000 || err != nil {
				w.Errorf("the first Write: %d, %v", n, err)
			}
			want := 500
			if landed {
				want = 1000
			}
			if n, err := writer.Write(make([]byte, 1000)); n != want || !errors.Is(err, blob.ErrFull) {
				w.Errorf("the second Write: %d, %v; want %d, ErrFull", n, err, want)
			}
			if o, err := writer.Commit(w.ctx); err == nil {
				w.Errorf("Commit after a broken Write made %+v", o)
			}
			if err := writer.Abort(w.ctx); err != nil || broken() != 1 {
				w.Errorf("Abort: %v; %d calls broken", err, broken())
			}
			w.wantNothing()
		}
	},
	"a reader breaks after so many bytes": func(w *world) {
		o := w.put("a", noise(17, 1000))
		f := NewFaulty(w.Blobs)
		f.Break(Fault{Op: Read, After: 300})
		r, err := f.Open(w.ctx, o.Name, o.Version, 0, -1)
		if err != nil {
			w.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if len(data) != 300 || !errors.Is(err, blob.ErrBusy) {
			w.Errorf("%d bytes, %v; want 300, ErrBusy", len(data), err)
		}
		if err := r.Close(); err != nil {
			w.Error(err)
		}
	},
	"hooks see each call, and can replace it": func(w *world) {
		f, refused, lost := NewFaulty(w.Blobs), errors.New("refused"), errors.New("lost")
		var seen []Op
		f.Hook(func(_ context.Context, c Call) error {
			seen = append(seen, c.Op)
			if c.Op == Commit && c.Name == w.name("refused") {
				return refused
			}
			return nil
		}, func(_ context.Context, c Call) error {
			if c.Op == Commit && c.Name == w.name("lost") {
				return lost
			}
			return nil
		})
		if _, err := write(w.ctx, f, w.name("refused"), []byte("a")); !errors.Is(err, refused) {
			w.Errorf("error %v, want the hook's", err)
		}
		w.wantNothing()
		if _, err := write(w.ctx, f, w.name("lost"), []byte("a")); !errors.Is(err, lost) {
			w.Errorf("error %v, want the hook's", err)
		}
		if _, err := w.Blobs.Stat(w.ctx, w.name("lost")); err != nil {
			w.Errorf("what landed is not there: %v", err)
		}
		if got, want := fmt.Sprint(seen), "[create write commit abort create write commit abort]"; got != want {
			w.Errorf("the hook saw %s, want %s", got, want)
		}
	},
}

// breakOnce breaks one call of one kind in an object's life, and looks which
// of its effects are there.
func (w *world) breakOnce(op Op, landed bool) {
	w.Helper()
	f := NewFaulty(w.Blobs)
	rest := fmt.Sprintf("%s/%t", op, landed)
	broken := f.Break(Fault{Op: op, Name: w.base, Landed: landed})
	want := blob.ErrBusy
	if landed {
		want = ErrLost
	}
	name, to := w.name(rest), w.name(rest+"-copy")
	err := life(w.ctx, f, name, to)
	if !errors.Is(err, want) || broken() != 1 {
		w.Errorf("%s, landed %t: error %v, %d calls broken; want %v, 1", op, landed, err, broken(), want)
	}
	_, made := w.Blobs.Stat(w.ctx, name)
	_, copied := w.Blobs.Stat(w.ctx, to)
	// Of the two that break after Commit, the copy is there once it was made,
	// and the object until it was deleted.
	object := op == Commit && landed || op == Copy || op == Delete && !landed
	copyThere := op == Copy && landed || op == Delete
	if (made == nil) != object || (copied == nil) != copyThere {
		w.Errorf("%s, landed %t: the object is there: %t, its copy: %t; want %t, %t",
			op, landed, made == nil, copied == nil, object, copyThere)
	}
}

// life makes, aborts, discards, copies and deletes, up to the first error.
func life(ctx context.Context, s blob.Store, name, to string) error {
	begun, err := s.Create(ctx, name)
	if err != nil {
		return err
	}
	if err := begun.Abort(ctx); err != nil {
		return err
	}
	if err := s.Discard(ctx, name); err != nil {
		return err
	}
	o, err := write(ctx, s, name, []byte("bytes"))
	if err != nil {
		return err
	}
	if _, err := s.Copy(ctx, o.Name, o.Version, to); err != nil {
		return err
	}
	return s.Delete(ctx, o.Name, o.Version)
}
