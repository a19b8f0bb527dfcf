package image

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/caller"
)

// mixed makes n images that demo may list as numbered does, of which one in six
// is shared with it, and some newer ones that demo did not accept.
func mixed(n int) ([]*Image, modelMembers) {
	images, members := numbered(n), modelMembers{}
	for i := 1; i < n; i += 6 {
		images[i].Visibility = Shared
		members[images[i].ID] = map[string]MemberStatus{"demo": Accepted}
	}
	for i, img := range numbered(n / 5) {
		img.Owner, img.Visibility, img.CreatedAt = ptr("other"), Shared, img.CreatedAt.Add(24*time.Hour)
		images = append(images, img)
		members[img.ID] = map[string]MemberStatus{"demo": []MemberStatus{Pending, Rejected}[i%2]}
	}
	return images, members
}

// TestP12APageCostsWhatItHolds counts the reads of pages of 25: one query for
// each scope and one read for each row, whether there are 25 images or 5,000, on
// the first page and deep down, where the marker's record is one read more.
// Only by name it takes a read of each image that others share.
func TestP12APageCostsWhatItHolds(t *testing.T) {
	for _, n := range []int{25, 5000} {
		l := newLister(t)
		images, members := mixed(n)
		l.put(t, images...)
		l.putMembers(t, images, members)
		mirrors := (n + 4) / 6
		for _, c := range []struct {
			who    caller.Caller
			query  string
			scopes int
			more   int // reads
		}{
			{demo, "", 3, 0},
			{demo, "sort=created_at:asc", 3, 0},
			{demo, "visibility=all", 4, 0},
			{demo, "member_status=all", 5, 0},
			{admin, "", 1, 0},
			{admin, "sort=name", 1, 0},
			{demo, "sort=name:asc", 3 + mirrors/maxEntries, mirrors},
		} {
			first, deep := c.query, c.query+"&marker="+images[n/2].ID
			l.wantCost(t, c.who, first, 25, c.scopes, 25+c.more)
			if n > 25 {
				l.wantCost(t, c.who, deep, 25, c.scopes, 25+1+c.more)
			}
		}
	}
}

func (l *lister) wantCost(t *testing.T, c caller.Caller, text string, rows, queries, reads int) {
	t.Helper()
	var page Page
	gotQueries, gotReads := l.count(func() { page = l.mustPage(t, c, text) })
	if len(page.Images) != rows || gotQueries != queries || gotReads != reads {
		t.Errorf("%s lists %q: %d rows by %d queries and %d reads, not %d by %d and %d",
			c.UserID, text, len(page.Images), gotQueries, gotReads, rows, queries, reads)
	}
}

// TestListByNameReadsTheName finds one image among many by its name, in either
// order, without looking at the others.
func TestListByNameReadsTheName(t *testing.T) {
	l := newLister(t)
	images := numbered(1000)
	images[500].Name, images[700].Name, images[800].Name = ptr("twin"), ptr("twin"), nil
	l.put(t, images...)
	for text, want := range map[string][]int{
		"name=twin":                            {700, 500},
		"name=twin&sort=created_at:asc":        {500, 700},
		"name=twin&sort=name:asc":              {500, 700},
		"name=twin&sort=size:asc":              {500, 700},
		"name=in:twin,image 0000003":           {700, 500, 3},
		"name=in:image 0000003,twin&limit=2":   {700, 500},
		"name=in:twin,image 0000003&sort=name": {700, 500, 3},
		"name=":                                {},
		"name=twin&marker=" + images[600].ID:   {500},
		"id=in:" + strings.ToUpper(images[9].ID) + ",no id," + images[800].ID: {800, 9},
	} {
		var page Page
		queries, keys := l.count(func() { page = l.mustPage(t, demo, text) })
		var ids []string
		for _, i := range want {
			ids = append(ids, images[i].ID)
		}
		if !slices.Equal(idsIn(page.Images), ids) {
			t.Errorf("%s lists %v, not %v", text, idsIn(page.Images), ids)
		}
		if queries > 5 || keys > 4 {
			t.Errorf("%s took %d queries and %d reads", text, queries, keys)
		}
	}
}

// TestListFilterReadsOn has two images in 3,000 that pass the filter. A page
// that shows one ends within its bound, and says that there is more; one that
// shows none reads on.
func TestListFilterReadsOn(t *testing.T) {
	l := newLister(t)
	images := numbered(3000)
	for _, i := range []int{20, 2900} {
		images[i].Properties["os_distro"] = "plan9"
	}
	l.put(t, images...)
	var first, second, third Page
	_, reads := l.count(func() { first = l.mustPage(t, admin, "os_distro=plan9") })
	if len(first.Images) != 1 || !first.More || reads < maxPageReads || reads > maxPageReads+maxBatch {
		t.Fatalf("the first page shows %d, more: %t, and took %d reads", len(first.Images), first.More, reads)
	}
	second = l.mustPage(t, admin, "os_distro=plan9&marker="+first.Images[0].ID)
	if len(second.Images) != 1 || second.Images[0].ID != images[20].ID {
		t.Fatalf("the second page shows %v, not %s", idsIn(second.Images), images[20].ID)
	}
	if second.More {
		third = l.mustPage(t, admin, "os_distro=plan9&marker="+second.Images[0].ID)
	}
	if len(third.Images) != 0 || third.More {
		t.Fatalf("the third page shows %v, more: %t", idsIn(third.Images), third.More)
	}
}

// TestListPageBytes walks records so large that pages end by their size, in
// every way to make a page.
func TestListPageBytes(t *testing.T) {
	l := newLister(t)
	images := numbered(30)
	long := strings.Repeat("\U0001F600", 245)
	for i, img := range images {
		img.Properties = map[string]string{"big": strings.Repeat("x", 300<<10)}
		if i%2 == 0 {
			img.Name = ptr(long + strconv.Itoa(100-i)) // in keys all alike
		}
	}
	l.put(t, images...)
	for _, text := range []string{"limit=1000", "limit=1000&sort=name:asc", "limit=1000&sort=name:desc", "limit=1000&sort=size:asc"} {
		var walked []*Image
		query := text
		for {
			page := l.mustPage(t, admin, query)
			size := 0
			for _, img := range page.Images {
				size += img.storedBytes()
			}
			if size > maxPageBytes {
				t.Fatalf("%s: a page of %d bytes", query, size)
			}
			walked = append(walked, page.Images...)
			if !page.More {
				break
			}
			if len(page.Images) < 10 && len(walked) < len(images) {
				t.Fatalf("%s: a page of %d images, %d bytes, ends too early", query, len(page.Images), size)
			}
			query = text + "&marker=" + page.Images[len(page.Images)-1].ID
		}
		q, err := ParseQuery(map[string][]string{"sort": {strings.TrimPrefix(strings.TrimPrefix(text, "limit=1000"), "&sort=")}})
		if err != nil {
			q, err = ParseQuery(nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		want := slices.SortedFunc(slices.Values(images), q.sort.compare)
		if !slices.Equal(idsIn(walked), idsIn(want)) {
			t.Errorf("%s walks\n%v, not\n%v", text, idsIn(walked), idsIn(want))
		}
	}
}

// TestListLooksNoFurther counts the lists that a query is answered from: those
// where what was asked for can be, and no other.
func TestListLooksNoFurther(t *testing.T) {
	l := newLister(t)
	nowhere := caller.Caller{UserID: "unscoped", Roles: []string{"reader"}}
	for _, c := range []struct {
		who   caller.Caller
		query string
		lists int
	}{
		{demo, "", 3}, // own, public, accepted
		{demo, "member_status=pending", 3},
		{demo, "member_status=all", 5},
		{demo, "sort=name", 3},
		{demo, "sort=size", 3},
		{demo, "os_hidden=true", 3},
		{demo, "visibility=all", 4},
		{demo, "visibility=public", 1},
		{demo, "visibility=community", 1},
		{demo, "visibility=private", 1},
		{demo, "visibility=shared", 2},
		{demo, "visibility=", 0},
		{demo, "owner=demo", 1},
		{demo, "owner=demo&visibility=all&member_status=all", 1},
		{demo, "owner=other", 2}, // public, accepted
		{demo, "owner=other&visibility=private", 0},
		{demo, "owner=other&visibility=shared", 1},
		{demo, "name=a", 3},
		{demo, "name=in:a,b", 5},
		{demo, "id=a", 0},
		{nowhere, "", 1},
		{nowhere, "visibility=shared", 0},
		{nowhere, "visibility=all&member_status=all", 2},
		{admin, "", 1},
		{admin, "member_status=all&visibility=all", 1},
		{admin, "visibility=shared", 1},
		{admin, "owner=demo", 1},
	} {
		if lists, keys := l.count(func() { l.mustPage(t, c.who, c.query) }); lists != c.lists || keys != 0 {
			t.Errorf("%s lists %q by %d queries and %d reads, not %d and none", c.who.UserID, c.query, lists, keys, c.lists)
		}
	}
}
