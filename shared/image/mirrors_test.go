package image

import (
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

// TestKept tells of images in every order: the first of the range are kept, and
// whether there are more.
func TestKept(t *testing.T) {
	byName := map[rune]*Image{}
	for i, img := range numbered(4) {
		img.Name = ptr(string(rune('a' + i)))
		byName[rune('a'+i)] = img
	}
	for _, c := range []struct {
		after    string
		backward bool
		limit    int
		want     string
		more     bool
	}{
		{"", false, 2, "ab", true},
		{"", true, 2, "dc", true},
		{"", false, 4, "abcd", false},
		{"", true, 1, "d", true},
		{"a", false, 2, "bc", true},
		{"b", false, 2, "cd", false},
		{"b", true, 2, "a", false},
		{"d", false, 2, "", false},
	} {
		for _, told := range []string{"abcd", "dcba", "acbd", "cdab", "bdca", "aabbccdd"} {
			k := &kept{query: table.Query{Partition: "p", Backward: c.backward, Limit: c.limit}}
			if c.after != "" {
				k.query.After = position(byName[rune(c.after[0])], nameOrder)
			}
			for _, name := range told {
				k.add(byName[name])
			}
			page := k.page()
			var got strings.Builder
			for _, item := range page.Items {
				got.WriteByte(item.Sort[0])
			}
			if got.String() != c.want || page.More != c.more || page.More && page.Last != page.Items[len(page.Items)-1].Sort {
				t.Errorf("%d after %q, backward %t, of %s: %q, more %t, last %q", c.limit, c.after, c.backward, told, got.String(), page.More, page.Last)
			}
		}
	}
}
