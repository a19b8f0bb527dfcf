package key

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/gander-images/gander/shared/table"
)

// maxTextKey is the room, in bytes, that somebody's text gets in a key of the table.
const maxTextKey = 256

// maxID is the longest id, in bytes. A longer text is known by its beginning and its
// hash, so that nobody can make keys too large to be listed.
const maxID = maxTextKey - 1

// ID is the one form of a key's id. An id that images name may be any text; what is
// a UUID to a key manager names the same key in each form that it knows it by: any
// letter case, with or without dashes, in braces, as a URN, and as the last part of a
// secret's URL.
//
// Source: barbicanclient/base.py, validate_ref_and_return_uuid, and uuid.UUID of
// Python's library, which it calls.
func ID(text string) string {
	if id, ok := UUID(text); ok {
		return id
	}
	if len(text) <= maxID {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return strings.ToValidUTF8(text[:maxID-2*len(sum)-1], "") + "#" + hex.EncodeToString(sum[:])
}

// UUID returns the id of a text that is a UUID in one of its forms.
func UUID(text string) (id string, ok bool) {
	last := text
	if i := strings.LastIndex(text, "/secrets/"); i >= 0 {
		last = strings.TrimRight(text[i+len("/secrets/"):], "/")
	}
	last = strings.TrimPrefix(strings.TrimPrefix(last, "urn:"), "uuid:")
	digits := strings.ToLower(strings.ReplaceAll(strings.Trim(last, "{}"), "-", ""))
	if len(digits) != 32 || strings.Trim(digits, "0123456789abcdef") != "" {
		return "", false
	}
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:], true
}

// partition is where everything about one key stands.
func partition(id string) string { return "key#" + table.Text(id, maxTextKey) }

func recordKey(id string) table.Key { return table.Key{Partition: partition(id), Sort: "key"} }

// secretKey is where the metadata of a key that was made here stands.
func secretKey(id string) table.Key { return table.Key{Partition: partition(id), Sort: "secret"} }
