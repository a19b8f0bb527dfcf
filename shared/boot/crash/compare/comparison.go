package main

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/boot/crash/journal"
)

// A comparison is a journal beside a service.
type comparison struct {
	service *service
	past    *past

	mu       sync.Mutex
	images   map[string]image             // every one that is shown, by id
	members  map[string]map[string]string // of those that are shared now
	gone     int                          // are not shown
	withData int
	bytes    int64
	lists    int
	reasons  int // tasks that tell how an upload failed
	faults   []string

	keys     map[string]*keyRecord // every one that an admin is listed, by id
	secrets  int                   // of them, whose value was read and is as it was stored
	restored int                   // were scheduled, and read the same once restored
}

func (c *comparison) fault(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// all compares everything. An error says that it could not.
func (c *comparison) all(ctx context.Context, patience time.Duration) error {
	c.faults = append(c.faults, c.past.faults...)
	listed, stuck, err := c.service.settle(ctx, patience)
	if err != nil {
		return err
	}
	for _, s := range stuck {
		c.fault("image %s, and stays so", s)
	}
	c.images, c.members = map[string]image{}, map[string]map[string]string{}
	if err := c.listKeys(ctx); err != nil {
		return err
	}
	c.adopt(listed)
	ids := slices.Sorted(maps.Keys(c.past.images))
	if err := each(ids, func(id string) error { return c.image(ctx, id) }); err != nil {
		return err
	}
	for _, i := range listed {
		if shown := c.images[i.text("id")]; !reflect.DeepEqual(shown, i) {
			c.fault("image %s is listed as %v and shown as %v", i.text("id"), i, shown)
		}
	}
	if err := c.inDeleted(ctx); err != nil {
		return err
	}
	return c.allLists(ctx)
}

// adopt gives images to the creates whose answer was lost, by their marks. One
// that nobody asked for is a fault.
func (c *comparison) adopt(listed []image) {
	for _, i := range listed {
		id := i.text("id")
		if c.past.images[id] != nil {
			continue
		}
		h, ok := c.past.strays[i.text("mark")]
		if !ok {
			c.fault("image %s is listed, and nobody made it", id)
			h = history{}
		}
		delete(c.past.strays, i.text("mark")) // it can be made once
		c.past.images[id] = h
	}
}

// image compares one image with its history.
func (c *comparison) image(ctx context.Context, id string) error {
	i, err := c.service.show(ctx, id)
	if err != nil {
		return err
	}
	h := c.past.images[id]
	if i == nil {
		c.mu.Lock()
		c.gone++
		c.mu.Unlock()
		if !h.allows(journal.Exists, absent) {
			c.fault("image %s is gone, want %s", id, h.wanted(journal.Exists))
		}
		return nil
	}
	var members map[string]string
	if i.text("visibility") == "shared" {
		if members, err = c.service.members(ctx, id); err != nil {
			return err
		}
	}
	data, err := c.data(ctx, i)
	if err != nil {
		return err
	}
	if err := c.readReasons(ctx, id); err != nil {
		return err
	}
	locks, err := c.locks(ctx, i)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.images[id], c.members[id] = i, members
	c.mu.Unlock()
	seen := things(i, members, data)
	maps.Copy(seen, locks)
	c.thingsOf(id, h, i, seen)
	return nil
}

func (c *comparison) thingsOf(id string, h history, i image, seen map[string]string) {
	h.prove(func(key string) string { return seen[key] })
	keys := map[string]bool{}
	for key := range h {
		keys[key] = true
	}
	for key := range seen {
		keys[key] = true
	}
	for key := range keys {
		if isMember(key) && i.text("visibility") != "shared" {
			continue // rows stay, and nobody can read them
		}
		if h[key] == nil && h.said(journal.Property+"image_type", "snapshot") {
			continue // it is inherited, or was computed
		}
		if !h.allows(key, seen[key]) {
			c.fault("image %s has %s %q, want %s", id, key, seen[key], h.wanted(key))
		}
	}
}
