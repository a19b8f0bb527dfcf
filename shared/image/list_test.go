package image

import (
	"context"
	"fmt"
	"slices"
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
	if _, err := l.List(t.Context(), policy.Grant{}, nil, admin, Query{limit: 1}, mayAll); err == nil {
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

// TestListByNameOfSharedTwins walks what others share by names that keys hold
// alike: all of them are put in order for each page, however few it shows.
func TestListByNameOfSharedTwins(t *testing.T) {
	l := newLister(t)
	images, members := numbered(12), modelMembers{}
	for i, img := range images {
		img.Name, img.Owner, img.Visibility = ptr(strings.Repeat("\U0001F600", 245)+string(rune('a'+i))), ptr("other"), Shared
		members[img.ID] = map[string]MemberStatus{"demo": Accepted}
	}
	l.put(t, images...)
	l.putMembers(t, images, members)
	for _, dir := range []string{"asc", "desc"} {
		q, err := query("sort=name:" + dir)
		if err != nil {
			t.Fatal(err)
		}
		var walked []*Image
		for text := "limit=2&sort=name:" + dir; text != ""; {
			page := l.mustPage(t, demo, text)
			walked = append(walked, page.Images...)
			if text = ""; page.More {
				text = "limit=2&sort=name:" + dir + "&marker=" + page.Images[len(page.Images)-1].ID
			}
		}
		if want := slices.SortedFunc(slices.Values(images), q.sort.compare); !slices.Equal(idsIn(walked), idsIn(want)) {
			t.Errorf("%s walks\n%v, not\n%v", dir, idsIn(walked), idsIn(want))
		}
	}
}
