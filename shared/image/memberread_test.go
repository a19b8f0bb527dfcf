package image

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

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
	for m, err := range all {
		if err != nil {
			t.Fatal(err)
		}
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
		if err != nil {
			return err
		}
		for _, err := range all {
			if err != nil {
				return err
			}
		}
		return nil
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
