package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	locationPattern = regexp.MustCompile(`(?i)\r\nlocation: ([^\r]+)\r\n`)
	lockPattern     = regexp.MustCompile(`"(?:cinder_encryption_key_id|os_encrypt_key_id)": ?"([^"]+)"`)
	newLockPattern  = regexp.MustCompile(`"path":"/(?:cinder_encryption_key_id|os_encrypt_key_id)","value":"([^"]+)"`)
)

// location is where the answer says that something was made.
func (a answer) location() string {
	if found := locationPattern.FindStringSubmatch(a.body); found != nil {
		return found[1]
	}
	return ""
}

// locks are the keys that the request has an image name.
func (a answer) locks() []string {
	var ids []string
	for _, pattern := range []*regexp.Regexp{lockPattern, newLockPattern} {
		for _, found := range pattern.FindAllStringSubmatch(a.request, -1) {
			ids = append(ids, found[1])
		}
	}
	return ids
}

// kept wants of an answer about keys, beside its record: a sealed file of each key that
// it says was made, and each key that an image came to name to count the image.
func (h *history) kept(a answer) error {
	for _, id := range a.locks() {
		image := idPattern.FindString(a.path + a.location())
		if err := h.committed(a.asked, a.told, []string{"key#" + id, "image#" + image}); err != nil {
			return fmt.Errorf("key %s does not count the image: %w", id, err)
		}
	}
	for id, state := range a.seals() {
		if err := h.sealed(a, id, state); err != nil {
			return fmt.Errorf("key %s: %w", id, err)
		}
	}
	if a.method == "DELETE" && strings.HasPrefix(a.path, secrets) && !strings.HasSuffix(a.path, "/consumers") {
		return h.recordedAs(a.asked, a.told, idPattern.FindString(a.path), "scheduled")
	}
	return nil
}

// seals are the keys of which the answer says that they have a value now, each with the
// state in which it had none.
func (a answer) seals() map[string]string {
	id := idPattern.FindString(a.path)
	switch {
	case a.method == "POST" && a.path == secrets && strings.Contains(a.request, `"payload":`):
		return map[string]string{idPattern.FindString(a.location()): "creating"}
	case a.method == "PUT" && strings.HasPrefix(a.path, secrets):
		return map[string]string{id: "creating"}
	case strings.HasPrefix(a.path, "/gander/v1/keys/"):
		return map[string]string{id: "scheduled"}
	case strings.HasSuffix(a.path, "/snapshot"):
		clones := map[string]string{}
		for _, found := range lockPattern.FindAllStringSubmatch(a.body, -1) {
			clones[found[1]] = "creating"
		}
		return clones
	}
	return nil
}

// sealed wants the sealed file of a key on the disk, with its name: after its record
// tells of it, and before that says that it can be used.
func (h *history) sealed(a answer, id, before string) error {
	kept := filepath.Join(h.vault, "kept")
	placed := h.renamed(a, func(from, to string) bool { return strings.HasPrefix(to, filepath.Join(kept, id)+".") && from != to })
	if placed == nil {
		return errors.New("no sealed file was made")
	}
	if err := h.recordedAs(0, placed.begin, id, before); err != nil {
		return fmt.Errorf("its record does not come before its sealed file: %w", err)
	}
	if err := h.whole(placed.place(0), placed.begin); err != nil {
		return err
	}
	named := h.synced(kept, placed.end, a.told)
	if named == nil {
		return errors.New("the folder of sealed files was not synced before the answer")
	}
	if err := h.recordedAs(named.end, a.told, id, "live"); err != nil {
		return fmt.Errorf("after its sealed file was on the disk: %w", err)
	}
	return nil
}

// whole wants a file to be synced after its last byte, and before a line.
func (h *history) whole(file string, before int) error {
	last := 0
	for _, c := range h.calls {
		if writes(c) && c.path() == file {
			last = c.end
		}
	}
	if last == 0 || h.synced(file, last, before) == nil {
		return errors.New("the sealed file was not synced after its last byte")
	}
	return nil
}

// recordedAs wants the record of a key in a state, committed between two lines.
func (h *history) recordedAs(after, before int, id, state string) error {
	record := regexp.MustCompile(`"id":"` + id + `"[^{}]*"state":"` + state + `"`)
	return h.committedPage(after, before, "key "+id+" as "+state, record.MatchString)
}

// onlyCopies lists removals of a sealed file while the same key's other file, which is
// to take its place, could still be lost; and those that power loss could undo once
// somebody has built on them.
func (h *history) onlyCopies() []error {
	var faults []error
	for n, c := range h.calls {
		if c.name != "unlinkat" {
			continue
		}
		gone := c.place(0)
		folder, file := filepath.Dir(gone), filepath.Base(gone)
		other := map[string]string{"kept": "scheduled", "scheduled": "kept"}[filepath.Base(folder)]
		if filepath.Dir(folder) != h.vault || other == "" {
			continue
		}
		if !h.stands(filepath.Join(h.vault, other, file), c.begin) {
			faults = append(faults, fmt.Errorf("line %d: %s was removed, and no other file of the key was on the disk", c.begin, gone))
		}
		if next := h.nextOfVault(n); next == nil || next.name != "fsync" || next.path() != folder {
			faults = append(faults, fmt.Errorf("line %d: %s was removed, and its folder was not synced before anything else was done", c.begin, gone))
		}
	}
	return faults
}

// nextOfVault is the call after the n-th that changes the key store, which makes one
// change at a time.
func (h *history) nextOfVault(n int) *call {
	for i := n + 1; i < len(h.calls); i++ {
		if h.touchesVault(h.calls[i]) {
			return &h.calls[i]
		}
	}
	return nil
}

// stands reports whether a file was whole, and had its name, on the disk before a line.
func (h *history) stands(path string, before int) bool {
	for _, c := range h.calls {
		if c.name == "renameat" && c.end < before && c.place(2) == path &&
			h.whole(c.place(0), c.begin) == nil && h.synced(filepath.Dir(path), c.end, before) != nil {
			return true
		}
	}
	return false
}
