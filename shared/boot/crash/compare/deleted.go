package main

import (
	"context"
	"net/http"
	"time"

	"github.com/gander-images/gander/shared/boot/crash/journal"
)

// deleted reads the list of what can be restored.
func (s *service) deleted(ctx context.Context) ([]image, error) {
	var all []image
	for next := "/gander/v1/images/deleted?limit=100"; next != ""; {
		var page struct {
			Images []image
			Next   string
		}
		if err := s.admin.JSON(ctx, http.MethodGet, next, nil, &page, http.StatusOK); err != nil {
			return nil, err
		}
		all = append(all, page.Images...)
		next = page.Next
	}
	return all, nil
}

// inDeleted wants what can be restored to be what was deleted, and not to be shown.
func (c *comparison) inDeleted(ctx context.Context) error {
	images, err := c.service.deleted(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, i := range images {
		id := i.text("id")
		switch h := c.past.images[id]; {
		case seen[id]:
			c.fault("the list of what was deleted has image %s twice", id)
		case c.images[id] != nil:
			c.fault("image %s is listed as deleted, and shown", id)
		case h == nil && c.past.strays[i.text("mark")] == nil:
			c.fault("image %s is listed as deleted, and nobody made it", id)
		case h != nil && !h.allows(journal.Exists, absent):
			c.fault("image %s is listed as deleted, want %s", id, h.wanted(journal.Exists))
		}
		seen[id] = true
	}
	return nil
}

// purged wants everything that was deleted to be gone for good in the end.
func (c *comparison) purged(ctx context.Context, patience time.Duration) error {
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		images, err := c.service.deleted(ctx)
		if err != nil || len(images) == 0 {
			return err
		}
		if time.Now().After(end) {
			for _, i := range images {
				c.fault("image %s is deleted, and is not purged", i.text("id"))
			}
			return nil
		}
	}
}
