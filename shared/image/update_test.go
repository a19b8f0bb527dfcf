package image

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// asking asks the real rules about an image as it is stored.
func (w *world) asking(c caller.Caller, img *Image) Ask {
	return func(rule policy.Rule) (policy.Grant, error) {
		return policy.AuthorizeImage(w.rules, rule, c, Target(img, c))
	}
}

func (w *world) update(c caller.Caller, img *Image, changes ...Change) (*Image, error) {
	return w.service.Update(w.t.Context(), w.asking(c, img), nil, c, img, changes)
}

func adding(name, value string) Change {
	return Change{Op: Add, Name: name, Value: Value{Text: &value}}
}

func naming(attribute, value string) Change {
	return Change{Op: Replace, Name: attribute, Value: Value{Text: &value}}
}

// TestUpdateChangesWhatItNames holds everything else to be as it was, what only
// the service knows included.
func TestUpdateChangesWhatItNames(t *testing.T) {
	w := newWorld(t)
	img := w.active("bytes")
	img, err := w.update(demo, img, adding("kept", "1"), Change{Op: Replace, Name: "tags", Value: Value{Texts: []string{"b", "a", "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	w.advance(time.Minute)
	later := demo
	later.RequestID = "req-later"
	returned, err := w.service.Update(t.Context(), w.asking(later, img), nil, later, img, []Change{
		{Op: Replace, Name: "protected", Value: Value{Flag: true}}, {Op: Replace, Name: "min_disk", Value: Value{Number: MaxMinimum}}, adding("new", ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	now, want := w.mustGet(img.ID), *img
	if want.Protected || want.Properties["kept"] != "1" || len(want.Properties) != 1 || len(want.Tags) != 2 {
		t.Fatalf("the image as it was read is now %+v", want)
	}
	want.Protected, want.MinDisk, want.Properties = true, MaxMinimum, map[string]string{"kept": "1", "new": ""}
	want.UpdatedAt, want.Revision = w.now(), img.Revision+1
	want.Writer = Writer{User: demo.UserID, Project: demo.ProjectID, Request: "req-later", Change: now.Writer.Change}
	if now.Writer.Change == img.Writer.Change {
		t.Error("two saves bear one mark")
	}
	for _, got := range []*Image{returned, now} {
		got, want := shown(got), shown(&want)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the image is\n%+v, want\n%+v", got, want)
		}
	}
	w.audit()
}

// shown is the image without what differs between one read and one made.
func shown(img *Image) Image {
	return Image{
		ID: img.ID, Name: img.Name, Status: img.Status, Visibility: img.Visibility, Protected: img.Protected, Hidden: img.Hidden, Owner: img.Owner,
		ContainerFormat: img.ContainerFormat, DiskFormat: img.DiskFormat, MinRAM: img.MinRAM, MinDisk: img.MinDisk, Size: img.Size,
		VirtualSize: img.VirtualSize, Checksum: img.Checksum, HashAlgo: img.HashAlgo, HashValue: img.HashValue, CreatedAt: img.CreatedAt,
		UpdatedAt: img.UpdatedAt, Tags: img.Tags, Properties: img.Properties, Locations: img.Locations, CreatorUserID: img.CreatorUserID,
		Writer: img.Writer, MemberCount: img.MemberCount, Upload: img.Upload, Deletion: img.Deletion, Revision: img.Revision,
	}
}

// TestUpdateOfNothing holds an update without changes to ask and write nothing,
// and one that changes nothing to be a save as any other.
func TestUpdateOfNothing(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	w.advance(time.Minute)
	never := func(rule policy.Rule) (policy.Grant, error) {
		t.Errorf("it asked for %s", rule)
		return policy.Grant{}, nil
	}
	if got, err := w.service.Update(t.Context(), never, nil, other, img, nil); err != nil || got != img || w.mustGet(img.ID).Revision != img.Revision {
		t.Errorf("an update without changes: %v, %v", got, err)
	}
	got, err := w.update(demo, img, naming("name", deref(img.Name)))
	if err != nil || !got.UpdatedAt.Equal(w.now()) || w.mustGet(img.ID).Revision != img.Revision+1 {
		t.Errorf("an update that changes nothing: %v, %v", got, err)
	}
}

// TestUpdateAsks holds an update to be allowed by the very rules that its changes
// need, each asked once, on the image as it is stored, and in the order of the
// changes.
func TestUpdateAsks(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	community, public, absent := naming("visibility", "community"), naming("visibility", "public"), Change{Op: Remove, Name: "absent"}
	for _, c := range []struct {
		changes []Change
		asked   string
		code    problem.Code
	}{
		{[]Change{adding("a", "1"), adding("b", "2")}, "modify_image", 0},
		{[]Change{naming("visibility", "private"), naming("visibility", "shared")}, "modify_image", 0},
		{[]Change{adding("a", "1"), community, public, community}, "modify_image communitize_image publicize_image", 0},
		{[]Change{public}, "publicize_image modify_image", 0},
		{[]Change{absent, public}, "modify_image", problem.Conflict},
		{[]Change{{Op: Remove, Name: "visibility"}}, "modify_image", problem.Forbidden},
		{[]Change{{Op: AddAbsent, Name: "visibility", Value: public.Value}}, "publicize_image modify_image", problem.Conflict},
		{[]Change{naming("owner", "other"), public}, "", problem.Forbidden},
		{[]Change{{Op: AddAbsent, Name: "owner"}}, "modify_image", problem.Conflict},
		{[]Change{{Op: Remove, Name: "locations"}}, "modify_image", problem.Forbidden},
	} {
		img := w.mustGet(img.ID)
		var asked []string
		ask := func(rule policy.Rule) (policy.Grant, error) {
			asked = append(asked, string(rule))
			return w.rules.Authorize(rule, admin, Target(img, admin))
		}
		_, err := w.service.Update(t.Context(), ask, nil, demo, img, c.changes)
		if strings.Join(asked, " ") != c.asked || problem.CodeOf(err) != c.code && (err != nil || c.code != 0) {
			t.Errorf("%+v: asked for %q, %v; want %q, %d", c.changes, asked, err, c.asked, c.code)
		}
	}
}

// TestUpdateNeedsGrants holds the answers to what was asked to be grants of it.
func TestUpdateNeedsGrants(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	for name, ask := range map[string]Ask{
		"none":         func(policy.Rule) (policy.Grant, error) { return policy.Grant{}, nil },
		"another's":    func(policy.Rule) (policy.Grant, error) { return w.grant(policy.DeleteImage, demo, img), nil },
		"not all":      func(policy.Rule) (policy.Grant, error) { return w.grant(policy.ModifyImage, admin, img), nil },
		"an unrelated": w.asking(other, img),
	} {
		changes := []Change{naming("name", "b"), naming("visibility", "public")}
		if _, err := w.service.Update(t.Context(), ask, nil, demo, img, changes); err == nil {
			t.Errorf("with %s grant it was done", name)
		}
	}
	for what, do := range map[string]func(policy.Grant) error{
		"a tag":          func(g policy.Grant) error { return w.service.AddTag(t.Context(), g, demo, img, "a") },
		"a tag's end":    func(g policy.Grant) error { return w.service.RemoveTag(t.Context(), g, demo, img, "a") },
		"deactivation":   func(g policy.Grant) error { return w.service.Deactivate(t.Context(), g, demo, img) },
		"a reactivation": func(g policy.Grant) error { return w.service.Reactivate(t.Context(), g, demo, img) },
	} {
		if err := do(w.grant(policy.DeleteImage, demo, img)); err == nil || problem.CodeOf(err) != problem.Internal {
			t.Errorf("%s with a grant of another rule: %v", what, err)
		}
	}
	// Below every rule, an image is its owner's and an admin's alone to write to.
	for what, do := range map[string]func() error{
		"an update": func() error {
			_, err := w.service.Update(t.Context(), w.asking(demo, img), nil, other, img, []Change{adding("a", "b")})
			return err
		},
		"a tag": func() error {
			return w.service.AddTag(t.Context(), w.grant(policy.ModifyImage, demo, img), other, img, "a")
		},
	} {
		if err := do(); !problem.Is(err, problem.Forbidden) {
			t.Errorf("%s by who does not own the image: %v", what, err)
		}
	}
	if now := w.mustGet(img.ID); now.Revision != img.Revision {
		t.Error("something was written")
	}
}

// TestUpdateRefuses holds the domain to its own rules, whatever is handed to it.
func TestUpdateRefuses(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	long := strings.Repeat("ü", MaxNameLen+1)
	for _, c := range []struct {
		change Change
		code   problem.Code
	}{
		{naming("name", long), problem.Invalid},
		{naming("owner", long), problem.Invalid},
		{naming("visibility", "secret"), problem.Invalid},
		{Change{Op: Replace, Name: "visibility"}, problem.Invalid},
		{naming("disk_format", "floppy"), problem.Invalid},
		{naming("container_format", "floppy"), problem.Invalid},
		{Change{Op: Replace, Name: "min_ram", Value: Value{Number: -1}}, problem.Invalid},
		{Change{Op: Replace, Name: "min_disk", Value: Value{Number: MaxMinimum + 1}}, problem.Invalid},
		{Change{Op: Replace, Name: "tags", Value: Value{Texts: []string{long}}}, problem.Invalid},
		{adding(long, "x"), problem.Invalid},
		{adding("id", "x"), problem.Forbidden},
		{adding("stores", "x"), problem.Forbidden},
		{adding("location", "x"), problem.Forbidden},
		{adding("os_glance_import_task", "x"), problem.Forbidden},
	} {
		if _, err := w.update(admin, img, c.change); !problem.Is(err, c.code) {
			t.Errorf("%+v: %v, want code %d", c.change, err, c.code)
		}
	}
	if now := w.mustGet(img.ID); now.Revision != img.Revision {
		t.Error("something was written")
	}
}

// TestUpdateFormatsByStatus holds formats to be said while no data is there or on
// its way.
func TestUpdateFormatsByStatus(t *testing.T) {
	for status, allowed := range map[Status]bool{
		Queued: true, Importing: true, Saving: false, Uploading: false, Active: false, Deactivated: false, Killed: false,
	} {
		for _, name := range []string{"disk_format", "container_format"} {
			p := patch{next: &Image{Status: status}}
			for _, v := range []string{"ami", "aki"} { // formats of both kinds
				err := setters[name](&p, Value{Text: &v})
				if allowed != (err == nil) || !allowed && !problem.Is(err, problem.Forbidden) {
					t.Errorf("%s of an image that is %s: %v", name, status, err)
				}
			}
		}
	}
}

// TestUpdatePropertyLimit counts properties when one is new, but for the
// service's own.
func TestUpdatePropertyLimit(t *testing.T) {
	w := newWorld(t)
	d := raw()
	d.Properties = map[string]string{"a": "1", "b": "2", "c": "3"}
	img := w.create(d)
	own := img.clone()
	own.Properties["os_glance_failed_import"] = ""
	if err := w.service.save(t.Context(), img, own); err != nil {
		t.Fatal(err)
	}
	remove := func(name string) Change { return Change{Op: Remove, Name: name} }
	for _, c := range []struct {
		limit   int
		changes []Change
		code    problem.Code
	}{
		{3, []Change{adding("d", "4")}, problem.TooLarge},
		{4, []Change{adding("d", "4")}, 0},
		{-1, []Change{adding("e", "5")}, 0},
		{2, []Change{adding("a", "9")}, 0},
		{2, []Change{remove("e")}, 0},
		{2, []Change{adding("e", "5"), remove("a")}, problem.TooLarge},
		{0, []Change{adding("e", "5"), remove("e")}, 0},
		{4, []Change{adding("e", "5"), remove("a")}, 0},
	} {
		w.service.Limits.Properties = c.limit
		_, err := w.update(demo, w.mustGet(img.ID), c.changes...)
		if problem.CodeOf(err) != c.code && (err != nil || c.code != 0) {
			t.Errorf("with a limit of %d, %+v: %v", c.limit, c.changes, err)
		}
	}
}

// TestUpdateUses counts what changes cost: one write of the record, and entries
// only where an image moves in lists.
func TestUpdateUses(t *testing.T) {
	w, meter := metered(t)
	img, err := w.createAs(demo, usual())
	if err != nil {
		t.Fatal(err)
	}
	record := table.Use{Transactions: 1, Writes: 1, Units: table.Units{Write: 4}}
	moved := func(entries int64) table.Use {
		use := record
		use.Writes += entries
		use.Write += 2 * entries
		return use
	}
	for _, c := range []struct {
		what string
		use  table.Use
		do   func() error
	}{
		{"a property", record, func() error { _, err := w.update(demo, img, adding("a", "b")); return err }},
		{"a tag", record, func() error {
			return w.service.AddTag(t.Context(), w.grant(policy.ModifyImage, demo, img), demo, img, "a")
		}},
		{"a tag's end", record, func() error {
			return w.service.RemoveTag(t.Context(), w.grant(policy.ModifyImage, demo, img), demo, img, "a")
		}},
		{"the name as it is", record, func() error { _, err := w.update(demo, img, naming("name", *img.Name)); return err }},
		{"another name", moved(4), func() error { _, err := w.update(demo, img, naming("name", "b")); return err }},
		{"more to see it", moved(2), func() error { _, err := w.update(demo, img, naming("visibility", "community")); return err }},
	} {
		wantUse(t, c.what, meter, c.use, c.do)
		img = w.mustGet(img.ID)
	}
}
