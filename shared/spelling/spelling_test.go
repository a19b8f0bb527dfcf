package spelling_test

import (
	"slices"
	"testing"

	"github.com/gander-images/gander/shared/spelling"
)

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"abc", "abc", 0},
		{"abc", "", 3},
		{"abc", "abd", 1},
		{"abc", "bc", 1},
		{"get_imagse", "get_images", 1},
		{"ab", "ba", 1},
		{"kitten", "sitting", 3},
	} {
		if got := spelling.Distance(test.a, test.b); got != test.want {
			t.Errorf("%q to %q: %d, want %d", test.a, test.b, got, test.want)
		}
		if got := spelling.Distance(test.b, test.a); got != test.want {
			t.Errorf("%q to %q: %d, want %d", test.b, test.a, got, test.want)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"get_image", "get_images", "add_image", "role", "rose"}
	for word, want := range map[string]string{
		"get_imagse": "get_images",
		"GET_IMAGE":  "get_image",
		"get_imag":   "get_image",
		"dd_imag":    "add_image",
		"roe":        "role", // and as near to rose
		"restricted": "",
		"":           "",
	} {
		if got := spelling.Nearest(word, slices.Values(words), 2); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
