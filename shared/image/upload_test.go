package image

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/tabletest"
)

// A leaving store has the caller go at the end of an upload: when the bytes are
// whole, and before they are kept.
type leaving struct {
	blob.Store
	leave func()
}

func (l leaving) Create(ctx context.Context, name string) (blob.Writer, error) {
	w, err := l.Store.Create(ctx, name)
	return leavingWriter{w, l.leave}, err
}

type leavingWriter struct {
	blob.Writer
	leave func()
}

func (w leavingWriter) Commit(ctx context.Context) (blob.Object, error) {
	w.leave()
	return w.Writer.Commit(ctx)
}

// left is a body whose sender goes in its middle.
type left struct{ leave func() }

func (l left) Read([]byte) (int, error) {
	l.leave()
	return 0, io.ErrUnexpectedEOF
}

// TestUploadsOutliveTheirCallers: a caller who goes when the bytes are whole has
// them kept; one who goes before leaves nothing for the lease to end.
func TestUploadsOutliveTheirCallers(t *testing.T) {
	for name, c := range map[string]struct {
		whole bool
		want  Status
	}{"at the end": {true, Active}, "in the middle": {false, Queued}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			img := w.create(raw())
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			body := io.MultiReader(strings.NewReader("the bytes"), left{leave})
			if c.whole {
				body = strings.NewReader("the bytes")
				w.use(w.table, leaving{w.blobs, leave})
			}
			err := w.service.Upload(ctx, w.grant("upload_image", demo, img), demo, img, UploadRequest{Body: body})
			if (err == nil) != c.whole {
				t.Errorf("the upload answers %v", err)
			}
			w.wantStatus(img.ID, c.want)
			w.use(w.table, w.blobs)
			w.audit()
		})
	}
}

// A stuck store cannot remove what a writer wrote.
type stuck struct{ blob.Store }

func (s stuck) Create(ctx context.Context, name string) (blob.Writer, error) {
	w, err := s.Store.Create(ctx, name)
	return stuckWriter{w}, err
}

type stuckWriter struct{ blob.Writer }

func (stuckWriter) Abort(context.Context) error { return blob.ErrBusy }

// TestWhatAnUploadLeavesIsDue: what a failed upload could not remove is removed
// later, by the entry that its end wrote.
func TestWhatAnUploadLeavesIsDue(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	w.use(w.table, stuck{w.blobs})
	if err := w.upload(img, io.MultiReader(strings.NewReader("some bytes"), failing{})); err == nil {
		t.Error("an upload that broke off is answered as done")
	}
	w.wantStatus(img.ID, Queued)
	w.use(w.table, w.blobs)
	w.audit()
	w.sweep()
	w.audit()
	if left := w.unfinished(); left > 0 {
		t.Errorf("%d unfinished objects are left", left)
	}
}

func (w *world) unfinished() (n int) {
	w.t.Helper()
	err := w.blobs.Walk(w.t.Context(), "", func(o blob.Object) error {
		if o.Unfinished {
			n++
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// TestUploadsThatMayHaveBegunAreWithdrawn: where nobody can tell whether an upload
// began, its image is queued again as soon as the table answers, and its owner can
// try again.
func TestUploadsThatMayHaveBegunAreWithdrawn(t *testing.T) {
	for name, landed := range map[string]bool{"it did": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			img := w.create(raw())
			faulty := tabletest.NewFaulty(w.table)
			w.use(faulty, w.blobs)
			faulty.Break(tabletest.Fault{Landed: landed})
			broken := faulty.Break(tabletest.Fault{Times: table.SettleTries - 1})
			request := UploadRequest{Body: strings.NewReader("the bytes")}
			err := w.service.Upload(t.Context(), w.grant("upload_image", demo, img), demo, img, request)
			if !errors.Is(err, table.ErrUnknown) || broken() != table.SettleTries-1 {
				t.Fatalf("%v, after %d broken calls", err, broken())
			}
			w.wantStatus(img.ID, Queued)
			img = w.mustGet(img.ID)
			if err := w.service.Upload(t.Context(), w.grant("upload_image", demo, img), demo, img, request); err != nil {
				t.Errorf("the next try: %v", err)
			}
			w.wantStatus(img.ID, Active)
			w.use(w.table, w.blobs)
			w.audit()
		})
	}
}
