package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/task"
)

// PurgeKind and PartsKind are the kinds of due entry that remove a deleted
// image for good, and the bytes of an upload that came to nothing.
const (
	PurgeKind = "purge"
	PartsKind = "parts"
)

type purged struct {
	Image string `json:"image"`
}

// purgeEntry stands from the deletion to the end of the purge.
func purgeEntry(img *Image) due.Entry {
	return due.New(PurgeKind, img.Deletion.PurgeAt, strings.ToLower(img.ID), purged{Image: img.ID})
}

// partsEntry makes an upload's bytes due for removal.
func partsEntry(at time.Time, p place) due.Entry {
	return due.New(PartsKind, at, p.Name, p)
}

// objectName is the one name under which an upload's bytes ever stand.
func objectName(imageID, upload string) string {
	return "images/" + strings.ToLower(imageID) + "/" + upload
}

// Purge is the handler of PurgeKind. It removes a deleted image in steps that
// can each be met again: first the record says so, which no restore undoes;
// then the bytes go, then the members, and at last all of the record but its id.
func (s *Service) Purge(ctx context.Context, e due.Entry) error {
	var body purged
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return fmt.Errorf("reading the entry: %w", err)
	}
	img, err := s.read(ctx, body.Image)
	if err != nil {
		return err
	}
	if img == nil || !awaitsPurge(img) || !img.Deletion.PurgeAt.Equal(e.At) {
		return s.drop(ctx, e, still(body.Image, img))
	}
	err = s.purge(ctx, img)
	if Changed(err) {
		return nil // restored, or another purge is ahead of this one
	}
	return err
}

func (s *Service) purge(ctx context.Context, img *Image) error {
	if img.Status == Deleted {
		next := img.clone()
		next.Status = Purging
		if err := s.save(ctx, img, next); err != nil {
			return err
		}
		img = next
	}
	for _, l := range img.Locations {
		if err := s.removeBytes(ctx, l); err != nil {
			return err
		}
	}
	if err := s.removeMembers(ctx, img); err != nil {
		return err
	}
	gone := &Image{ID: img.ID, Status: Purged}
	return s.save(ctx, img, gone)
}

func (s *Service) removeBytes(ctx context.Context, l Location) error {
	store, err := s.store(l.Store)
	if err != nil {
		return err
	}
	if err := store.Blobs.Delete(ctx, l.Name, l.Version); err != nil {
		return fmt.Errorf("removing %s from store %s: %w", l.Name, l.Store, err)
	}
	return nil
}

// RemoveParts is the handler of PartsKind: it removes what an upload left, begun
// or whole.
func (s *Service) RemoveParts(ctx context.Context, e due.Entry) error {
	var p place
	if err := json.Unmarshal(e.Body, &p); err != nil {
		return fmt.Errorf("reading the entry: %w", err)
	}
	img, err := s.read(ctx, p.Image)
	if err != nil {
		return err
	}
	if img != nil && img.holds(p) {
		return fmt.Errorf("image: %s is the data of an image and due for removal; it is kept", p.Name)
	}
	if err := s.clear(ctx, p); err != nil {
		return err
	}
	return s.drop(ctx, e)
}

// holds reports whether the bytes at p are the image's.
func (img *Image) holds(p place) bool {
	return slices.ContainsFunc(img.Locations, func(l Location) bool { return l.Store == p.Store && l.Name == p.Name })
}

// clear removes every trace of an upload's bytes. The upload is over and no
// record names them.
func (s *Service) clear(ctx context.Context, p place) error {
	store, err := s.store(p.Store)
	if err != nil {
		return err
	}
	if err := store.Blobs.Discard(ctx, p.Name); err != nil {
		return fmt.Errorf("removing what was begun of %s: %w", p.Name, err)
	}
	object, err := store.Blobs.Stat(ctx, p.Name)
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for %s: %w", p.Name, err)
	}
	if err := store.Blobs.Delete(ctx, p.Name, object.Version); err != nil {
		return fmt.Errorf("removing %s: %w", p.Name, err)
	}
	return nil
}

// store returns a store by the id that callers see.
func (s *Service) store(id string) (*Store, error) {
	for i := range s.Stores {
		if s.Stores[i].ID == id {
			return &s.Stores[i], nil
		}
	}
	return nil, fmt.Errorf("image: there is no store %q", id)
}

// Handlers are all due work that images leave, by kind.
func (s *Service) Handlers() map[string]due.Handler {
	return map[string]due.Handler{
		LeaseKind: s.EndLease, PurgeKind: s.Purge, PartsKind: s.RemoveParts,
		task.ExpireKind: task.Expire(s.Table),
	}
}
