package keytest

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// An image is what is judged of an image's document.
type image struct {
	ID         string            `json:"id"`
	Status     string            `json:"status"`
	Owner      string            `json:"owner"`
	Properties map[string]string `json:"properties"`
}

// judgeImages holds images and holders against each other: each image holds the keys
// that it names, with its project and its wish, from when it names them until its
// purge begins, and no others.
func (w *world) judgeImages() {
	held := map[string]holder{} // by partition of the key and image
	for at, holders := range w.holders {
		for _, h := range holders {
			if h.Consumer == nil {
				held[at+" "+h.Image] = h
			}
		}
	}
	for key, item := range w.items {
		var img image
		if key.Sort != "image" || !strings.HasPrefix(key.Partition, "image#") || !w.read(item, &img) {
			continue
		}
		for id, goes := range img.names() {
			at := partition(id) + " " + strings.ToLower(img.ID)
			h, ok := held[at]
			delete(held, at)
			switch {
			case !ok:
				w.fault("image %s (%s) names key %q, which does not count it", img.ID, img.Status, id)
			case h.Owner != img.Owner || h.Delete != goes:
				w.fault("image %s of %q names key %q and wishes it gone: %t; its holder says %q, %t", img.ID, img.Owner, id, goes, h.Owner, h.Delete)
			}
		}
	}
	for at := range held {
		w.fault("holder %q is no image that names the key", at)
	}
}

// names are the keys that the image holds, and whether it wishes them gone with it.
func (i image) names() map[string]bool {
	if i.Status == "purging" || i.Status == "purged" {
		return nil
	}
	keys := []string{i.Properties["cinder_encryption_key_id"], i.Properties["os_encrypt_key_id"]}
	policies := []string{"cinder_encryption_key_deletion_policy", "os_encrypt_key_deletion_policy"}
	odds := slices.ContainsFunc(policies, func(p string) bool {
		said, ok := i.Properties[p]
		return ok && said != "on_image_deletion"
	})
	found := map[string]bool{}
	for n, text := range keys {
		if text == "" {
			continue
		}
		goes := i.Properties[policies[n]] == "on_image_deletion" && !odds
		id := identity(text)
		if other, twice := found[id]; twice {
			goes = goes && other
		}
		found[id] = goes
	}
	return found
}

var uuid = regexp.MustCompile(`^(?:.*/secrets/)?(?:urn:)?(?:uuid:)?\{*([0-9A-Fa-f-]+)\}*/*$`)

// identity is the key that a text names: a UUID in one form, another text as it is, and
// one of more than 255 bytes by its first 190 and its hash.
func identity(text string) string {
	m := uuid.FindStringSubmatch(text)
	digits := ""
	if m != nil {
		digits = strings.ToLower(strings.ReplaceAll(m[1], "-", ""))
	}
	if len(digits) != 32 {
		if len(text) > 255 {
			return fmt.Sprintf("%s#%x", strings.ToValidUTF8(text[:190], ""), sha256.Sum256([]byte(text)))
		}
		return text
	}
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}
