package main

import (
	"strings"

	"github.com/gander-images/gander/shared/boot/crash/journal"
)

// The properties by which an image names a key, and says what becomes of the key.
var pairs = [][2]string{
	{"cinder_encryption_key_id", "cinder_encryption_key_deletion_policy"},
	{"os_encrypt_key_id", "os_encrypt_key_deletion_policy"},
}

const goesWithImage = "on_image_deletion"

// A lock is a key as an image names it.
type lock struct {
	id    string
	value string // as the journal has it
}

// someLocks are changes that have an image name keys: most often one key or none.
func (w *writer) someLocks() []change {
	var changes []change
	for n := range pairs {
		pair := pairs[n]
		if w.chance.IntN(3) != n {
			continue
		}
		l, precious := w.someLock()
		if l == nil {
			continue
		}
		changes = append(changes, change{key: journal.Locked + pair[0], value: &l.value, lock: l})
		switch w.chance.IntN(3) {
		case 0:
		case 1:
			changes = append(changes, change{key: journal.Property + pair[1], value: text("do_not_delete")})
		default:
			if !precious {
				changes = append(changes, change{key: journal.Property + pair[1], value: text(goesWithImage)})
			}
		}
	}
	return changes
}

// someLock is one of this writer's keys, one that all writers use, or a text that
// names a key which is kept elsewhere; nil where there is no key yet.
func (w *writer) someLock() (l *lock, precious bool) {
	if w.chance.IntN(12) == 0 {
		id := "kept-elsewhere-" + w.word()
		return &lock{id, journal.Foreign + id}, true
	}
	k := w.someKey()
	if w.chance.IntN(4) == 0 {
		k = w.someSharedKey()
	}
	if k == nil {
		return nil, false
	}
	return &lock{k.id, k.digest}, k.precious
}

// without is the changes, and, if the image names keys already, the removal of one
// name that they do not set.
func (i *own) without(remove bool, changes []change) []change {
	if !remove {
		return i.protecting(changes)
	}
	for _, pair := range pairs {
		key := journal.Locked + pair[0]
		set := false
		for _, c := range changes {
			set = set || c.key == key
		}
		if !set && i.locks[pair[0]] != nil && !i.unsure {
			return append(i.protecting(changes), change{key: key})
		}
	}
	return i.protecting(changes)
}

// protecting is the changes with a policy that keeps the key, where the image's own
// policy, which stays, would have a new key go with it.
func (i *own) protecting(changes []change) []change {
	said := map[string]bool{}
	for _, c := range changes {
		said[c.key] = true
	}
	for _, c := range changes {
		name, _ := c.property()
		if c.lock == nil {
			continue
		}
		for _, pair := range pairs {
			if pair[0] == name && !said[journal.Property+pair[1]] {
				changes = append(changes, change{key: journal.Property + pair[1], value: text("do_not_delete")})
			}
		}
	}
	return changes
}

// lock takes in what changes of the keys that the image names.
func (i *own) lock(changes []change) {
	for _, c := range changes {
		name, ok := strings.CutPrefix(c.key, journal.Locked)
		switch {
		case !ok:
		case c.value == nil:
			delete(i.locks, name)
		default:
			i.locks[name] = c.lock
		}
	}
}
