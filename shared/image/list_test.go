package image

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// numbered makes n images that demo may list, one every second, of its own and of
// others: demo's private and public ones, and other's public ones.
func numbered(n int) []*Image {
	images := make([]*Image, n)
	for i := range images {
		at := zeroTime.Add(time.Duration(i) * time.Second)
		images[i] = &Image{
			ID: uuid.NewString(), Name: ptr(fmt.Sprintf("image %07d", i)), Status: Active, Visibility: Public,
			Owner: ptr("demo"), DiskFormat: ptr("qcow2"), ContainerFormat: ptr("bare"), Size: ptr(int64(i)),
			CreatedAt: at, UpdatedAt: at, Properties: map[string]string{"os_distro": "debian"},
		}
		switch i % 3 {
		case 0:
			images[i].Visibility = Private
		case 1:
			images[i].Owner = ptr("other")
		}
	}
	return images
}

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

// A hurried context's deadline draws near after some reads.
type hurried struct {
	context.Context
	meter *table.Meter
	reads int64
}

func (h hurried) Deadline() (time.Time, bool) {
	if h.meter.Snapshot()[""].Gets >= h.reads {
		return time.Now().Add(timeForAnswer / 2), true
	}
	return time.Now().Add(time.Hour), true
}

// TestListInTime runs out of time: with something to show the page ends there,
// without it is 503.
func TestListInTime(t *testing.T) {
	l := newLister(t)
	images := numbered(1000)
	images[990].Properties["os_distro"] = "plan9"
	images[10].Properties["os_distro"] = "plan9"
	l.put(t, images...)
	for _, c := range []struct {
		text  string
		reads int64
		want  []string
	}{
		{"os_distro=plan9", 2, []string{images[990].ID}},
		{"os_distro=nothing", 2, nil},
		{"os_distro=plan9&sort=size", 2, nil},
	} {
		l.count(func() {
			page, err := l.page(hurried{context.Background(), l.meter, c.reads}, admin, c.text)
			if c.want == nil {
				if !problem.Is(err, problem.Unavailable) {
					t.Errorf("%s: %v and %d images, not 503", c.text, err, len(page.Images))
				}
				return
			}
			if err != nil || !slices.Equal(idsIn(page.Images), c.want) || !page.More {
				t.Errorf("%s: %v, %v, more: %t", c.text, idsIn(page.Images), err, page.More)
			}
		})
	}
}

// TestListNeedsItsGrant gives a list the grant of another rule.
func TestListNeedsItsGrant(t *testing.T) {
	l := newLister(t)
	l.put(t, numbered(1)...)
	if _, err := l.List(t.Context(), policy.Grant{}, admin, Query{limit: 1}, mayAll); err == nil {
		t.Error("a list without a grant")
	}
}

// TestListMarkerByMembership follows a marker that the caller sees as a member.
func TestListMarkerByMembership(t *testing.T) {
	l := newLister(t)
	images := numbered(3)
	images[1].Visibility, images[1].Owner = Shared, ptr("other")
	l.put(t, images...)
	if _, err := l.page(t.Context(), demo, "marker="+images[1].ID); !problem.Is(err, problem.Forbidden) {
		t.Fatalf("no member: %v", err)
	}
	write := table.Write{Kind: table.Put, Key: memberKey(images[1].ID, "demo"), If: table.IfAbsent()}
	if outcome, err := l.Table.Transact(t.Context(), write); err != nil || !outcome.OK() {
		t.Fatal(outcome, err)
	}
	if page := l.mustPage(t, demo, "marker="+images[1].ID); !slices.Equal(idsIn(page.Images), []string{images[0].ID}) {
		t.Fatalf("a member lists %v", idsIn(page.Images))
	}
}

// A staleTable changes an image between a page's queries and its reads.
type staleTable struct {
	table.Table
	once   sync.Once
	change func()
}

func (s *staleTable) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	s.once.Do(s.change)
	return s.Table.Get(ctx, keys...)
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

// TestListShowsRecordsNotEntries changes what an entry said before its record is
// read: the row is there only if the record, as it is now, belongs there.
func TestListShowsRecordsNotEntries(t *testing.T) {
	member := caller.Caller{UserID: "member", ProjectID: "members", Roles: []string{"reader"}}
	for _, c := range []struct {
		name   string
		query  string
		who    caller.Caller
		change func(*Image)
		shown  bool
	}{
		{"untouched", "", demo, func(*Image) {}, true},
		{"made shared", "", other, func(img *Image) { img.Visibility = Shared }, false},
		{"made shared, with a member", "", member, func(img *Image) { img.Visibility = Shared }, true},
		{"made private, with a member", "", member, func(img *Image) { img.Visibility = Private }, false},
		{"made community, with a member", "", member, func(img *Image) { img.Visibility = Community }, false},
		{"hidden, with a member", "member_status=accepted", member, func(img *Image) { img.Hidden = true }, false},
		{"made shared, by name, with a member", "sort=name", member, func(img *Image) { img.Visibility = Shared }, true},
		{"made shared, by size, with a member", "sort=size", member, func(img *Image) { img.Visibility = Shared }, true},
		{"deleted", "", demo, func(img *Image) { img.Status, img.Deletion = Deleted, &Deletion{At: zeroTime} }, false},
		{"hidden", "", demo, func(img *Image) { img.Hidden = true }, false},
		{"made private", "", other, func(img *Image) { img.Visibility = Private }, false},
		{"made private, own", "", demo, func(img *Image) { img.Visibility = Private }, true},
		{"made community", "", other, func(img *Image) { img.Visibility = Community }, false},
		{"made community, asked for all", "visibility=all", other, func(img *Image) { img.Visibility = Community }, true},
		{"given away", "", demo, func(img *Image) { img.Owner, img.Visibility = ptr("other"), Private }, false},
		{"nobody's", "", demo, func(img *Image) { img.Owner, img.Visibility = nil, Private }, false},
		{"renamed, by name", "sort=name", demo, func(img *Image) { img.Name = ptr("z") }, false},
		{"renamed, by creation", "", demo, func(img *Image) { img.Name = ptr("z") }, true},
		{"renamed, filtered", "name=a", demo, func(img *Image) { img.Name = ptr("z") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLister(t)
			img := numbered(3)[2]
			img.Name = ptr("a")
			l.put(t, img)
			l.putMembers(t, []*Image{img}, modelMembers{img.ID: {"members": Accepted}})
			img.Revision = 1
			next := img.clone()
			c.change(next)
			reader := *l.Service
			reader.Table = &staleTable{Table: l.Table, change: func() {
				if err := l.save(t.Context(), img, next); err != nil {
					t.Error(err)
				}
			}}
			page := (&lister{Service: &reader, grant: l.grant}).mustPage(t, c.who, c.query)
			if shown := len(page.Images) == 1; shown != c.shown {
				t.Errorf("shown: %t, not %t", shown, c.shown)
			}
		})
	}
}

// TestListWhileImagesComeAndGo walks lists while others make and delete images:
// every walk shows each image that was there throughout, and no page shows one
// twice, or one whose deletion had been answered before.
func TestListWhileImagesComeAndGo(t *testing.T) {
	l := newLister(t)
	stay := numbered(60)
	l.put(t, stay...)
	var mu sync.Mutex
	gone := map[string]bool{}
	stop := make(chan struct{})
	var churn sync.WaitGroup
	for worker := range 4 {
		churn.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				img := numbered(60)[(i*7+worker)%60] // a place among those that stay
				if err := l.save(context.Background(), nil, img); err != nil {
					t.Error(err)
					return
				}
				next := img.clone()
				next.Status, next.Deletion = Deleted, &Deletion{At: zeroTime, PurgeAt: zeroTime}
				if err := l.save(context.Background(), img, next); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				gone[img.ID] = true
				mu.Unlock()
			}
		})
	}
	for i := range 30 {
		sort := []string{"created_at:desc", "created_at:asc", "name:asc", "name:desc", "size:asc"}[i%5]
		seen := map[string]int{}
		for text := "limit=7&sort=" + sort; text != ""; {
			mu.Lock()
			before := len(gone)
			ghosts := make(map[string]bool, before)
			for id := range gone {
				ghosts[id] = true
			}
			mu.Unlock()
			page, err := l.page(context.Background(), demo, text)
			if problem.Is(err, problem.Invalid) { // the marker was deleted meanwhile
				seen = nil
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			text = ""
			if distinct := slices.Compact(slices.Sorted(slices.Values(idsIn(page.Images)))); len(distinct) != len(page.Images) {
				t.Errorf("a page shows an image twice: %v", idsIn(page.Images))
			}
			for _, img := range page.Images {
				if seen[img.ID]++; ghosts[img.ID] {
					t.Errorf("a page shows %s, which was deleted before", img.ID)
				}
			}
			if page.More {
				text = "limit=7&sort=" + sort + "&marker=" + lasting(page.Images, stay)
			}
		}
		for _, img := range stay {
			if seen != nil && seen[img.ID] == 0 {
				t.Errorf("by %s a walk misses %s, which was there throughout", sort, img.ID)
			}
		}
	}
	close(stop)
	churn.Wait()
}

// lasting returns the last image of a page that stays, else the last one.
func lasting(page, stay []*Image) string {
	for _, img := range slices.Backward(page) {
		if slices.ContainsFunc(stay, func(s *Image) bool { return s.ID == img.ID }) {
			return img.ID
		}
	}
	return page[len(page)-1].ID
}
