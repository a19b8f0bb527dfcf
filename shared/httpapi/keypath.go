package httpapi

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// coded begins the part of a path that has a key's id in base64url (RFC 4648, section 5,
// without padding). Images name keys of other key managers by any text: as it is, one with
// a slash is no part of a path, gateways cut others off, and some are the names of calls.
const coded = "~"

var (
	plainKey  = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	keyCalls  = []string{"audit", "deletions"}
	keyCoding = base64.RawURLEncoding
)

// KeyPath is the path at which operators are shown the key with the id, whatever it
// consists of.
func KeyPath(id string) string {
	if !plainKey.MatchString(id) || slices.Contains(keyCalls, id) {
		id = coded + keyCoding.EncodeToString([]byte(id))
	}
	return keysPath + "/" + id
}

// keyOfPath is the id that a part of a path names; ok is false where that can be no key's.
func keyOfPath(part string) (id string, ok bool) {
	text, isCoded := strings.CutPrefix(part, coded)
	if !isCoded {
		return part, true
	}
	decoded, err := keyCoding.DecodeString(text)
	return string(decoded), err == nil && len(decoded) > 0 && utf8.Valid(decoded)
}
