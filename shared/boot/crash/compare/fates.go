package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

// key compares one key with its history, and with the images that name it now.
func (c *comparison) key(ctx context.Context, id string, named []string, end time.Time) error {
	h, known := c.past.keys[id]
	k, err := c.settled(ctx, id, named, end)
	if err != nil {
		return err
	}
	if k == nil {
		if !h.allows(journal.Exists, absent) || len(named) > 0 {
			c.fault("key %s is not there, want %s; it is named by %v", id, h.wanted(journal.Exists), named)
		}
		return nil
	}
	seen := c.holders(k, named)
	if seen[journal.Payload], err = c.service.payload(ctx, id); err != nil {
		return err
	}
	switch {
	case known:
		c.knownKey(k, h, seen)
	case k.State == "external":
		if len(named) == 0 {
			c.fault("key %s is external, and no image names it", id)
		}
	case k.State == "creating", k.State == "abandoned": // it was refused, or never answered
		if k.Holders > 0 {
			c.fault("key %s was never made, and counts %d holders", id, k.Holders)
		}
	case k.Image == "":
		c.fault("key %s is %s, and nobody made it", id, k.State)
	default:
		c.clone(k, seen[journal.Payload], named)
	}
	return nil
}

// holders holds those that a key counts against the images that name it, and returns
// its consumers in the journal's words.
func (c *comparison) holders(k *keyRecord, named []string) map[string]string {
	seen := map[string]string{}
	for _, h := range k.HeldBy {
		if h.Consumer != nil {
			seen[journal.Consumer+strings.Join([]string{h.Consumer.Service, h.Consumer.Type, h.Consumer.ID}, "/")] = journal.Yes
		}
	}
	if images := k.images(); !slices.Equal(images, named) {
		c.fault("key %s is held by images %v, and named by %v", k.ID, images, named)
	}
	if k.Holders != len(k.HeldBy) {
		c.fault("key %s counts %d holders, and has %d", k.ID, k.Holders, len(k.HeldBy))
	}
	if k.State != "live" && k.State != "external" && len(k.HeldBy) > 0 {
		c.fault("key %s is %s, and %d need it", k.ID, k.State, len(k.HeldBy))
	}
	return seen
}

// knownKey holds a key that was asked for against what was answered.
func (c *comparison) knownKey(k *keyRecord, h history, seen map[string]string) {
	if k.usable() || k.State == "creating" {
		seen[journal.Exists] = journal.Yes
	}
	goes := !k.usable() && k.State != "creating"
	if k.State == "condemned" && !c.wished(h) || goes && !h.allows(journal.Exists, absent) && !c.wished(h) {
		c.fault("key %s is %s, want %s; no image wished it gone", k.ID, k.State, h.wanted(journal.Exists))
	}
	h.prove(func(key string) string { return seen[key] })
	for key := range h {
		switch {
		case key == journal.Name, goes && key == journal.Exists, goes && key == journal.Payload:
			continue // the first is nobody's to change, the others cannot be read now
		case !h.allows(key, seen[key]):
			c.fault("key %s (%s) has %s %q, want %s", k.ID, k.State, key, seen[key], h.wanted(key))
		}
	}
	for key := range seen {
		if !h.allows(key, seen[key]) && h[key] == nil {
			c.fault("key %s has %s %q, and nobody said so", k.ID, key, seen[key])
		}
	}
	if seen[journal.Payload] != absent {
		c.mu.Lock()
		c.secrets++
		c.mu.Unlock()
	}
}

// wished reports whether any image may have wished the key of this history gone.
func (c *comparison) wished(h history) bool {
	for _, image := range c.past.images {
		for n, property := range lockProperties {
			if !image.said(journal.Property+wishProperties[n], goesWithImage) {
				continue
			}
			if slices.ContainsFunc(h[journal.Payload], func(w *write) bool { return image.said(journal.Locked+property, w.value) }) {
				return true
			}
		}
	}
	return false
}

// clone holds a key that a snapshot brought against the snapshot. Where that is gone,
// the key may stay.
func (c *comparison) clone(k *keyRecord, payload string, named []string) {
	h := c.past.images[k.Image]
	cloned := slices.ContainsFunc(lockProperties, func(property string) bool {
		return h.said(journal.Locked+property, journal.CloneOf+payload)
	})
	switch {
	case h == nil:
		c.fault("key %s is %s, and was made for image %s, which nobody asked for", k.ID, k.State, k.Image)
	case len(named) == 0 && !h.allows(journal.Exists, absent):
		c.fault("key %s is %s, and was made for image %s, which does not name it", k.ID, k.State, k.Image)
	case len(named) > 0 && k.State != "live":
		c.fault("key %s is %s, and named by %v", k.ID, k.State, named)
	case k.usable() && !cloned:
		c.fault("key %s was made for image %s, and is no clone of its source's: %q", k.ID, k.Image, payload)
	case k.usable():
		c.mu.Lock()
		c.secrets++
		c.mu.Unlock()
	}
}

// noAlarm wants nothing that needs a person.
func (c *comparison) noAlarm(ctx context.Context) error {
	for next := keysPath + "/audit?limit=100"; next != ""; {
		var page struct {
			Findings []struct {
				Kind   string
				Key    string `json:"key_id"`
				Person bool   `json:"needs_person"`
			}
			Alarms []string
			Next   string
		}
		if err := c.service.admin.JSON(ctx, http.MethodGet, next, nil, &page, http.StatusOK); err != nil {
			return err
		}
		for _, f := range page.Findings {
			if f.Person {
				c.fault("the audit says that key %s is %s", f.Key, f.Kind)
			}
		}
		if next = page.Next; next == "" && len(page.Alarms) > 0 {
			c.fault("the audit says %q", page.Alarms)
		}
	}
	return nil
}

// restoreKeys brings some of the keys back that are scheduled, and wants their values
// to be what they were. It comes last: nothing holds them then.
func (c *comparison) restoreKeys(ctx context.Context) error {
	const most = 60
	for id, k := range c.keys {
		h := c.past.keys[id]
		if h == nil || k.State != "scheduled" || k.Restoring || c.restored == most {
			continue
		}
		a, err := c.service.admin.Do(ctx, outside.Call{Method: http.MethodPost, Path: keysPath + "/" + id + "/restore"})
		if err != nil {
			return err
		}
		payload, err := c.service.payload(ctx, id)
		if err != nil {
			return err
		}
		if a.Status != http.StatusOK || !h.allows(journal.Payload, payload) {
			c.fault("key %s was scheduled; its restore is answered %d, and it has %q, want %s", id, a.Status, payload, h.wanted(journal.Payload))
			continue
		}
		c.restored++
	}
	return nil
}

func textOf(a *outside.Answer, name string) string {
	var body map[string]any
	if json.Unmarshal(a.Body, &body) != nil {
		return ""
	}
	text, _ := body[name].(string)
	return text
}
