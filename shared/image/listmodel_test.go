package image

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
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
			page, err := l.List(context.Background(), l.grant, q.protection(), c, parsed, q.may)
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
		byID, members := map[string]*Image{}, modelMembers{}
		for range rapid.IntRange(1, 25).Draw(rt, "writes") {
			if len(byID) > 0 && rapid.Bool().Draw(rt, "member") {
				l.changeMember(rt, byID, members)
			} else if before, after := drawChange(rt, byID); after != nil {
				if err := l.save(context.Background(), before, after); err != nil {
					rt.Fatal(err)
				}
				byID[strings.ToLower(after.ID)] = after
			}
			c := rapid.SampledFrom(listers).Draw(rt, "caller")
			images := slices.Collect(maps.Values(byID))
			q := drawQuery(rt, nil, members)
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

// changeMember shares an image of them with a project, or changes or ends that.
func (l *lister) changeMember(t *rapid.T, byID map[string]*Image, members modelMembers) {
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(byID))).Draw(t, "shared")
	project := rapid.SampledFrom([]string{"demo", "other", "strangers"}).Draw(t, "project")
	img := byID[id]
	if !img.Status.Exists() || img.Visibility != Shared {
		return // callers do not get that far
	}
	if members[id] == nil {
		members[id] = map[string]MemberStatus{}
	}
	row, err := l.readMember(context.Background(), id, project)
	if err != nil {
		t.Fatal(err)
	}
	status := rapid.SampledFrom([]MemberStatus{"", Accepted, Accepted, Pending, Rejected}).Draw(t, "becomes")
	switch {
	case row == nil:
		_, err = l.AddMember(context.Background(), l.may(t, policy.AddMember, img), img, project)
		members[id][project] = Pending
	case status == "":
		err = l.RemoveMember(context.Background(), l.may(t, policy.DeleteMember, img), img, *row)
		delete(members[id], project)
	default:
		_, err = l.SetMemberStatus(context.Background(), l.may(t, policy.ModifyMember, img), img, *row, status)
		members[id][project] = status
	}
	if err != nil {
		t.Fatal(err)
	}
	if byID[id], err = l.read(context.Background(), id); err != nil {
		t.Fatal(err)
	}
}

// may is the grant of an admin.
func (l *lister) may(t *rapid.T, rule policy.Rule, img *Image) policy.Grant {
	grant, err := policy.AuthorizeImage(l.rules, rule, admin, Target(img, admin))
	if err != nil {
		t.Fatal(err)
	}
	return grant
}
