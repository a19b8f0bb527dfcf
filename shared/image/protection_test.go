package image

import (
	"maps"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// fixedRights lets somebody do with each property what its letters say, crud, and
// nothing with any other.
type fixedRights map[string]string

func (r fixedRights) MayCreate(name string) bool { return strings.Contains(r[name], "c") }
func (r fixedRights) MayRead(name string) bool   { return strings.Contains(r[name], "r") }
func (r fixedRights) MayUpdate(name string) bool { return strings.Contains(r[name], "u") }
func (r fixedRights) MayDelete(name string) bool { return strings.Contains(r[name], "d") }
func (r fixedRights) Protects(name string) bool  { return !strings.Contains(r[name], "@") }

// TestRightsOfChanges is the whole table: what each operation needs, of a
// property that is there and of one that is not.
func TestRightsOfChanges(t *testing.T) {
	value, null := Value{Text: ptr("v")}, Value{}
	type row struct {
		op      Op
		value   Value
		present bool
		least   string       // the fewest rights that are enough; else:
		hidden  problem.Code // what who cannot read it is told
	}
	for name, r := range map[string]row{
		"add, absent":               {Add, value, false, "c", problem.Forbidden},
		"add absent, absent":        {AddAbsent, value, false, "c", problem.Forbidden},
		"add, present":              {Add, value, true, "ru", problem.Forbidden},
		"replace, present":          {Replace, value, true, "ru", problem.Conflict},
		"remove, present":           {Remove, Value{}, true, "rd", problem.Conflict},
		"null in place, present":    {Replace, null, true, "rud", problem.Conflict},
		"added null, present":       {Add, null, true, "rud", problem.Forbidden},
		"replace, absent":           {Replace, value, false, "none", problem.Conflict},
		"remove, absent":            {Remove, Value{}, false, "none", problem.Conflict},
		"add absent, what is there": {AddAbsent, value, true, "none", problem.Forbidden},
	} {
		for rights := range subsets("crud") {
			err := mayApply(fixedRights{"x": rights}, Change{Op: r.op, Name: "x", Value: r.value}, r.present)
			want := problem.Forbidden
			switch {
			case r.least != "none" && containsAll(rights, r.least):
				want = problem.Internal // no error
			case !strings.Contains(rights, "r") || !r.present:
				want = r.hidden
			case r.op == AddAbsent:
				want = problem.Conflict
			}
			if err == nil != (want == problem.Internal) || err != nil && problem.CodeOf(err) != want {
				t.Errorf("%s, with %q: %v, want %v", name, rights, err, want)
			}
		}
	}
}

// subsets are those of the letters.
func subsets(letters string) map[string]bool {
	all := map[string]bool{"": true}
	for _, letter := range letters {
		for s := range maps.Clone(all) {
			all[s+string(letter)] = true
		}
	}
	return all
}

func containsAll(rights, letters string) bool {
	for _, letter := range letters {
		if !strings.ContainsRune(rights, letter) {
			return false
		}
	}
	return true
}

// TestCreateProtected refuses a draft before anything is made, and whoever reads
// less than it wrote is shown less.
func TestCreateProtected(t *testing.T) {
	w := newWorld(t)
	add := w.grant(policy.AddImage, demo, &Image{Owner: &demo.ProjectID})
	rights := fixedRights{"open": "cr", "blind": "c", "shown": "rud"}
	draft := Draft{Properties: map[string]string{"open": "1", "shown": "2", "unknown": "3"}}
	if _, err := w.service.Create(t.Context(), add, add, rights, demo, draft); !problem.Is(err, problem.Forbidden) || !strings.Contains(err.Error(), "'shown' is reserved") {
		t.Errorf("a draft with protected properties: %v", err)
	}
	draft.Properties = map[string]string{"open": "1", "blind": "2"}
	img, err := w.service.Create(t.Context(), add, add, rights, demo, draft)
	if err != nil {
		t.Fatal(err)
	}
	if seen := img.SeenThrough(rights); len(seen.Properties) != 1 || seen.Properties["open"] != "1" || len(img.Properties) != 2 {
		t.Errorf("of %v is shown %v", img.Properties, seen.Properties)
	}
	if img.SeenThrough(nil) != img || img.SeenThrough(fixedRights{"open": "r", "blind": "r"}) != img {
		t.Error("an image of which nothing is hidden is copied")
	}
}

// TestP8HiddenPropertiesStay: an update through a protection that hides
// everything changes what it names, and nothing else of the record.
func TestP8HiddenPropertiesStay(t *testing.T) {
	w := newWorld(t)
	img := w.create(Draft{Properties: map[string]string{"hidden": "1", "seen": "2"}})
	rights := fixedRights{"seen": "crud", "new": "c"}
	after, err := w.service.Update(t.Context(), w.asking(demo, img), rights, demo, img, []Change{
		{Op: Replace, Name: "seen", Value: Value{Text: ptr("3")}},
		{Op: Add, Name: "new", Value: Value{Text: ptr("4")}},
		{Op: Remove, Name: "seen"},
		{Op: Replace, Name: "name", Value: Value{Text: ptr("n")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"hidden": "1", "new": "4"}
	if stored := w.mustGet(img.ID); !maps.Equal(stored.Properties, want) || !maps.Equal(after.Properties, want) {
		t.Errorf("stored %v, want %v", stored.Properties, want)
	}
}

// TestFilterOfTheUnreadableReadsNothing: a list by what its caller may not read
// is empty at once, however many images there are.
func TestFilterOfTheUnreadableReadsNothing(t *testing.T) {
	l := newLister(t)
	add, err := l.rules.Authorize(policy.AddImage, demo, ProposedTarget(&demo.ProjectID, Private))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := l.Create(t.Context(), add, add, nil, demo, Draft{Properties: map[string]string{"secret": "1", "open": "1"}}); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]int{"secret=1": 0, "open=1&secret=1": 0, "open=1": 3} {
		q, err := query(text)
		if err != nil {
			t.Fatal(err)
		}
		var page Page
		queries, keys := l.count(func() { page, err = l.List(t.Context(), l.grant, fixedRights{"open": "r"}, demo, q, mayAll) })
		if err != nil || len(page.Images) != want || page.More || want == 0 && queries+keys > 0 {
			t.Errorf("%s: %d images, more: %t, after %d queries and %d items: %v", text, len(page.Images), page.More, queries, keys, err)
		}
	}
}
