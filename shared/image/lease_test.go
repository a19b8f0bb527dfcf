package image

import (
	"testing"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/policy"
)

// TestLeasesBySeveralClocks: whoever walks by a clock that is ahead of the
// service's own finds a lease whose end has not come, and leaves it as it is.
func TestLeasesBySeveralClocks(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	if _, err := w.service.beginUpload(t.Context(), demo, img, UploadRequest{}); err != nil {
		t.Fatal(err)
	}
	ahead := func() time.Time { return w.now().Add(time.Hour) }
	runner := due.Runner{Table: w.table, Handlers: w.service.Handlers(), Now: ahead, Log: w.service.Log}
	if err := runner.Sweep(t.Context()); err != nil {
		t.Errorf("a lease that is not over cannot be left alone: %v", err)
	}
	w.wantStatus(img.ID, Saving)
	w.audit()
	w.advance(w.service.Lease)
	w.sweep()
	w.wantStatus(img.ID, Queued)
}

// TestP6WhoeverOwnsTheImageReadsWhy: an image that was given away while its data
// came tells its new owner what became of it.
func TestP6WhoeverOwnsTheImageReadsWhy(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	if _, err := w.service.beginUpload(t.Context(), demo, img, UploadRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.update(admin, w.mustGet(img.ID), naming("owner", other.ProjectID)); err != nil {
		t.Fatal(err)
	}
	w.advance(w.service.Lease)
	w.sweep()
	img = w.found(img.ID)
	tasks, err := w.service.Tasks(t.Context(), w.grant(policy.GetImage, other, img), other, img)
	if err != nil || img.Status != Queued || len(tasks) != 1 {
		t.Errorf("the image is %s, and its owner reads %+v, %v", img.Status, tasks, err)
	}
	w.audit()
}
