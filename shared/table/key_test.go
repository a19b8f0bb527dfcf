package table_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/table"
)

// text draws strings that are near one another and full of awkward characters.
func text() *rapid.Generator[string] {
	runes := rapid.RuneFrom([]rune{'a', 'b', 'B', '0', ' ', 0, 1, 2, 3, 4, 6, 0x7f, 'ä', '世', '😀', 0xfffd, 0x10ffff})
	return rapid.StringOfN(runes, 0, 60, -1)
}

// cutAt returns the part of an encoded text that was kept, if it was cut.
func cutAt(encoded string) (kept string, cut bool) {
	i := strings.Index(encoded, "\x02\x06")
	if i < 0 {
		return encoded, false
	}
	return encoded[:i], true
}

func TestTextProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(table.MinText, 80).Draw(t, "max")
		a, b := text().Draw(t, "a"), text().Draw(t, "b")
		if rapid.Bool().Draw(t, "b begins with a") {
			b = a + b
		}
		x, y := table.Text(a, size), table.Text(b, size)
		for _, encoded := range []string{x, y} {
			if len(encoded) > size {
				t.Fatalf("%q has %d bytes, more than %d", encoded, len(encoded), size)
			}
			if !utf8.ValidString(encoded) || strings.Contains(encoded, "\x00") {
				t.Fatalf("%q is not clean UTF-8", encoded)
			}
		}
		if (x == y) != (a == b) {
			t.Fatalf("%q and %q become %q and %q", a, b, x, y)
		}
		if a != b && (strings.HasPrefix(x, y) || strings.HasPrefix(y, x)) {
			t.Fatalf("one of %q and %q begins the other", x, y)
		}
		keptX, cutX := cutAt(x)
		keptY, cutY := cutAt(y)
		if cutX && strings.HasPrefix(y, keptX) || cutY && strings.HasPrefix(x, keptY) {
			return // what a cut text loses
		}
		if strings.Compare(a, b) != strings.Compare(x, y) {
			t.Fatalf("%q and %q do not sort as %q and %q do", x, y, a, b)
		}
	})
}

// TestTextCutsLate holds that nothing is cut that fits, and that a cut text
// keeps as much as it can.
func TestTextCutsLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := text().Draw(t, "text")
		whole := table.Text(s, 1000)
		size := rapid.IntRange(table.MinText, 80).Draw(t, "max")
		encoded := table.Text(s, size)
		kept, cut := cutAt(encoded)
		if cut != (len(whole) > size) {
			t.Fatalf("%q needs %d of %d bytes, cut %t", s, len(whole), size, cut)
		}
		if !cut {
			return
		}
		if !strings.HasPrefix(whole, kept) {
			t.Fatalf("%q is not the beginning of %q", kept, whole)
		}
		if size-len(encoded) >= utf8.UTFMax {
			t.Fatalf("%q leaves %d bytes unused", encoded, size-len(encoded))
		}
	})
}

func TestTextExamples(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "\x01"},
		{"ubuntu", "ubuntu\x01"},
		{"a\x00b\x01c\x02d\x03", "a\x02\x03b\x02\x04c\x02\x05d\x03\x01"},
		{"größe", "größe\x01"},
		{strings.Repeat("x", 99), strings.Repeat("x", 99) + "\x01"},
		{strings.Repeat("x", 100), strings.Repeat("x", 65) + "\x02\x0609ecb6ebc8bcefc733f6f2ec44f791ab\x01"},
	}
	for _, test := range tests {
		if got := table.Text(test.text, 100); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}

// TestTextNotUTF8 holds that a text which cannot be a key still gets one.
func TestTextNotUTF8(t *testing.T) {
	seen := map[string]string{}
	for _, s := range []string{"a\xff", "a\xfe", "a", "a\xc3", "a\xc3b", "a\xed\xa0\x80", "\xff", "a\ufffd"} {
		encoded := table.Text(s, 100)
		if !utf8.ValidString(encoded) || len(encoded) > 100 {
			t.Errorf("%q becomes %q", s, encoded)
		}
		if s[0] == 'a' && encoded[0] != 'a' {
			t.Errorf("%q loses its sound beginning: %q", s, encoded)
		}
		if other, ok := seen[encoded]; ok {
			t.Errorf("%q and %q both become %q", s, other, encoded)
		}
		seen[encoded] = s
	}
}
