package image

import (
	"context"
	"io"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

// An interleaved table does something before each write of a record, but for what
// that writes itself.
type interleaved struct {
	table.Table
	before func()
	within bool
}

func (i *interleaved) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if writes[0].Key.Sort == "image" && !i.within {
		i.within = true
		i.before()
		i.within = false
	}
	return i.Table.Transact(ctx, writes...)
}

// TestP2PatchesBesideAnUpload changes an image while the bytes of its upload flow,
// and before each try to end it, three times. Neither the upload nor a change is
// lost.
func TestP2PatchesBesideAnUpload(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	names, made := []string{"while bytes flow", "one", "two", "three"}, 0
	change := func() {
		if now := w.mustGet(img.ID); now.Status == Saving && made < len(names) {
			w.wantUpdate(now, names[made])
			made++
		}
	}
	w.use(&interleaved{Table: w.table, before: change}, w.blobs)
	direct := *w.service
	direct.Table = w.table
	flowing := onRead(func() {
		now := w.mustGet(img.ID)
		if _, err := direct.Update(t.Context(), w.asking(demo, now), nil, demo, now, []Change{adding(names[0], "is kept")}); err != nil {
			t.Error(err)
		}
		made = 1
	})
	if err := w.upload(img, flowing); err != nil {
		t.Fatal(err)
	}
	now := w.mustGet(img.ID)
	if now.Status != Active || made != len(names) || len(now.Properties) != len(names) {
		t.Errorf("after %d changes beside its upload the image is %s and has %v", made, now.Status, now.Properties)
	}
	w.audit()
}

// onRead is a body without bytes that does something when it is read.
type onRead func()

func (f onRead) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

func (w *world) wantUpdate(img *Image, name string) {
	w.t.Helper()
	if _, err := w.update(demo, img, adding(name, "is kept")); err != nil {
		w.t.Error(err)
	}
}
