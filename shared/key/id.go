package key

import (
	"strings"

	"github.com/gander-images/gander/shared/table"
)

// maxTextKey is the room, in bytes, that somebody's text gets in a key of the table.
const maxTextKey = 256

// ID is the one form of a key's id. An id that images name may be any text; what is
// a UUID to a key manager names the same key in each form that it knows it by: any
// letter case, with or without dashes, and as the last part of a secret's URL.
//
// Source: barbicanclient/base.py, validate_ref_and_return_uuid.
func ID(text string) string {
	last := text
	if i := strings.LastIndex(text, "/secrets/"); i >= 0 {
		last = strings.TrimSuffix(text[i+len("/secrets/"):], "/")
	}
	digits := strings.ToLower(strings.ReplaceAll(last, "-", ""))
	if len(digits) != 32 || strings.Trim(digits, "0123456789abcdef") != "" {
		return text
	}
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

// partition is where everything about one key stands.
func partition(id string) string { return "key#" + table.Text(id, maxTextKey) }

func recordKey(id string) table.Key { return table.Key{Partition: partition(id), Sort: "key"} }

// secretKey is where the metadata of a key that was made here stands.
func secretKey(id string) table.Key { return table.Key{Partition: partition(id), Sort: "secret"} }
