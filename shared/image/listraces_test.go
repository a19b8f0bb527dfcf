package image

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// A sight is one list that somebody read.
type sight struct {
	caller     caller.Caller
	text       string
	whole      bool // shows what stays in the list: it reads each image at one place alone
	start, end int64
	ids        []string
}

// sights are the lists that are read while images change.
var sights = []sight{
	{caller: other, text: "limit=1000", whole: true},
	{caller: other, text: "limit=1000&sort=created_at:asc", whole: true},
	{caller: other, text: "limit=1000&member_status=pending", whole: true},
	{caller: other, text: "limit=1000&visibility=shared", whole: true},
	{caller: other, text: "limit=1000&sort=name:asc", whole: true},
	{caller: other, text: "limit=1000&sort=size", whole: true},
	{caller: other, text: "limit=1000&member_status=all"},
	{caller: other, text: "limit=1000&visibility=all"},
	{caller: demo, text: "limit=1000", whole: true},
	{caller: demo, text: "limit=1000&os_hidden=true", whole: true},
	{caller: admin, text: "limit=1000", whole: true},
	{caller: admin, text: "limit=1000&visibility=all&sort=name", whole: true},
}

// model returns the sight's query in the model's words.
func (s *sight) model() *modelQuery {
	q := &modelQuery{status: "accepted", params: map[string][]string{}, keys: []string{"created_at", "id"}, desc: []bool{true, true}}
	for part := range strings.SplitSeq(s.text, "&") {
		name, value, _ := strings.Cut(part, "=")
		q.set(name, value)
		switch name {
		case "member_status":
			q.status = value
		case "visibility":
			q.visible = value
		case "os_hidden":
			q.hidden = true
		case "sort":
			key, dir, _ := strings.Cut(value, ":")
			q.keys, q.desc = slices.Compact([]string{key, "created_at", "id"}), []bool{dir != "asc", dir != "asc", dir != "asc"}
		}
	}
	return q
}

// TestListsWhileVisibilityAndMembersChange lists while visibility, members and
// deletions race with each other on the same images. No list shows a ghost or
// misses what stays in it, and in the end each is the model's.
func TestListsWhileVisibilityAndMembersChange(t *testing.T) {
	w := newWorld(t)
	h := &chronicle{records: map[string][]told[*Image]{}, rows: map[string][]told[MemberStatus]{}}
	ch := &changer{world: w, chronicle: h}
	for i := range 24 {
		if err := ch.make(i >= 4); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	var writers sync.WaitGroup
	write := func(change func() error) {
		writers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := change(); err != nil && problem.CodeOf(err) == problem.Internal && !Changed(err) {
					t.Errorf("a change: %v", err)
					return
				}
			}
		})
	}
	steady := slices.DeleteFunc(slices.Sorted(maps.Keys(h.records)), func(id string) bool { return slices.Contains(h.images, id) })
	for _, id := range steady {
		for range 2 { // a row, and that it is accepted
			img := w.mustGet(id)
			if err := ch.share(img, Accepted); err != nil {
				t.Fatal(err)
			}
		}
		write(func() error { return ch.flicker(id) })
	}
	for range 4 {
		write(ch.change)
	}
	var seen []sight
	for len(seen) < 240 || h.ticks.Load() < 2000 {
		seen = append(seen, w.look(h)...)
	}
	close(stop)
	writers.Wait()
	for _, s := range seen {
		h.check(t, s)
	}
	w.wantModel(h)
	w.audit()
}

// look reads every list once.
func (w *world) look(h *chronicle) []sight {
	w.t.Helper()
	l := &lister{Service: w.service, grant: w.listGrant()}
	seen := slices.Clone(sights)
	for i := range seen {
		s := &seen[i]
		s.start = h.tick()
		s.ids = idsIn(l.mustPage(w.t, s.caller, s.text).Images)
		s.end = h.tick()
	}
	return seen
}

func (w *world) listGrant() policy.Grant {
	w.t.Helper()
	grant, err := w.rules.Authorize(policy.GetImages, demo, ListTarget(demo))
	if err != nil {
		w.t.Fatal(err)
	}
	return grant
}

// wantModel compares every list with the model's, made of what is stored.
func (w *world) wantModel(h *chronicle) {
	w.t.Helper()
	var images []*Image
	members := modelMembers{}
	for id := range h.records {
		img, err := w.service.read(w.t.Context(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		images = append(images, img)
		row, err := w.service.readMember(w.t.Context(), id, other.ProjectID)
		if err != nil {
			w.t.Fatal(err)
		}
		members[strings.ToLower(id)] = map[string]MemberStatus{}
		if row != nil {
			members[strings.ToLower(id)][other.ProjectID] = row.Status
		}
	}
	l := &lister{Service: w.service, grant: w.listGrant()}
	for _, s := range sights {
		q := s.model()
		q.members = members
		got := idsIn(l.mustPage(w.t, s.caller, s.text).Images)
		if diff := gocmp.Diff(idsIn(q.rows(images, s.caller)), got); diff != "" {
			w.t.Errorf("%s lists %s (-want +got):\n%s", s.caller.UserID, s.text, diff)
		}
	}
}
