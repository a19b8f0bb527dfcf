package table

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// Bytes with a meaning of their own in an encoded text. Raw bytes up to
// textEscape never appear in it, so an end sorts before everything else and an
// escaped byte before every plain one.
const (
	textEnd    = 0x01
	textEscape = 0x02
	escapeBase = 0x03                  // byte b is written as textEscape, escapeBase+b
	escapeCut  = escapeBase + 1 + 0x02 // textEscape, escapeCut: a hash follows
)

const hashBytes = 16

// MinText is the least max that Text takes: room for an empty kept part.
const MinText = 2 + 2*hashBytes + 1

// Text encodes somebody's text as a part of a key, in at most max bytes, end
// included. Encoded texts sort as the texts do, byte by byte; no two texts are
// encoded alike; one that begins another sorts before it; none encoded begins
// another encoded. The result is valid UTF-8.
//
// A text that needs more than max bytes keeps what fits, in whole characters,
// followed by a hash of all of it. So does one that is not valid UTF-8, from
// its first bad byte on. What a cut text loses is its exact order among texts
// that begin with its kept part: those come out in any order, but together,
// and always on the right side of all others.
//
// It panics if max is less than MinText.
func Text(s string, max int) string {
	if max < MinText {
		panic("table.Text: no room for a hash")
	}
	if len(s) < max && plain(s) {
		return s + string(rune(textEnd))
	}
	var b strings.Builder
	b.Grow(min(len(s)+8, max))
	kept := 0 // bytes of b that still leave room for a hash
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return cut(b.String()[:kept], s)
		}
		if s[i] <= textEscape {
			b.WriteByte(textEscape)
			b.WriteByte(escapeBase + s[i])
		} else {
			b.WriteString(s[i : i+n])
		}
		if b.Len() > max-1 {
			return cut(b.String()[:kept], s)
		}
		if b.Len() <= max-MinText {
			kept = b.Len()
		}
		i += n
	}
	b.WriteByte(textEnd)
	return b.String()
}

// plain reports whether s is valid UTF-8 that needs no escape.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] <= textEscape {
			return false
		}
	}
	return utf8.ValidString(s)
}

func cut(kept, whole string) string {
	sum := sha256.Sum256([]byte(whole))
	return kept + string([]byte{textEscape, escapeCut}) + hex.EncodeToString(sum[:hashBytes]) + string(rune(textEnd))
}
