package image

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

// What policy reads about an image, by whoever asks.
func TestTarget(t *testing.T) {
	size, owner, name := int64(5), "demo", "n"
	img := &Image{
		ID: "i", Name: &name, Status: Active, Visibility: Shared, Protected: true, Owner: &owner, MinRAM: 1, MinDisk: 2, Size: &size,
		CreatedAt: time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC), Tags: []string{"a"}, CreatorUserID: "mia",
		Locations: []Location{{Store: "local"}},
		Properties: map[string]string{
			"x_restricted": "yes", "empty": "", "user_id": "nova's own",
			// Names of attributes, which count for more.
			"owner": "mallory", "visibility": "public", "member_id": "other", "creator_user_id": "mallory", "size": "0", "locations": "x", "project_id": "x",
		},
	}
	type want struct {
		value any
		known bool
	}
	wants := map[string]want{
		"id": {"i", true}, "image_id": {"i", true}, "name": {"n", true}, "status": {"active", true}, "visibility": {"shared", true},
		"protected": {true, true}, "os_hidden": {false, true}, "owner": {"demo", true}, "project_id": {"demo", true},
		"creator_user_id": {"mia", true}, "min_ram": {int64(1), true}, "min_disk": {int64(2), true}, "size": {int64(5), true},
		"virtual_size": {nil, true}, "disk_format": {nil, true}, "container_format": {nil, true}, "checksum": {nil, true},
		"os_hash_algo": {nil, true}, "os_hash_value": {nil, true}, "tags": {[]string{"a"}, true},
		"created_at": {"2026-07-01T09:00:00Z", true}, "x_restricted": {"yes", true}, "empty": {"", true}, "user_id": {"nova's own", true},
		"locations": {nil, false}, "absent": {nil, false},
	}
	target := Target(img, caller.Caller{ProjectID: "demo"})
	for key, w := range wants {
		value, known := target.Attribute(key)
		if diff := cmp.Diff(w.value, plain(value)); diff != "" || known != w.known {
			t.Errorf("%s: known %t, %s", key, known, diff)
		}
	}
	for _, c := range []struct {
		visibility Visibility
		project    string
		member     any
	}{
		{Shared, "other", "other"},
		{Shared, "demo", nil},
		{Shared, "", nil},
		{Private, "other", nil},
		{Public, "other", nil},
		{Community, "other", nil},
	} {
		img.Visibility = c.visibility
		target := Target(img, caller.Caller{ProjectID: c.project})
		for _, key := range []string{"member", "member_id"} {
			if value, known := target.Attribute(key); !known || value != c.member {
				t.Errorf("%s image, project %q: %s is %v, known %t, want %v", c.visibility, c.project, key, value, known, c.member)
			}
		}
	}
	img.Owner = nil
	if value, known := Target(img, caller.Caller{}).Attribute("project_id"); plain(value) != nil || !known {
		t.Errorf("without an owner: project_id is %v, known %t", value, known)
	}
}

func TestOtherTargets(t *testing.T) {
	owner := "demo"
	for name, c := range map[string]struct {
		target policy.Target
		want   map[string]any
	}{
		"made":           {ProposedTarget(&owner, Public), map[string]any{"owner": "demo", "project_id": "demo", "visibility": "public"}},
		"made, not said": {ProposedTarget(nil, ""), map[string]any{"owner": nil, "project_id": nil, "visibility": "private"}},
		"list":           {ListTarget(caller.Caller{ProjectID: "demo"}), map[string]any{"project_id": "demo"}},
		"list, no scope": {ListTarget(caller.Caller{}), map[string]any{"project_id": nil}},
	} {
		for key, want := range c.want {
			if value, known := c.target.Attribute(key); value != want || !known {
				t.Errorf("%s: %s is %v, known %t, want %v", name, key, value, known, want)
			}
		}
	}
}

// plain is a value as policy understands it: a text by address is the text, and
// nil is null.
func plain(v any) any {
	if p, ok := v.(*string); ok {
		return orNil(p)
	}
	return v
}
