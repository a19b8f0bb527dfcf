package image

import (
	"context"
	"io"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

// An interleaved table does something before each write of a record.
type interleaved struct {
	table.Table
	before func()
}

func (i *interleaved) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if writes[0].Key.Sort == "image" && i.before != nil {
		do := i.before
		i.before = nil // what it does writes, too
		do()
		defer func() { i.before = do }()
	}
	return i.Table.Transact(ctx, writes...)
}

// TestP2PatchesBesideAnUpload changes an image before each write of its upload,
// and once while bytes flow. Neither the upload nor a change is lost.
func TestP2PatchesBesideAnUpload(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	between := &interleaved{Table: w.table}
	w.use(between, w.blobs)
	names, left := []string{"one", "two", "three", "four"}, 4
	next := func() {
		if left == 0 {
			return
		}
		left--
		w.wantUpdate(img.ID, names[left])
	}
	between.before = func() {
		if now := w.mustGet(img.ID); now.Status == Saving {
			next()
		}
	}
	if err := w.upload(img, onRead(next)); err != nil {
		t.Fatal(err)
	}
	now := w.mustGet(img.ID)
	if now.Status != Active || left != 0 || len(now.Properties) != len(names) {
		t.Errorf("after %d changes beside its upload the image is %s and has %v", len(names)-left, now.Status, now.Properties)
	}
	w.audit()
}

// onRead is a body without bytes that does something when it is read.
type onRead func()

func (f onRead) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

func (w *world) wantUpdate(id, name string) {
	w.t.Helper()
	err := w.service.again(func() error {
		_, err := w.update(demo, w.mustGet(id), adding(name, "is kept"))
		return err
	})
	if err != nil {
		w.t.Error(err)
	}
}
