package image

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// deletedPage asks for one page, as an admin whom may refuses some.
func (w *world) deletedPage(s *Service, may func(*Image) (bool, error), params map[string][]string) (Page, error) {
	w.t.Helper()
	q, err := ParseDeletedQuery(params)
	if err != nil {
		return Page{}, err
	}
	g, err := w.rules.Authorize(policy.RestoreImage, admin, policy.Attributes{})
	if err != nil {
		w.t.Fatal(err)
	}
	return s.ListDeleted(w.t.Context(), g, q, may)
}

func allowed(*Image) (bool, error) { return true, nil }

// walkDeleted returns all pages one after the other, none of which is empty while
// there is another.
func (w *world) walkDeleted(may func(*Image) (bool, error), limit int, owner ...string) []string {
	w.t.Helper()
	params := map[string][]string{"limit": {strconv.Itoa(limit)}}
	if len(owner) > 0 {
		params["owner"] = owner
	}
	var names []string
	for {
		page, err := w.deletedPage(w.service, may, params)
		if err != nil {
			w.t.Fatal(err)
		}
		size := 0
		for _, img := range page.Images {
			names = append(names, *img.Name)
			size += img.storedBytes()
		}
		if len(page.Images) > limit || page.More && len(page.Images) == 0 || len(page.Images) > 1 && size > maxPageBytes {
			w.t.Fatalf("limit %d: a page of %d images, %d bytes, more %t", limit, len(page.Images), size, page.More)
		}
		if !page.More {
			return names
		}
		params["marker"] = []string{page.Images[len(page.Images)-1].ID}
	}
}

// deletedOf makes an image and deletes it now.
func (w *world) deletedOf(c caller.Caller, name string) *Image {
	w.t.Helper()
	d := raw()
	d.Name = &name
	img, err := w.createAs(c, d)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.service.Delete(w.t.Context(), w.grant(policy.DeleteImage, c, img), c, img); err != nil {
		w.t.Fatal(err)
	}
	return img
}

// TestDeletedList walks the deleted images in pages of every size: those that can
// be restored now, newest deletion first, whole for whoever asks for one owner.
func TestDeletedList(t *testing.T) {
	w := newWorld(t)
	w.create(raw()) // lives
	w.service.Retention = time.Hour
	w.deletedOf(demo, "its time is over")
	w.service.Retention = 24 * time.Hour
	w.advance(time.Hour)
	again := w.deletedOf(demo, "twice")
	back := w.deletedOf(demo, "back")
	foreign := w.deletedOf(other, "foreign")
	var want []string
	for i := range 30 {
		w.advance(time.Second)
		want = append(want, w.named("demo", i))
	}
	w.advance(time.Second)
	for _, id := range []string{again.ID, back.ID} {
		if _, err := w.restore(w.service, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.delete(w.mustGet(again.ID)); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(want)
	want = append(append([]string{"twice"}, want...), *foreign.Name)
	for _, limit := range []int{1, 2, 3, 7, 31, 32, 33, 1000} {
		if got := w.walkDeleted(allowed, limit); !slices.Equal(got, want) {
			t.Errorf("limit %d: %v, want %v", limit, got, want)
		}
		if got := w.walkDeleted(allowed, limit, "demo", "other"); !slices.Equal(got, []string{"foreign"}) {
			t.Errorf("limit %d: the other project's are %v", limit, got)
		}
		if got := w.walkDeleted(allowed, limit, "nobody"); got != nil {
			t.Errorf("limit %d: nobody's are %v", limit, got)
		}
		some := func(img *Image) (bool, error) { return strings.HasSuffix(*img.Name, "3"), nil }
		if got := w.walkDeleted(some, limit); !slices.Equal(got, []string{"demo 23", "demo 13", "demo 3"}) {
			t.Errorf("limit %d: those allowed are %v", limit, got)
		}
	}
	m := &meeting{}
	if _, err := w.deletedPage(w.service.over(m, w.now), allowed, map[string][]string{"limit": {"7"}}); err != nil || m.seen != 2 {
		t.Errorf("a page of 7 took %d calls of the table, not a query and one read of records (%v)", m.seen, err)
	}
	w.audit()
}

func (w *world) named(project string, i int) string {
	name := project + " " + strconv.Itoa(i)
	w.deletedOf(demo, name)
	return name
}

// TestDeletedAgainMeanwhile: an image that comes back and is deleted again while
// a page is read stands in it where it stands now, or not at all.
func TestDeletedAgainMeanwhile(t *testing.T) {
	w := newWorld(t)
	first := w.deletedOf(demo, "first")
	w.advance(time.Second)
	w.deletedOf(demo, "second")
	w.advance(time.Second)
	m := &meeting{at: 2, happens: func() { // the entries are read, the records are not
		if _, err := w.restore(w.service, first.ID); err != nil {
			t.Error(err)
		}
		if err := w.delete(w.mustGet(first.ID)); err != nil {
			t.Error(err)
		}
	}}
	page, err := w.deletedPage(w.service.over(m, w.now), allowed, nil)
	if err != nil || len(page.Images) != 1 || *page.Images[0].Name != "second" {
		t.Errorf("listed %v, %v", page.Images, err)
	}
	if got := w.walkDeleted(allowed, 1); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("and then %v", got)
	}
}

// TestDeletedTogether: those deleted at the same moment stand in one order.
func TestDeletedTogether(t *testing.T) {
	w := newWorld(t)
	for i := range 9 {
		w.named("demo", i)
	}
	want := w.walkDeleted(allowed, 100)
	for _, limit := range []int{1, 2, 4} {
		if got := w.walkDeleted(allowed, limit); len(got) != 9 || !slices.Equal(got, want) {
			t.Errorf("limit %d: %v, want %v", limit, got, want)
		}
	}
}

// TestDeletedPagesEndAt4MB: large records make more pages, and none is lost.
func TestDeletedPagesEndAt4MB(t *testing.T) {
	w := newWorld(t)
	for i := range 15 {
		d := raw()
		name := strconv.Itoa(i)
		d.Name, d.Properties = &name, map[string]string{"large": strings.Repeat("x", 380<<10)}
		if err := w.delete(w.create(d)); err != nil {
			t.Fatal(err)
		}
		w.advance(time.Second)
	}
	if got := w.walkDeleted(allowed, 1000); len(got) != 15 || got[0] != "14" || got[14] != "0" {
		t.Errorf("walked %v", got)
	}
}

// running is a context whose time runs out after so many looks at its deadline.
type running struct {
	context.Context
	looks *int
}

func (h running) Deadline() (time.Time, bool) {
	*h.looks--
	return time.Now().Add(time.Duration(max(0, *h.looks)) * time.Hour), true
}

// TestDeletedListInTime: when time runs out there is a page with what was found,
// from which the list goes on, or, with nothing found, no page at all.
func TestDeletedListInTime(t *testing.T) {
	w := newWorld(t)
	w.deletedOf(other, "old")
	for i := range 5 {
		w.advance(time.Second)
		w.named("demo", i)
	}
	w.advance(time.Second)
	w.deletedOf(other, "new")
	list := func(looks int, owner, marker string) (Page, error) {
		q, err := ParseDeletedQuery(map[string][]string{"limit": {"2"}, "owner": {owner}})
		if err != nil {
			t.Fatal(err)
		}
		g, err := w.rules.Authorize(policy.RestoreImage, admin, policy.Attributes{})
		if err != nil {
			t.Fatal(err)
		}
		q.marker = marker
		return w.service.ListDeleted(running{t.Context(), &looks}, g, q, allowed)
	}
	if page, err := list(1, "other", ""); !problem.Is(err, problem.Unavailable) {
		t.Errorf("in no time: %v, %v", page, err)
	}
	page, err := list(2, "other", "")
	if err != nil || len(page.Images) != 1 || *page.Images[0].Name != "new" || !page.More {
		t.Fatalf("in little time: %+v, %v", page, err)
	}
	if page, err = list(100, "other", page.Images[0].ID); err != nil || len(page.Images) != 1 || *page.Images[0].Name != "old" || page.More {
		t.Errorf("and then: %+v, %v", page, err)
	}
}

// TestDeletedQueryRefused: what cannot be a list's parameters, and markers that
// the caller could not have been given.
func TestDeletedQueryRefused(t *testing.T) {
	w := newWorld(t)
	live, gone := w.create(raw()), w.deletedOf(demo, "gone")
	not := func(*Image) (bool, error) { return false, nil }
	for _, c := range []struct {
		name, value string
		may         func(*Image) (bool, error)
	}{
		{"limit", "x", allowed},
		{"limit", "-1", allowed},
		{"limit", "", allowed},
		{"marker", "", allowed},
		{"marker", "nope", allowed},
		{"marker", "22222222-2222-4333-8444-555555555555", allowed},
		{"marker", live.ID, allowed},
		{"marker", gone.ID, not},
		{"name", "gone", allowed},
		{"sort", "name:asc", allowed},
	} {
		if page, err := w.deletedPage(w.service, c.may, map[string][]string{c.name: {c.value}}); !problem.Is(err, problem.Invalid) {
			t.Errorf("%s=%q: %v, %v", c.name, c.value, page, err)
		}
	}
	for _, limit := range []string{"0", "+1", " 1 ", "99999999999999999999"} {
		page, err := w.deletedPage(w.service, allowed, map[string][]string{"limit": {"x", limit}})
		if want := map[bool]int{true: 0, false: 1}[limit == "0"]; err != nil || len(page.Images) != want {
			t.Errorf("limit %q: %v, %v", limit, page, err)
		}
	}
	if _, err := w.service.ListDeleted(t.Context(), policy.Grant{}, DeletedQuery{limit: 1}, allowed); err == nil {
		t.Error("listed without a grant")
	}
}

// TestOlderPurgesAreOver: what was due of a deletion that was taken back does
// nothing to the image when it is deleted again, however late it comes.
func TestOlderPurgesAreOver(t *testing.T) {
	w := newWorld(t)
	img := w.active("data")
	if err := w.delete(img); err != nil {
		t.Fatal(err)
	}
	first := purgeEntry(w.found(img.ID))
	w.advance(w.service.Retention - time.Minute)
	if _, err := w.restore(w.service, img.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.delete(w.mustGet(img.ID)); err != nil {
		t.Fatal(err)
	}
	w.advance(time.Hour)
	if err := w.service.Purge(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	back, err := w.restore(w.service, img.ID)
	if err != nil {
		t.Fatalf("an image within its retention time cannot be restored: %v", err)
	}
	if got := w.read(back); got != "data" {
		t.Errorf("it came back with %q", got)
	}
	w.audit()
}
