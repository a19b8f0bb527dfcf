package image

import (
	"context"
	"fmt"
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

// TestMembersAreSeen holds who is shown which rows: owner and admins all, others
// their own, and nobody any while the image is not shared. Rows outlive that.
func TestMembersAreSeen(t *testing.T) {
	w := newWorld(t)
	third := caller.Caller{UserID: "user-third", ProjectID: "third", Roles: []string{"member", "reader"}}
	draft := raw()
	img := w.create(draft)
	for _, project := range []string{"third", "other", "demo"} {
		w.mustAddMember(img.ID, project)
	}
	for _, c := range []struct {
		who  caller.Caller
		sees []string
	}{
		{demo, []string{"demo", "other", "third"}},
		{admin, []string{"demo", "other", "third"}},
		{other, []string{"other"}},
		{third, []string{"third"}},
	} {
		var want []string
		for _, project := range c.sees {
			want = append(want, project+" pending")
		}
		if got := w.members(c.who, img.ID); !slices.Equal(got, want) {
			t.Errorf("%s is shown %q, not %q", c.who.UserID, got, want)
		}
		now := w.mustGet(img.ID)
		grant := w.granted(policy.GetMember, c.who, now)
		for _, project := range []string{"demo", "other", "third", "nobody", ""} {
			m, err := w.service.Member(t.Context(), grant, c.who, now, project)
			if sees := slices.Contains(c.sees, project); sees && (err != nil || m.ID != project) || !sees && !problem.Is(err, problem.NotFound) {
				t.Errorf("%s looks for %q: %+v, %v", c.who.UserID, project, m, err)
			}
		}
	}
	w.show(img.ID, Private)
	hidden := w.mustGet(img.ID)
	row := Member{ID: "other", ImageID: img.ID, Status: Pending}
	list, listed := w.service.Members(t.Context(), w.granted(policy.GetMembers, demo, hidden), demo, hidden)
	_, shown := w.service.Member(t.Context(), w.granted(policy.GetMember, demo, hidden), demo, hidden, "other")
	_, set := w.service.SetMemberStatus(t.Context(), w.granted(policy.ModifyMember, admin, hidden), hidden, row, Accepted)
	removed := w.service.RemoveMember(t.Context(), w.granted(policy.DeleteMember, demo, hidden), hidden, row)
	for what, err := range map[string]error{"list": listed, "show": shown, "update": set, "delete": removed} {
		if !problem.Is(err, problem.Forbidden) || list != nil {
			t.Errorf("%s of a private image's members answers %v", what, err)
		}
	}
	w.audit()
	w.show(img.ID, Shared)
	if got := w.members(demo, img.ID); len(got) != 3 {
		t.Errorf("shared again, it has members %q", got)
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

// TestMembersAreReadInPages holds that a list of any length is read a hundred
// rows at a time, and no further than somebody asks.
func TestMembersAreReadInPages(t *testing.T) {
	w, meter := metered(t)
	w.service.Limits.Members = -1
	img := w.create(raw())
	for n := range 250 {
		w.mustAddMember(img.ID, fmt.Sprintf("project-%03d", n))
	}
	if got := w.members(demo, img.ID); len(got) != 250 || got[249] != "project-249 pending" || !slices.IsSorted(got) {
		t.Fatalf("%d members are listed: %q", len(got), got)
	}
	now := w.mustGet(img.ID)
	all, err := w.service.Members(t.Context(), w.granted(policy.GetMembers, demo, now), demo, now)
	if err != nil {
		t.Fatal(err)
	}
	meter.Reset()
	for m := range all {
		if m.ID == "project-100" {
			break
		}
	}
	if got := meter.Total(); got.Queries != 2 {
		t.Errorf("101 members take %d queries", got.Queries)
	}
	w.purgeAll(img.ID)
}

// purgeAll deletes the image and waits until it is purged: with more members than
// one transaction can remove, none and no mirror is left.
func (w *world) purgeAll(id string) {
	w.t.Helper()
	if err := w.delete(w.mustGet(id)); err != nil {
		w.t.Fatal(err)
	}
	w.audit() // a deleted image keeps them
	w.advance(25 * time.Hour)
	w.sweep()
	w.audit()
	if img, err := w.service.read(w.t.Context(), id); err != nil || img.Status != Purged {
		w.t.Errorf("the image is %+v, %v", img, err)
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

// TestMemberBars counts what the member calls cost beside the read of the image:
// each write is one transaction. An image record takes about 1.5 KB here.
func TestMemberBars(t *testing.T) {
	w, meter := metered(t)
	img := w.create(usual())
	img = w.mustGet(img.ID)
	ctx := context.Background()
	add := w.granted(policy.AddMember, demo, img)
	wantUse(t, "member add", meter, table.Use{Transactions: 1, Writes: 3, Units: table.Units{Write: 8}}, func() error {
		_, err := w.service.AddMember(ctx, add, img, "other")
		return err
	})
	img = w.mustGet(img.ID)
	show, list := w.granted(policy.GetMember, demo, img), w.granted(policy.GetMembers, demo, img)
	var m Member
	wantUse(t, "member show", meter, table.Use{Gets: 1, Items: 1, Units: table.Units{Read: 1}}, func() (err error) {
		m, err = w.service.Member(ctx, show, demo, img, "other")
		return err
	})
	wantUse(t, "member list", meter, table.Use{Queries: 1, Units: table.Units{Read: 1}}, func() error {
		all, err := w.service.Members(ctx, list, demo, img)
		for range all {
			continue
		}
		return err
	})
	set := w.granted(policy.ModifyMember, admin, img)
	wantUse(t, "member update", meter, table.Use{Transactions: 1, Writes: 4, Units: table.Units{Write: 10}}, func() (err error) {
		m, err = w.service.SetMemberStatus(ctx, set, img, m, Accepted)
		return err
	})
	img = w.mustGet(img.ID)
	wantUse(t, "member update to the same", meter, table.Use{}, func() error {
		_, err := w.service.SetMemberStatus(ctx, set, img, m, Accepted)
		return err
	})
	m, err := w.row(img.ID, "other")
	if err != nil {
		t.Fatal(err)
	}
	remove := w.granted(policy.DeleteMember, demo, img)
	wantUse(t, "member delete", meter, table.Use{Transactions: 1, Writes: 3, Units: table.Units{Write: 8}}, func() error {
		return w.service.RemoveMember(ctx, remove, img, m)
	})
}
