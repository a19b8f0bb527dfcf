package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

func text(s string) *string { return &s }

func jsonCall(method, path, mediaType string, body any) outside.Call {
	content, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return outside.Call{
		Method: method, Path: path, Body: bytes.NewReader(content), Length: int64(len(content)),
		Header: map[string]string{"Content-Type": mediaType},
	}
}

const plainJSON = "application/json"

// create makes an image; some choose their id.
func (w *writer) create(ctx context.Context) {
	id := ""
	if w.maybe() {
		id = w.uuid()
	}
	locks := w.someLocks()
	if id = w.make(ctx, id, locks); id != "" {
		i := &own{id: id, locks: map[string]*lock{}}
		i.lock(locks)
		w.keep(i)
	}
}

// createShared makes one of the images that all writers change.
func (w *writer) createShared(ctx context.Context) {
	if id := w.make(ctx, "", nil); id != "" {
		w.mu.Lock()
		w.shared = append(w.shared, id)
		w.mu.Unlock()
	}
}

func (w *writer) make(ctx context.Context, id string, locks []change) string {
	name, mark := w.word(), w.word()
	body := map[string]any{"name": name, "disk_format": "raw", "container_format": "bare", "mark": mark}
	if id != "" {
		body["id"] = id
	}
	sets := map[string]*string{
		journal.Exists: text(journal.Yes), journal.Name: &name, journal.Property + "mark": &mark,
		journal.Visibility: text("shared"), journal.Hidden: text("false"),
	}
	for _, c := range locks {
		property, _ := c.property()
		sets[c.key], body[property] = c.value, c.sent()
	}
	a := w.send(ctx, request{
		call: "create", by: w.member, image: id, want: http.StatusCreated, sets: sets,
		http:     jsonCall(http.MethodPost, "/v2/images", plainJSON, body),
		refusals: []int{http.StatusConflict}, // its key is not to be used any more
	})
	if a == nil || a.Status != http.StatusCreated {
		return ""
	}
	return idOf(a)
}

func (w *writer) uuid() string {
	a, b := w.chance.Uint64(), w.chance.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

// A change is one element of a PATCH.
type change struct {
	key   string // as the journal has it
	value *string
	lock  *lock // what the value stands for, of a property that names a key
}

// property is the property that is changed; ok is false for an attribute.
func (c change) property() (name string, ok bool) {
	for _, prefix := range []string{journal.Property, journal.Locked} {
		if name, ok = strings.CutPrefix(c.key, prefix); ok {
			return name, true
		}
	}
	return c.key, false
}

// sent is the value as it is sent.
func (c change) sent() string {
	if c.lock != nil {
		return c.lock.id
	}
	return *c.value
}

// patch changes up to three things of an own image at once, all or none.
func (w *writer) patch(ctx context.Context, i *own) {
	set := func(key, value string) change { return change{key: key, value: &value} }
	changes := []change{set(journal.Property+"p"+strconv.Itoa(w.chance.IntN(6)), w.word())}
	if w.maybe() {
		changes = append(changes, set(journal.Property+"q"+strconv.Itoa(w.chance.IntN(6)), w.word()))
	}
	by := w.member
	switch w.chance.IntN(6) {
	case 0:
		changes = append(changes, set(journal.Name, w.word()))
	case 1:
		visibility := []string{"private", "shared", "shared", "community", "public"}[w.chance.IntN(5)]
		if visibility == "public" {
			by = w.admin
		}
		changes = append(changes, set(journal.Visibility, visibility))
	case 2:
		changes = append(changes, set(journal.Hidden, strconv.FormatBool(w.maybe())))
	case 3:
		changes = append(changes, i.without(w.maybe(), w.someLocks())...)
	}
	a := w.sendPatch(ctx, i.id, by, changes)
	switch {
	case a == nil:
		i.unsure = true
	case a.Status == http.StatusOK:
		i.lock(changes)
	}
}

// patchShared writes keys of this writer's own, and one that all write.
func (w *writer) patchShared(ctx context.Context, id string) {
	changes := []change{{key: fmt.Sprintf("%sw%d-%d", journal.Property, w.number, w.chance.IntN(3)), value: text(w.word())}}
	if w.chance.IntN(3) == 0 {
		changes = append(changes, change{key: journal.Property + "common", value: text(w.word())})
	}
	w.sendPatch(ctx, id, w.member, changes)
}

func (w *writer) sendPatch(ctx context.Context, id string, by *outside.User, changes []change) *outside.Answer {
	older := w.chance.IntN(3) == 0
	sets := map[string]*string{}
	var body []any
	for _, c := range changes {
		sets[c.key] = c.value
		body = append(body, c.element(older))
	}
	version := "2.1"
	if older {
		version = "2.0"
	}
	return w.send(ctx, request{
		call: "patch", by: by, image: id, sets: sets, want: http.StatusOK,
		// 409: others were first, five times; or the older form adds what is there.
		refusals: []int{http.StatusNotFound, http.StatusConflict},
		http:     jsonCall(http.MethodPatch, "/v2/images/"+id, "application/openstack-images-v"+version+"-json-patch", body),
	})
}

// element is the change in one of the two media types.
func (c change) element(older bool) any {
	op := "replace"
	name, custom := c.property()
	switch {
	case c.value == nil:
		op = "remove"
	case custom:
		op = "add"
	}
	element := map[string]any{}
	if older {
		element[op] = "/" + name
	} else {
		element["op"], element["path"] = op, "/"+name
	}
	switch {
	case c.value == nil:
	case c.key == journal.Hidden:
		element["value"] = *c.value == "true"
	default:
		element["value"] = c.sent()
	}
	return element
}
