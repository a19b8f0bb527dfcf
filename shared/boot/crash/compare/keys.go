package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

// lockProperties are those by which an image names a key.
var lockProperties = []string{"cinder_encryption_key_id", "os_encrypt_key_id"}

// wishProperties say whether the key goes with the image.
var wishProperties = []string{"cinder_encryption_key_deletion_policy", "os_encrypt_key_deletion_policy"}

const goesWithImage = "on_image_deletion"

func isLock(property string) bool { return slices.Contains(lockProperties, property) }

// A keyRecord is a key as an admin is shown it.
type keyRecord struct {
	ID        string
	State     string
	Holders   int
	Restoring bool
	Image     string `json:"image_id"` // that it was cloned for
	HeldBy    []struct {
		Image    string `json:"image_id"`
		Consumer *struct {
			Service string
			Type    string `json:"resource_type"`
			ID      string `json:"resource_id"`
		}
	} `json:"held_by"`
}

func (k *keyRecord) usable() bool { return k.State == "live" || k.State == "condemned" }

const keysPath = "/gander/v1/keys"

// listKeys reads the list of all keys.
func (c *comparison) listKeys(ctx context.Context) error {
	c.keys = map[string]*keyRecord{}
	for next := keysPath + "?limit=100"; next != ""; {
		var page struct {
			Keys []keyRecord
			Next string
		}
		if err := c.service.admin.JSON(ctx, http.MethodGet, next, nil, &page, http.StatusOK); err != nil {
			return err
		}
		for _, k := range page.Keys {
			if c.keys[k.ID] != nil {
				c.fault("key %s is listed twice", k.ID)
			}
			c.keys[k.ID] = &k
		}
		next = page.Next
	}
	return nil
}

// showKey reads one key with all that hold it; nil where there is none.
func (s *service) showKey(ctx context.Context, id string) (*keyRecord, error) {
	var all keyRecord
	for next := keysPath + "/" + url.PathEscape(id) + "?limit=100"; next != ""; {
		var page struct {
			keyRecord
			Next string
		}
		a, err := s.admin.Do(ctx, outside.Call{Method: http.MethodGet, Path: next})
		switch {
		case err != nil:
			return nil, err
		case a.Status == http.StatusNotFound:
			return nil, nil
		case a.Status != http.StatusOK:
			return nil, fmt.Errorf("GET %s is answered %d: %.300s", next, a.Status, a.Body)
		}
		if err := json.Unmarshal(a.Body, &page); err != nil {
			return nil, fmt.Errorf("GET %s is answered with other JSON: %w", next, err)
		}
		page.HeldBy = append(all.HeldBy, page.HeldBy...)
		all, next = page.keyRecord, page.Next
	}
	return &all, nil
}

// payload returns the digest of a key's value; absent where it cannot be read.
func (s *service) payload(ctx context.Context, id string) (string, error) {
	a, err := s.member.Do(ctx, outside.Call{Method: http.MethodGet, Path: "/key-manager/v1/secrets/" + url.PathEscape(id) + "/payload"})
	if err != nil || a.Status != http.StatusOK {
		return absent, err
	}
	sum := sha256.Sum256(a.Body)
	return journal.Digest(int64(len(a.Body)), sum[:]), nil
}

// locks are the keys that an image names, in the journal's words.
func (c *comparison) locks(ctx context.Context, i image) (map[string]string, error) {
	seen := map[string]string{}
	for _, property := range lockProperties {
		id := i.text(property)
		if id == "" {
			continue
		}
		value, err := c.service.payload(ctx, id)
		if err != nil {
			return nil, err
		}
		k := c.keys[id]
		switch {
		case k == nil:
			value = "a key that is not listed"
		case k.State == "external":
			value = journal.Foreign + id
		case c.past.keys[id] == nil:
			value = journal.CloneOf + value
		}
		seen[journal.Locked+property] = value
	}
	return seen, nil
}

// settled returns a key once it is held by the images that name it and its fate is
// decided, or as it is when patience ends: an image that can no longer be restored
// holds its keys until its purge.
func (c *comparison) settled(ctx context.Context, id string, named []string, end time.Time) (*keyRecord, error) {
	for {
		k, err := c.service.showKey(ctx, id)
		if err != nil || k == nil || k.State != "condemned" && slices.Equal(k.images(), named) || time.Now().After(end) {
			return k, err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// images are those that hold the key, sorted.
func (k *keyRecord) images() []string {
	var ids []string
	for _, h := range k.HeldBy {
		if h.Consumer == nil {
			ids = append(ids, h.Image)
		}
	}
	slices.Sort(ids)
	return ids
}

// allKeys compares all keys with the journal, and with the images that name them. It
// waits for what is still to be purged, at most for patience.
func (c *comparison) allKeys(ctx context.Context, patience time.Duration) error {
	end := time.Now().Add(patience)
	if err := c.listKeys(ctx); err != nil { // as they are now that images have gone
		return err
	}
	if err := c.adoptKeys(ctx); err != nil {
		return err
	}
	named, err := c.named(ctx)
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for id := range c.keys {
		ids[id] = true
	}
	for id := range c.past.keys {
		ids[id] = true
	}
	for id := range named {
		ids[id] = true
	}
	var all []string
	for id := range ids {
		all = append(all, id)
	}
	if err := each(all, func(id string) error { return c.key(ctx, id, named[id], end) }); err != nil {
		return err
	}
	return c.noAlarm(ctx)
}

// adoptKeys gives keys to the requests whose answer was lost, by their names.
func (c *comparison) adoptKeys(ctx context.Context) error {
	for id, k := range c.keys {
		if c.past.keys[id] != nil || k.Image != "" || k.State == "external" {
			continue
		}
		a, err := c.service.member.Do(ctx, outside.Call{Method: http.MethodGet, Path: "/key-manager/v1/secrets/" + id})
		if err != nil {
			return err
		}
		if a.Status != http.StatusOK {
			continue
		}
		name := textOf(a, "name")
		h := c.past.strayKeys[name]
		if h == nil {
			continue
		}
		if value, err := c.service.payload(ctx, id); err == nil && value != absent && h[journal.Payload] == nil {
			h[journal.Payload] = []*write{{value: value, happened: true}} // it was ordered: nobody else knows it
		}
		c.past.keys[id] = h
		delete(c.past.strayKeys, name) // it can be made once
	}
	return nil
}

// named are the images that name each key: those that are shown, and those that can be
// restored.
func (c *comparison) named(ctx context.Context) (map[string][]string, error) {
	images, err := c.service.deleted(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range c.images {
		images = append(images, i)
	}
	named := map[string][]string{}
	for _, i := range images {
		for _, property := range lockProperties {
			id, image := i.text(property), i.text("id")
			if id != "" && !slices.Contains(named[id], image) {
				named[id] = append(named[id], image)
			}
		}
	}
	for _, ids := range named {
		slices.Sort(ids)
	}
	return named, nil
}
