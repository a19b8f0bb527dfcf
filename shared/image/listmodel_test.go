package image

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// The model lists images from memory, by sorting and filtering all of them, and
// shares no code with the lists it judges.

var zeroTime = time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)

// drawImage makes an image that is likely to be equal to others in what lists
// sort and filter by.
func drawImage(t *rapid.T) *Image {
	owners := []*string{nil, ptr("demo"), ptr("demo"), ptr("other"), ptr("admin"), ptr("")}
	statuses := []Status{Queued, Active, Active, Active, Saving, Importing, Deactivated, Killed, Deleted, Purging, PendingDelete}
	created := zeroTime.Add(rapid.SampledFrom([]time.Duration{0, time.Microsecond, 400 * time.Millisecond, 1200 * time.Millisecond}).Draw(t, "created"))
	img := &Image{
		ID:              drawID(t),
		Name:            drawName(t),
		Status:          rapid.SampledFrom(statuses).Draw(t, "status"),
		Visibility:      rapid.SampledFrom([]Visibility{Public, Private, Shared, Community}).Draw(t, "visibility"),
		Protected:       rapid.Bool().Draw(t, "protected"),
		Hidden:          rapid.IntRange(0, 3).Draw(t, "hidden") == 0,
		Owner:           rapid.SampledFrom(owners).Draw(t, "owner"),
		ContainerFormat: rapid.SampledFrom([]*string{nil, ptr("bare"), ptr("ovf")}).Draw(t, "container"),
		DiskFormat:      rapid.SampledFrom([]*string{nil, ptr("raw"), ptr("qcow2")}).Draw(t, "disk"),
		Size:            rapid.SampledFrom([]*int64{nil, ptr[int64](0), ptr[int64](1), ptr[int64](5)}).Draw(t, "size"),
		MinRAM:          int64(rapid.IntRange(0, 2).Draw(t, "ram")),
		CreatedAt:       created,
		UpdatedAt:       created.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "updated")) * time.Second),
		Tags:            rapid.SampledFrom([][]string{nil, {"a"}, {"a", "b"}}).Draw(t, "tags"),
		Properties:      rapid.SampledFrom([]map[string]string{nil, {"os_distro": "x"}, {"os_distro": "y", "secret": "1"}}).Draw(t, "properties"),
	}
	if img.Status == Deleted || img.Status == Purging {
		img.Deletion = &Deletion{At: img.UpdatedAt, PurgeAt: img.UpdatedAt.Add(time.Hour), Was: Active}
	}
	return img
}

func ptr[T any](v T) *T { return &v }

// drawID makes ids that often begin alike, in any letter case.
func drawID(t *rapid.T) string {
	id := fmt.Sprintf("%08x-0000-4000-8000-%012x", 0xab0000c0+rapid.IntRange(0, 3).Draw(t, "id1"), rapid.Uint64Range(0, 1<<48-1).Draw(t, "id2"))
	if rapid.Bool().Draw(t, "upper") {
		return strings.ToUpper(id)
	}
	return id
}

func drawName(t *rapid.T) *string {
	switch rapid.IntRange(0, 9).Draw(t, "name") {
	case 0:
		return nil
	case 1:
		return ptr("")
	case 2, 3, 4, 5:
		return ptr(rapid.SampledFrom([]string{"a", "a ", "ab", "b", "B", "ä", "a\x00", "a\x01b", "a:b", "a,b"}).Draw(t, "short"))
	}
	// Around where names are cut in keys: some stand whole, some cut, and what
	// they share ends between characters or within one.
	head := rapid.SampledFrom([]string{"", "a", "aa"}).Draw(t, "shift") + strings.Repeat("\U0001F600", rapid.IntRange(230, 231).Draw(t, "head"))
	tail := rapid.SampledFrom([]string{"", strings.Repeat("\U0001F600", 10)}).Draw(t, "tail")
	return ptr(head + rapid.SampledFrom([]string{"", "a", "Z", "ä", "\x01", "\U0010FFFF"}).Draw(t, "middle") + tail +
		rapid.SampledFrom([]string{"", "a", "b", "\U0010FFFF\U0010FFFF"}).Draw(t, "end"))
}

// Everybody who lists: two owners, an admin, a stranger, and somebody without a
// project.
var listers = []caller.Caller{
	demo, other, admin,
	{UserID: "stranger", ProjectID: "strangers", Roles: []string{"reader"}},
	{UserID: "unscoped", Roles: []string{"reader"}},
}

// A modelQuery is a list call in a form that the model understands.
type modelQuery struct {
	members modelMembers
	status  string // of members; "all" for any
	params  map[string][]string
	keys    []string
	desc    []bool
	keep    map[string]func(*Image) bool // by parameter
	visible string
	hidden  bool
	none    bool
	refuse  bool // get_image refuses what has the property secret
}

func (q *modelQuery) set(name, value string) { q.params[name] = []string{value} }

func (q *modelQuery) filter(name, value string, keep func(*Image) bool) {
	q.set(name, value)
	q.keep[name] = keep
}

func (q *modelQuery) may(img *Image) (bool, error) {
	return !q.refuse || img.Properties["secret"] == "", nil
}

func drawQuery(t *rapid.T, images []*Image, members modelMembers) *modelQuery {
	q := &modelQuery{
		members: members, status: "accepted",
		params: map[string][]string{}, keep: map[string]func(*Image) bool{}, refuse: rapid.IntRange(0, 3).Draw(t, "refuse") == 0,
	}
	drawSort(t, q)
	if status := rapid.SampledFrom([]string{"", "", "accepted", "pending", "rejected", "all"}).Draw(t, "member status"); status != "" {
		q.set("member_status", status)
		q.status = status
	}
	switch rapid.SampledFrom([]string{"", "", "public", "private", "shared", "community", "all", "none"}).Draw(t, "visibility") {
	case "none":
		q.set("visibility", "")
		q.none = true
	case "public":
		q.visible = "public"
	case "private":
		q.visible = "private"
	case "shared":
		q.visible = "shared"
	case "community":
		q.visible = "community"
	case "all":
		q.visible = "all"
	}
	if q.visible != "" {
		q.set("visibility", q.visible)
	}
	if rapid.IntRange(0, 3).Draw(t, "hidden") == 0 {
		q.hidden = true
		q.set("os_hidden", "True")
	}
	if len(images) > 0 && rapid.Bool().Draw(t, "filtered") {
		drawFilters(t, q, rapid.SampledFrom(images).Draw(t, "example"))
	}
	return q
}

func drawSort(t *rapid.T, q *modelQuery) {
	switch rapid.IntRange(0, 4).Draw(t, "sort") {
	case 0:
		q.keys, q.desc = []string{"created_at", "id"}, []bool{true, true}
		return
	case 1, 2: // the orders that entries are kept in
		key := rapid.SampledFrom([]string{"created_at", "name"}).Draw(t, "key")
		desc := rapid.Bool().Draw(t, "desc")
		q.set("sort_key", key)
		q.set("sort_dir", direction(desc))
		q.keys, q.desc = []string{key, "created_at", "id"}, []bool{desc, desc, desc}
		return
	}
	all := []string{"name", "created_at", "id"}
	if rapid.Bool().Draw(t, "any key") {
		all = []string{"name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"}
	}
	keys := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 3, rapid.ID[string]).Draw(t, "keys")
	var parts []string
	for _, key := range keys {
		desc := rapid.Bool().Draw(t, "desc")
		parts = append(parts, " "+key+" : "+direction(desc)+" ")
		q.keys, q.desc = append(q.keys, key), append(q.desc, desc)
	}
	q.set("sort", strings.Join(parts, ","))
	rest := len(keys) > 1 || q.desc[0]
	q.keys, q.desc = append(q.keys, "created_at", "id"), append(q.desc, rest, rest)
}

func direction(desc bool) string {
	if desc {
		return "desc"
	}
	return "asc"
}

func drawFilters(t *rapid.T, q *modelQuery, like *Image) {
	for range rapid.IntRange(1, 2).Draw(t, "filters") {
		switch rapid.IntRange(0, 9).Draw(t, "filter") {
		case 0:
			if like.Name != nil {
				q.filter("name", "eq:"+*like.Name, func(img *Image) bool { return img.Name != nil && *img.Name == *like.Name })
			}
		case 1:
			q.filter("name", `in:a,"a,b",ab,""`, func(img *Image) bool {
				return img.Name != nil && slices.Contains([]string{"a", "a,b", "ab", ""}, *img.Name)
			})
		case 2:
			q.filter("id", like.ID, func(img *Image) bool { return img.ID == like.ID })
		case 3:
			q.filter("status", "in:active,queued", func(img *Image) bool { return img.Status == Active || img.Status == Queued })
		case 4:
			owner := rapid.SampledFrom([]string{"demo", "other", "", "nobody"}).Draw(t, "owner")
			q.filter("owner", owner, func(img *Image) bool { return img.Owner != nil && *img.Owner == owner })
		case 5:
			q.filter("tag", "", func(img *Image) bool { return slices.Contains(img.Tags, "a") && slices.Contains(img.Tags, "b") })
			q.params["tag"] = []string{" a", "b "}
		case 6:
			q.filter("os_distro", "x", func(img *Image) bool { return img.Properties["os_distro"] == "x" })
		case 7:
			n := int64(rapid.IntRange(0, 2).Draw(t, "least"))
			q.filter("size_min", strconv.FormatInt(n, 10), func(img *Image) bool { return img.Size != nil && *img.Size >= n })
		case 8:
			q.filter("created_at", "gte:2026-07-01T11:00:01+02:00", func(img *Image) bool { return img.CreatedAt.Unix() >= zeroTime.Unix()+1 })
		case 9:
			q.filter("protected", "true", func(img *Image) bool { return img.Protected })
		}
	}
}

// rows are the images that c is to be shown, in their order.
func (q *modelQuery) rows(images []*Image, c caller.Caller) []*Image {
	var rows []*Image
	for _, img := range images {
		if q.shows(img, c) {
			rows = append(rows, img)
		}
	}
	slices.SortFunc(rows, q.compare)
	return rows
}

func (q *modelQuery) shows(img *Image, c caller.Caller) bool {
	own := img.Owner != nil && c.ProjectID != "" && *img.Owner == c.ProjectID
	open := img.Visibility == Public || img.Visibility == Community || img.Visibility == Shared && q.shared(img, c)
	switch {
	case q.none, img.Hidden != q.hidden, !slices.Contains([]Status{Queued, Active, Saving, Importing, Deactivated}, img.Status):
		return false
	case !c.Admin && !own && !open:
		return false
	case q.visible == "" && img.Visibility == Community && !own:
		return false
	case q.visible != "" && q.visible != "all" && string(img.Visibility) != q.visible:
		return false
	}
	for _, keep := range q.keep {
		if !keep(img) {
			return false
		}
	}
	ok, _ := q.may(img)
	return ok
}

// shared reports whether the image's row for the caller's project is one that
// was asked for.
func (q *modelQuery) shared(img *Image, c caller.Caller) bool {
	status, ok := q.members[strings.ToLower(img.ID)][c.ProjectID]
	return ok && (q.status == "all" || q.status == string(status))
}

func (q *modelQuery) compare(a, b *Image) int {
	for i, key := range q.keys {
		if c := cmp.Compare(modelValue(a, key), modelValue(b, key)); c != 0 {
			if q.desc[i] {
				return -c
			}
			return c
		}
	}
	return 0
}

// modelValue writes an attribute so that it sorts as text.
func modelValue(img *Image, key string) string {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	switch key {
	case "name":
		return text(img.Name)
	case "status":
		return string(img.Status)
	case "container_format":
		return text(img.ContainerFormat)
	case "disk_format":
		return text(img.DiskFormat)
	case "size":
		if img.Size == nil {
			return "0"
		}
		return strconv.FormatInt(*img.Size, 10) // of one digit
	case "id":
		return strings.ToLower(img.ID)
	case "created_at":
		return strconv.FormatInt(img.CreatedAt.UnixMicro(), 10)
	case "updated_at":
		return strconv.FormatInt(img.UpdatedAt.UnixMicro(), 10)
	}
	panic(key)
}

// walk follows markers from the first page to the end.
func (q *modelQuery) walk(t *rapid.T, l *lister, c caller.Caller, limit int) []string {
	params := maps.Clone(q.params)
	params["limit"] = []string{strconv.Itoa(limit)}
	ids := []string{}
	for {
		parsed, err := ParseQuery(params)
		if err != nil {
			t.Fatalf("%v: %v", params, err)
		}
		page, err := l.List(context.Background(), l.grant, c, parsed, q.may)
		if err != nil {
			t.Fatalf("list %v: %v", params, err)
		}
		ids = append(ids, idsIn(page.Images)...)
		if full := len(page.Images) == limit; page.More != full {
			t.Fatalf("list %v: a page of %d, more: %t", params, len(page.Images), page.More)
		}
		if !page.More {
			return ids
		}
		marker := ids[len(ids)-1]
		if len(ids)%2 == 0 {
			marker = strings.ToUpper(marker)
		}
		params["marker"] = []string{marker}
	}
}

// modelMembers are the statuses of members by image, in lower case, and project.
type modelMembers map[string]map[string]MemberStatus

// drawMembers shares images with those who list, their own projects too, and
// whatever the visibility: rows outlive it.
func drawMembers(t *rapid.T, images []*Image) modelMembers {
	members := modelMembers{}
	for _, img := range images {
		rows := map[string]MemberStatus{}
		for _, project := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"demo", "other", "strangers"}), rapid.ID[string]).Draw(t, "members") {
			rows[project] = rapid.SampledFrom([]MemberStatus{Accepted, Accepted, Pending, Rejected}).Draw(t, "row")
		}
		members[strings.ToLower(img.ID)] = rows
	}
	return members
}

func drawImages(t *rapid.T, most int) []*Image {
	return rapid.SliceOfNDistinct(rapid.Custom(drawImage), rapid.SampledFrom([]int{0, most / 2}).Draw(t, "least"), most, func(img *Image) string { return strings.ToLower(img.ID) }).Draw(t, "images")
}

// TestListIsTheModel walks lists of all kinds, page by page, and compares them
// with the model's.
func TestListIsTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		images := drawImages(rt, 40)
		members := drawMembers(rt, images)
		l := newLister(t)
		l.put(t, images...)
		l.putMembers(t, images, members)
		for range 6 {
			c := rapid.SampledFrom(listers).Draw(rt, "caller")
			q := drawQuery(rt, images, members)
			want := idsIn(q.rows(images, c))
			got := q.walk(rt, l, c, rapid.IntRange(1, 9).Draw(rt, "limit"))
			if diff := gocmp.Diff(want, got); diff != "" {
				rt.Fatalf("%s lists %v (-want +got):\n%s", c.UserID, q.params, diff)
			}
		}
	})
}

// TestListFromAnyMarker begins behind any image there is, shown in the list or
// not.
func TestListFromAnyMarker(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		images := drawImages(rt, 30)
		members := drawMembers(rt, images)
		l := newLister(t)
		l.put(t, images...)
		l.putMembers(t, images, members)
		for range min(len(images), 6) {
			c := rapid.SampledFrom(listers).Draw(rt, "caller")
			q := drawQuery(rt, images, members)
			marker := rapid.SampledFrom(images).Draw(rt, "marker")
			q.set("marker", marker.ID)
			parsed, err := ParseQuery(q.params)
			if err != nil {
				rt.Fatal(err)
			}
			page, err := l.List(context.Background(), l.grant, c, parsed, q.may)
			if want := markerFault(marker, members, c); problem.CodeOf(err) != want || err != nil && want == problem.Internal {
				rt.Fatalf("marker %s for %s: %v, not %d", describe(marker), c.UserID, err, want)
			}
			want := []string{}
			for _, img := range q.rows(images, c) {
				if err == nil && q.compare(marker, img) < 0 && len(want) < DefaultListLimit {
					want = append(want, img.ID)
				}
			}
			if diff := gocmp.Diff(want, idsIn(page.Images)); diff != "" {
				rt.Fatalf("%s lists %v (-want +got):\n%s", c.UserID, q.params, diff)
			}
		}
	})
}

func markerFault(marker *Image, members modelMembers, c caller.Caller) problem.Code {
	gone := slices.Contains([]Status{Deleted, Purging, PendingDelete}, marker.Status)
	_, member := members[strings.ToLower(marker.ID)][c.ProjectID]
	switch {
	case c.Admin:
		return problem.Internal // none
	case gone:
		return problem.Invalid
	case marker.Owner == nil, marker.Visibility == Public, marker.Visibility == Community:
		return problem.Internal
	case c.ProjectID != "" && *marker.Owner == c.ProjectID:
		return problem.Internal
	case marker.Visibility == Shared && member: // of whatever status
		return problem.Internal
	}
	return problem.Forbidden
}

// TestP1EveryWriteIsListed changes images in every way and compares, after each
// answered write, the whole list of some caller, read by another service.
func TestP1EveryWriteIsListed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLister(t)
		reader := *l.Service
		byID := map[string]*Image{}
		for range rapid.IntRange(1, 25).Draw(rt, "writes") {
			before, after := drawChange(rt, byID)
			if after == nil {
				continue
			}
			if err := l.save(context.Background(), before, after); err != nil {
				rt.Fatal(err)
			}
			byID[strings.ToLower(after.ID)] = after
			c := rapid.SampledFrom(listers).Draw(rt, "caller")
			images := slices.Collect(maps.Values(byID))
			q := drawQuery(rt, nil, nil)
			want := idsIn(q.rows(images, c))
			got := q.walk(rt, &lister{Service: &reader, grant: l.grant}, c, 100)
			if diff := gocmp.Diff(want, got); diff != "" {
				rt.Fatalf("%s lists %v (-want +got):\n%s", c.UserID, q.params, diff)
			}
		}
	})
}

// drawChange makes a new image, or changes one: name, visibility, owner, hidden
// and status, and so also deletes and restores.
func drawChange(t *rapid.T, byID map[string]*Image) (before, after *Image) {
	fresh := drawImage(t)
	if len(byID) == 0 || rapid.Bool().Draw(t, "new") {
		if byID[strings.ToLower(fresh.ID)] != nil {
			return nil, nil
		}
		return nil, fresh
	}
	before = byID[rapid.SampledFrom(slices.Sorted(maps.Keys(byID))).Draw(t, "changed")]
	after = before.clone()
	after.Name, after.Visibility, after.Owner, after.Hidden = fresh.Name, fresh.Visibility, fresh.Owner, fresh.Hidden
	after.Status, after.UpdatedAt = fresh.Status, fresh.UpdatedAt
	if !awaitsPurge(before) || !awaitsPurge(after) { // the time of a deletion does not change
		after.Deletion = fresh.Deletion
	}
	return before, after
}
