package image

import (
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// TestVisibility looks at one image as each kind of caller, through every
// visibility, with and without a member row, for whose status nobody asks.
//
// Source: the table of glance/db/sqlalchemy/api.py, is_image_visible.
func TestVisibility(t *testing.T) {
	nobody := caller.Caller{UserID: "user-unscoped"}
	member := caller.Caller{UserID: "user-member", ProjectID: "member", Roles: []string{"reader"}}
	for _, c := range []struct {
		visibility                               Visibility
		owner, isMember, stranger, unscoped, adm bool
	}{
		{Private, true, false, false, false, true},
		{Shared, true, true, false, false, true},
		{Community, true, true, true, true, true},
		{Public, true, true, true, true, true},
	} {
		t.Run(string(c.visibility), func(t *testing.T) {
			w := newWorld(t)
			img := w.create(raw())
			next := img.clone()
			next.Visibility = c.visibility
			if err := w.service.save(t.Context(), img, next); err != nil {
				t.Fatal(err)
			}
			row := table.Write{Kind: table.Put, Key: memberKey(img.ID, "member"), Body: []byte(`{"status":"rejected"}`), If: table.IfAbsent()}
			if _, err := w.table.Transact(t.Context(), row); err != nil {
				t.Fatal(err)
			}
			for _, who := range []struct {
				name   string
				caller caller.Caller
				sees   bool
			}{
				{"owner", demo, c.owner},
				{"member", member, c.isMember},
				{"stranger", other, c.stranger},
				{"unscoped", nobody, c.unscoped},
				{"admin", admin, c.adm},
			} {
				_, err := w.service.Get(t.Context(), who.caller, img.ID)
				if who.sees && err != nil || !who.sees && !problem.Is(err, problem.NotFound) {
					t.Errorf("%s: %v", who.name, err)
				}
			}
		})
	}
}

// TestOwnerlessImages holds that an image without an owner is seen by id by all,
// and that a caller without a project owns none of them.
func TestOwnerlessImages(t *testing.T) {
	w := newWorld(t)
	draft := raw()
	draft.OwnerSaid, draft.Visibility = true, Private
	img, err := w.createAs(admin, draft)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.service.Get(t.Context(), other, img.ID); err != nil {
		t.Errorf("a stranger gets %v", err)
	}
	if owns(caller.Caller{}, img) || mayChange(img, other) == nil || mayChange(img, admin) != nil {
		t.Error("an image without an owner is changed by admins alone")
	}
	empty := ""
	img.Owner = &empty
	if owns(caller.Caller{}, img) {
		t.Error("no project owns an image whose owner is an empty text")
	}
}
