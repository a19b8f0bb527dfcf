package image

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// granted asks the real rules about the image as it is.
func (w *world) granted(rule policy.Rule, c caller.Caller, img *Image) policy.Grant {
	w.t.Helper()
	g, err := policy.AuthorizeImage(w.rules, rule, c, Target(img, c))
	if err != nil {
		w.t.Fatalf("grant of %s: %v", rule, err)
	}
	return g
}

func (w *world) addMember(id, project string) (Member, error) {
	w.t.Helper()
	img := w.mustGet(id)
	return w.service.AddMember(w.t.Context(), w.granted(policy.AddMember, demo, img), img, project)
}

func (w *world) mustAddMember(id, project string) Member {
	w.t.Helper()
	m, err := w.addMember(id, project)
	if err != nil {
		w.t.Fatalf("adding member %q: %v", project, err)
	}
	return m
}

// row reads one row as an admin.
func (w *world) row(id, project string) (Member, error) {
	w.t.Helper()
	img := w.mustGet(id)
	return w.service.Member(w.t.Context(), w.granted(policy.GetMember, admin, img), admin, img, project)
}

// answer sets the status of a project's row, as an admin.
func (w *world) answer(id, project string, status MemberStatus) (Member, error) {
	w.t.Helper()
	m, err := w.row(id, project)
	if err != nil {
		return m, err
	}
	img := w.mustGet(id)
	return w.service.SetMemberStatus(w.t.Context(), w.granted(policy.ModifyMember, admin, img), img, m, status)
}

func (w *world) removeMember(id, project string) error {
	w.t.Helper()
	m, err := w.row(id, project)
	if err != nil {
		return err
	}
	img := w.mustGet(id)
	return w.service.RemoveMember(w.t.Context(), w.granted(policy.DeleteMember, demo, img), img, m)
}

// show moves the image to another visibility.
func (w *world) show(id string, v Visibility) {
	w.t.Helper()
	img := w.mustGet(id)
	next := img.clone()
	next.Visibility = v
	if err := w.service.save(w.t.Context(), img, next); err != nil {
		w.t.Fatal(err)
	}
}

// members lists the projects that c is shown.
func (w *world) members(c caller.Caller, id string) []string {
	w.t.Helper()
	img := w.mustGet(id)
	all, err := w.service.Members(w.t.Context(), w.granted(policy.GetMembers, c, img), c, img)
	if err != nil {
		w.t.Fatal(err)
	}
	var projects []string
	for m, err := range all {
		if err != nil {
			w.t.Fatal(err)
		}
		projects = append(projects, m.ID+" "+string(m.Status))
	}
	return projects
}

// TestMemberLife takes one row through all that can become of it. The image it
// belongs to looks the same all the time.
func TestMemberLife(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	was := *w.mustGet(img.ID)
	w.advance(time.Second)
	m := w.mustAddMember(img.ID, "other")
	if m.Status != Pending || m.ImageID != img.ID || !m.CreatedAt.Equal(w.now()) || !m.UpdatedAt.Equal(w.now()) {
		t.Errorf("added %+v", m)
	}
	for _, status := range []MemberStatus{Accepted, Pending, Rejected, Accepted} {
		w.advance(time.Second)
		now, err := w.answer(img.ID, "other", status)
		if err != nil || now.Status != status || !now.CreatedAt.Equal(m.CreatedAt) || !now.UpdatedAt.Equal(w.now()) {
			t.Errorf("%s: %+v, %v", status, now, err)
		}
		if got := w.members(demo, img.ID); !slices.Equal(got, []string{"other " + string(status)}) {
			t.Errorf("%s: members are %q", status, got)
		}
		w.audit()
	}
	w.advance(time.Second)
	if same, err := w.answer(img.ID, "other", Accepted); err != nil || same.UpdatedAt.Equal(w.now()) {
		t.Errorf("a status set to what it is: %+v, %v", same, err)
	}
	if err := w.removeMember(img.ID, "other"); err != nil || w.members(demo, img.ID) != nil {
		t.Errorf("removed: %v; members are %q", err, w.members(demo, img.ID))
	}
	w.audit()
	if err := w.removeMember(img.ID, "other"); !problem.Is(err, problem.NotFound) {
		t.Errorf("removed again: %v", err)
	}
	if m = w.mustAddMember(img.ID, "other"); m.Status != Pending || !m.CreatedAt.Equal(w.now()) {
		t.Errorf("added again: %+v", m)
	}
	now := w.mustGet(img.ID)
	if !now.UpdatedAt.Equal(was.UpdatedAt) || now.MemberCount != 1 || now.Writer.Request != was.Writer.Request || now.Writer.User != was.Writer.User {
		t.Errorf("the image became %+v", now)
	}
	w.audit()
}

// TestAddMember holds what may be a member, and how many.
func TestAddMember(t *testing.T) {
	long := strings.Repeat("🐧", MaxNameLen)
	for _, c := range []struct {
		name       string
		quota      int
		visibility Visibility
		projects   []string // of which only the last may be refused
		code       problem.Code
	}{
		{"a project", 128, Shared, []string{"other"}, 0},
		{"the owner's own", 128, Shared, []string{"demo"}, 0},
		{"as long as it gets", 128, Shared, []string{long}, 0},
		{"one more character", 128, Shared, []string{long + "x"}, problem.Invalid},
		{"empty", 128, Shared, []string{""}, problem.Invalid},
		{"no text", 128, Shared, []string{"a\xff"}, problem.Invalid},
		{"any text", 128, Shared, []string{" ", "  ", "a b", "a#b", "\x00", "\x01", "x\x01#accepted#created#0", "a/b", "é", "e\u0301", "Other", "other"}, 0},
		{"twice", 128, Shared, []string{"other", "other"}, problem.Conflict},
		{"long ones that begin alike", 128, Shared, []string{long, long[4:] + "x"}, 0},
		{"up to the quota", 2, Shared, []string{"a", "b"}, 0},
		{"beyond the quota", 2, Shared, []string{"a", "b", "c"}, problem.TooLarge},
		{"twice, with the quota full", 1, Shared, []string{"a", "a"}, problem.TooLarge},
		{"none allowed", 0, Shared, []string{"a"}, problem.TooLarge},
		{"any number", -1, Shared, []string{"a", "b", "c"}, 0},
		{"private", 128, Private, []string{"a"}, problem.Forbidden},
		{"community", 128, Community, []string{"a"}, problem.Forbidden},
		{"public", 128, Public, []string{"a"}, problem.Forbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.service.Limits.Members = c.quota
			img := w.create(raw())
			w.show(img.ID, c.visibility)
			for i, project := range c.projects {
				_, err := w.addMember(img.ID, project)
				if refused := c.code != 0 && i == len(c.projects)-1; refused && !problem.Is(err, c.code) || !refused && err != nil {
					t.Errorf("member %d: %v", i, err)
				}
			}
			w.audit()
		})
	}
}

// TestMemberGrants holds that no member call works by another rule's grant.
func TestMemberGrants(t *testing.T) {
	w := newWorld(t)
	img := w.mustGet(w.create(raw()).ID)
	m := w.mustAddMember(img.ID, "other")
	wrong := w.granted(policy.GetImage, demo, img)
	_, added := w.service.AddMember(t.Context(), wrong, img, "third")
	_, listed := w.service.Members(t.Context(), wrong, demo, img)
	_, shown := w.service.Member(t.Context(), wrong, demo, img, "other")
	_, set := w.service.SetMemberStatus(t.Context(), wrong, img, m, Accepted)
	removed := w.service.RemoveMember(t.Context(), wrong, img, m)
	for what, err := range map[string]error{"add": added, "list": listed, "show": shown, "update": set, "delete": removed} {
		if err == nil || problem.CodeOf(err) != problem.Internal {
			t.Errorf("%s by the grant of get_image answers %v", what, err)
		}
	}
}

// TestMemberFieldsSurvive holds that a status is set without losing what a newer
// version wrote into the row, and that a row which this one may not understand is
// left alone.
func TestMemberFieldsSurvive(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	w.mustAddMember(img.ID, "other")
	rewrite := func(schema int) {
		items, err := w.table.Get(t.Context(), memberKey(img.ID, "other"))
		if err != nil {
			t.Fatal(err)
		}
		body := strings.Replace(string(items[0].Body), "{", `{"note":"of the future",`, 1)
		_, err = w.table.Transact(t.Context(), table.Write{
			Kind: table.Put, Key: items[0].Key, Schema: schema, Body: []byte(body), If: table.IfRevision(items[0].Revision),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	rewrite(memberSchema)
	if _, err := w.answer(img.ID, "other", Accepted); err != nil {
		t.Fatal(err)
	}
	items, err := w.table.Get(t.Context(), memberKey(img.ID, "other"))
	if err != nil || !strings.Contains(string(items[0].Body), `"note":"of the future"`) {
		t.Errorf("the row is %s, %v", items[0].Body, err)
	}
	rewrite(memberSchema + 1)
	if _, err := w.answer(img.ID, "other", Rejected); !problem.Is(err, problem.Unavailable) {
		t.Errorf("a row of the future is answered %v", err)
	}
}
