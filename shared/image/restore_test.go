package image

import (
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// restore does what an admin's call does, once.
func (w *world) restore(s *Service, id string) (*Image, error) {
	w.t.Helper()
	g, err := w.rules.Authorize(policy.RestoreImage, admin, policy.Attributes{})
	if err != nil {
		w.t.Fatal(err)
	}
	img, err := s.Find(w.t.Context(), id)
	if err != nil {
		return nil, err
	}
	return s.Restore(w.t.Context(), g, admin, id, img)
}

// put writes a record as no operation would, and makes what goes with it.
func (w *world) put(before, after *Image) *Image {
	w.t.Helper()
	if err := w.service.save(w.t.Context(), before, after); err != nil {
		w.t.Fatal(err)
	}
	return w.found(after.ID)
}

func (w *world) found(id string) *Image {
	w.t.Helper()
	img, err := w.service.Find(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return img
}

// attributes are what restoring must not change, for comparing.
func attributesOf(img *Image) *Image {
	same := img.clone()
	same.UpdatedAt, same.Writer, same.Revision, same.stored = time.Time{}, Writer{}, 0, nil
	return same
}

// TestRestoreBringsEverythingBack deletes and restores images of every
// visibility, hidden or not, in every state. Those with data on its way come back
// queued; all else is as it was, the lists included.
func TestRestoreBringsEverythingBack(t *testing.T) {
	for _, status := range []Status{Queued, Saving, Uploading, Importing, Active, Deactivated, Killed} {
		for _, v := range []Visibility{Private, Shared, Community, Public} {
			t.Run(fmt.Sprintf("%s/%s", status, v), func(t *testing.T) {
				w := newWorld(t)
				img := w.active("the very bytes")
				made := img.clone()
				made.Status, made.Visibility, made.Hidden = status, v, v == Community
				made.Tags, made.Properties = []string{"a", "b"}, map[string]string{"os_distro": "x", "purge_at": "y"}
				if status == Queued {
					made = w.emptyOf(made)
				}
				before := w.put(img, made)
				listed := entries(before)
				if status == Saving {
					before = w.saving(before)
				}
				if err := w.service.Delete(t.Context(), w.grant(policy.DeleteImage, admin, before), admin, before); err != nil {
					t.Fatal(err)
				}
				w.advance(23 * time.Hour)
				restored, err := w.restore(w.service, strings.ToUpper(img.ID))
				if err != nil {
					t.Fatal(err)
				}
				want := attributesOf(before)
				switch status {
				case Saving, Uploading, Importing:
					want.Status, want.Upload, want.Locations = Queued, "", nil
					want.Size, want.Checksum, want.HashAlgo, want.HashValue = nil, nil, nil, nil
				}
				now := w.found(img.ID)
				if diff := gocmp.Diff(want, attributesOf(now), gocmp.AllowUnexported(Image{})); diff != "" {
					t.Errorf("restored (-want +got):\n%s", diff)
				}
				if diff := gocmp.Diff(attributesOf(now), attributesOf(restored), gocmp.AllowUnexported(Image{})); diff != "" || restored.Revision != now.Revision {
					t.Errorf("stored and answered differ (-stored +answered):\n%s", diff)
				}
				if !now.UpdatedAt.Equal(w.now()) || now.Writer.User != admin.UserID {
					t.Errorf("the restore is not the last change: %s by %+v", now.UpdatedAt, now.Writer)
				}
				if diff := gocmp.Diff(listed, entries(now)); diff != "" {
					t.Errorf("lists (-before +after):\n%s", diff)
				}
				w.advance(48 * time.Hour)
				w.sweep()
				w.sweep()
				w.audit()
				if now.HasData() && w.read(now) != "the very bytes" {
					t.Error("the bytes are others")
				}
			})
		}
	}
}

// emptyOf makes the record one without data, and leaves the bytes to be removed.
func (w *world) emptyOf(img *Image) *Image {
	w.t.Helper()
	for _, write := range w.service.emptied(img) {
		if _, err := w.table.Transact(w.t.Context(), write); err != nil {
			w.t.Fatal(err)
		}
	}
	return img
}

// saving gives a record in saving the upload that such a one has.
func (w *world) saving(img *Image) *Image {
	w.t.Helper()
	queued := w.put(img, w.emptyOf(img.clone()))
	if _, err := w.service.beginUpload(w.t.Context(), demo, queued, UploadRequest{}); err != nil {
		w.t.Fatal(err)
	}
	return w.found(img.ID)
}

// TestRestoreRefused: what cannot be restored is not, and stays as it is.
func TestRestoreRefused(t *testing.T) {
	w := newWorld(t)
	live, gone, late, elsewhere := w.active("live"), w.active("gone"), w.active("late"), w.active("elsewhere")
	moved := elsewhere.clone()
	moved.Locations[0].Store = "sold"
	elsewhere = w.put(elsewhere, moved)
	if err := w.delete(gone); err != nil {
		t.Fatal(err)
	}
	w.advance(25 * time.Hour)
	w.sweep()
	for _, img := range []*Image{late, elsewhere} {
		if err := w.delete(img); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, id string
		after    time.Duration
		code     problem.Code
		says     string
	}{
		{"not deleted", live.ID, 0, problem.Conflict, "is not deleted"},
		{"purged", gone.ID, 0, problem.NotFound, "No image found"},
		{"never made", "22222222-2222-4333-8444-555555555555", 0, problem.NotFound, "No image found"},
		{"no id", "nope", 0, problem.NotFound, "No image found"},
		{"its store is gone", elsewhere.ID, 0, problem.Conflict, "store 'sold'"},
		{"its time is over", late.ID, 24 * time.Hour, problem.NotFound, "No image found"},
	} {
		w.advance(c.after)
		before := w.found(c.id)
		_, err := w.restore(w.service, c.id)
		if _, said := problem.Status(err); !problem.Is(err, c.code) || !strings.Contains(said, c.says) {
			t.Errorf("%s: answered %v", c.name, err)
		}
		if diff := gocmp.Diff(before, w.found(c.id), gocmp.AllowUnexported(Image{})); diff != "" {
			t.Errorf("%s: the record changed:\n%s", c.name, diff)
		}
	}
	if _, err := w.service.Restore(t.Context(), policy.Grant{}, admin, gone.ID, w.found(gone.ID)); problem.CodeOf(err) != problem.Internal || err == nil {
		t.Errorf("without a grant: %v", err)
	}
	w.put(w.found(elsewhere.ID), func() *Image { // the store's data was never there
		back := w.found(elsewhere.ID).clone()
		back.Locations[0].Store = "local"
		return back
	}())
	w.audit()
}

// TestNoRetention: with a retention of nothing a deletion is final at once.
func TestNoRetention(t *testing.T) {
	w := newWorld(t)
	w.service.Retention = 0
	img := w.active("data")
	if err := w.delete(img); err != nil {
		t.Fatal(err)
	}
	if _, err := w.restore(w.service, img.ID); !problem.Is(err, problem.NotFound) {
		t.Errorf("restoring answers %v", err)
	}
	w.sweep()
	if now := w.found(img.ID); now.Status != Purged {
		t.Errorf("the image is %s", describe(now))
	}
	w.audit()
}
