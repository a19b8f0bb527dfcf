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
	if id = w.make(ctx, id); id != "" {
		w.keep(id)
	}
}

// createShared makes one of the images that all writers change.
func (w *writer) createShared(ctx context.Context) {
	if id := w.make(ctx, ""); id != "" {
		w.mu.Lock()
		w.shared = append(w.shared, id)
		w.mu.Unlock()
	}
}

func (w *writer) make(ctx context.Context, id string) string {
	name, mark := w.word(), w.word()
	body := map[string]any{"name": name, "disk_format": "raw", "container_format": "bare", "mark": mark}
	if id != "" {
		body["id"] = id
	}
	a := w.send(ctx, request{
		call: "create", by: w.member, image: id, want: http.StatusCreated,
		http: jsonCall(http.MethodPost, "/v2/images", plainJSON, body),
		sets: map[string]*string{
			journal.Exists: text(journal.Yes), journal.Name: &name, journal.Property + "mark": &mark,
			journal.Visibility: text("shared"), journal.Hidden: text("false"),
		},
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
}

// patch changes up to three things of an own image at once, all or none.
func (w *writer) patch(ctx context.Context, id string) {
	changes := []change{{journal.Property + "p" + strconv.Itoa(w.chance.IntN(6)), text(w.word())}}
	if w.maybe() {
		changes = append(changes, change{journal.Property + "q" + strconv.Itoa(w.chance.IntN(6)), text(w.word())})
	}
	by := w.member
	switch w.chance.IntN(6) {
	case 0:
		changes = append(changes, change{journal.Name, text(w.word())})
	case 1:
		visibility := []string{"private", "shared", "shared", "community", "public"}[w.chance.IntN(5)]
		if visibility == "public" {
			by = w.admin
		}
		changes = append(changes, change{journal.Visibility, &visibility})
	case 2:
		changes = append(changes, change{journal.Hidden, text(strconv.FormatBool(w.maybe()))})
	}
	w.sendPatch(ctx, id, by, changes)
}

// patchShared writes keys of this writer's own, and one that all write.
func (w *writer) patchShared(ctx context.Context, id string) {
	changes := []change{{fmt.Sprintf("%sw%d-%d", journal.Property, w.number, w.chance.IntN(3)), text(w.word())}}
	if w.chance.IntN(3) == 0 {
		changes = append(changes, change{journal.Property + "common", text(w.word())})
	}
	w.sendPatch(ctx, id, w.member, changes)
}

func (w *writer) sendPatch(ctx context.Context, id string, by *outside.User, changes []change) {
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
	w.send(ctx, request{
		call: "patch", by: by, image: id, sets: sets, want: http.StatusOK,
		// 409: others were first, five times; or the older form adds what is there.
		refusals: []int{http.StatusNotFound, http.StatusConflict},
		http:     jsonCall(http.MethodPatch, "/v2/images/"+id, "application/openstack-images-v"+version+"-json-patch", body),
	})
}

// element is the change in one of the two media types.
func (c change) element(older bool) any {
	op, path := "replace", "/"+c.key
	if key, ok := strings.CutPrefix(c.key, journal.Property); ok {
		op, path = "add", "/"+key
	}
	var value any = *c.value
	if c.key == journal.Hidden {
		value = *c.value == "true"
	}
	if older {
		return map[string]any{op: path, "value": value}
	}
	return map[string]any{"op": op, "path": path, "value": value}
}
