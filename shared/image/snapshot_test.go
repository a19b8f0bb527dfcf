package image

import (
	"maps"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/vault"
)

func TestSnapshotInherits(t *testing.T) {
	long := strings.Repeat("ü", 300)
	source := map[string]string{
		"os_distro": "debian", "long": long, "exact": long[:2*255], "guarded": long, "allowed": long, "hidden": "x", "cache_in_nova": "yes", "bittorrent": "yes", "listed": "x",
		"image_type": "backup", "backup_type": "daily", "instance_uuid": "old", "user_id": "old", "is_public": "false", "instance_owner": "demo",
		"cinder_encryption_key_deletion_policy": onDelete, "os_encrypt_key_deletion_policy": onDelete, // of no key
		"img_signature": "s", "img_signature_hash_method": "s", "img_signature_key_type": "s", "img_signature_certificate_uuid": "s",
		"os_glance_importing_to_stores": "s", "mappings": "m", "block_device_mapping": "m", "img_mappings": "m", "img_block_device_mapping": "m",
	}
	always := map[string]string{
		"os_distro": "debian", "long": long[:2*255], "exact": long[:2*255], "guarded": long, "allowed": long, "hidden": "x", "is_public": "false", "backup_type": "daily",
		"instance_uuid": theServer, "user_id": "user-demo", "mine": "my own " + long,
	}
	protection := fixedRights{"guarded": "r", "hidden": ""}
	for name := range source {
		if name != "guarded" && name != "hidden" {
			protection[name] = "crud@"
		}
	}
	protection["allowed"] = "crud" // by this caller alone
	protection["mine"], protection["rotation"], protection["instance_owner"] = "crud@", "crud@", "crud@"
	for kind, want := range map[SnapshotKind]struct {
		formats [2]string
		more    map[string]string
	}{
		Plain:   {more: map[string]string{"image_type": "snapshot"}},
		Shelved: {more: map[string]string{"image_type": "shelve"}},
		Backup:  {[2]string{"qcow2", "bare"}, map[string]string{"image_type": "backup", "backup_type": "weekly", "rotation": "3"}},
	} {
		w := newDarkroom(t)
		w.images.NotInherited = append(w.images.NotInherited, "listed")
		d := of(w.source(demo, maps.Clone(source)))
		d.Kind, d.Properties = kind, map[string]string{"mine": "my own " + long, "instance_owner": "other"}
		if kind == Backup {
			d.BackupType, d.Properties["rotation"] = "weekly", "3"
		}
		made, err := w.snapshot(demo, protection, d)
		w.must(err)
		img := w.stored(made)
		properties := maps.Clone(always)
		maps.Copy(properties, want.more)
		if diff := gocmp.Diff(properties, img.Properties); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
		if got := [2]string{deref(img.DiskFormat), deref(img.ContainerFormat)}; got != want.formats {
			t.Errorf("%s has the formats %v", kind, got)
		}
		if img.MinRAM != 512 || img.MinDisk != 10 || img.Status != Queued || deref(img.Name) != "snap" || img.Protected || len(img.Tags) > 0 || len(img.Locations) > 0 {
			t.Errorf("%s is %+v", kind, img)
		}
		if img.Visibility != Private || deref(img.Owner) != "demo" || img.MemberCount != 0 || img.CreatorUserID != "user-demo" {
			t.Errorf("%s is %s, of %s, with %d members", kind, img.Visibility, deref(img.Owner), img.MemberCount)
		}
		w.audit()
	}
}

// stored returns the image as it is stored.
func (w *darkroom) stored(img *Image) *Image {
	w.t.Helper()
	found, err := w.images.Find(w.t.Context(), img.ID)
	w.must(err)
	return found
}

// What somebody may not do with a property counts for what they say themselves, and
// for nothing that is inherited.
func TestSnapshotProtection(t *testing.T) {
	source := map[string]string{"guarded": "old", "free": "old", "unseen": "old"}
	for rights, wants := range map[string]map[string]bool{ // of guarded, by what else is said
		"":     {"guarded": false, "unseen": false, "new": false},
		"c":    {"guarded": false, "unseen": false, "new": true},
		"r":    {"guarded": false, "unseen": false, "new": false},
		"u":    {"guarded": false, "unseen": false, "new": false},
		"ru":   {"guarded": true, "unseen": true, "new": false},
		"crud": {"guarded": true, "unseen": true, "new": true},
	} {
		for name, allowed := range wants {
			w := newDarkroom(t)
			d := of(w.source(demo, maps.Clone(source)))
			d.Properties = map[string]string{name: "mine"}
			before := w.table.All()
			made, err := w.snapshot(demo, fixedRights{"guarded": rights, "unseen": rights, "new": rights, "free": "crud@"}, d)
			switch {
			case allowed && (err != nil || w.stored(made).Properties[name] != "mine"):
				t.Errorf("rights %q: %s: %v", rights, name, err)
			case !allowed && !problem.Is(err, problem.Forbidden):
				t.Errorf("rights %q: %s: %v", rights, name, err)
			case !allowed && len(w.left(before)) > 0:
				t.Errorf("rights %q: %s: refused, and left %v", rights, name, w.left(before))
			}
		}
		w := newDarkroom(t)
		made, err := w.snapshot(demo, fixedRights{"guarded": rights}, of(w.source(demo, maps.Clone(source))))
		w.must(err)
		if got := w.stored(made).Properties; got["guarded"] != "old" || got["unseen"] != "old" || got["free"] != "old" {
			t.Errorf("rights %q: inherited %v", rights, got)
		}
	}
}

// TestSnapshotClones holds which keys a snapshot gets, and what becomes of them with it.
func TestSnapshotClones(t *testing.T) {
	const ck, cp, ik, ip = key.CinderKey, key.CinderPolicy, key.ImageKey, key.ImagePolicy
	type properties = map[string]string
	for name, c := range map[string]struct {
		source properties
		listed []string
		said   properties
		clones map[string]string // of the snapshot's properties, the value of the key, or a text as it stands
	}{
		"no key":            {clones: properties{}},
		"a key that goes":   {source: properties{ck: theKey, cp: onDelete}, clones: properties{ck: "one", cp: onDelete}},
		"a key that stays":  {source: properties{ck: theKey, cp: "do_not_delete"}, clones: properties{ck: "one", cp: "do_not_delete"}},
		"no policy":         {source: properties{ck: theKey}, clones: properties{ck: "one"}},
		"the other name":    {source: properties{ik: theKey, ip: onDelete}, clones: properties{ik: "one", ip: onDelete}},
		"another spelling":  {source: properties{ck: strings.ToUpper(theKey)}, clones: properties{ck: "one"}},
		"both name one":     {source: properties{ck: theKey, ik: theKey, cp: onDelete, ip: onDelete}, clones: properties{ck: "one", ik: "one", cp: onDelete, ip: onDelete}},
		"each names one":    {source: properties{ck: theKey, ik: theSecond, cp: onDelete}, clones: properties{ck: "one", ik: "two", cp: onDelete}},
		"key listed":        {source: properties{ck: theKey, cp: onDelete}, listed: []string{ck}, clones: properties{ck: "one"}},
		"policy listed":     {source: properties{ck: theKey, cp: onDelete}, listed: []string{cp}, clones: properties{ck: "one"}},
		"other listed":      {source: properties{ck: theKey, cp: onDelete}, listed: []string{ik, ip}, clones: properties{ck: "one", cp: onDelete}},
		"caller names one":  {source: properties{ck: theKey, cp: onDelete}, said: properties{ck: theSecond}, clones: properties{ck: theSecond}},
		"caller names it":   {source: properties{ck: theKey, cp: onDelete}, said: properties{ck: theKey, cp: onDelete}, clones: properties{ck: theKey, cp: onDelete}},
		"in place of other": {source: properties{ck: theKey}, said: properties{ik: theKey}, clones: properties{ck: "one", ik: theKey}},
		"caller's policy":   {source: properties{ck: theKey}, said: properties{cp: onDelete}, clones: properties{ck: "one", cp: onDelete}},
	} {
		w := newDarkroom(t)
		w.images.NotInherited = c.listed
		w.key(theKey, "demo", "one")
		w.key(theSecond, "demo", "two")
		source := w.source(demo, maps.Clone(c.source))
		d := of(source)
		d.Properties = c.said
		made, err := w.snapshot(demo, nil, d)
		w.must(err)
		got := properties{}
		for _, name := range []string{ck, cp, ik, ip} {
			if text, there := w.stored(made).Properties[name]; there {
				got[name] = w.valueOf(text, source)
			}
		}
		if diff := gocmp.Diff(c.clones, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		w.audit()
	}
}

// valueOf is the value of a clone, which is as it should be; text itself, where that is
// none.
func (w *darkroom) valueOf(text string, source *Image) string {
	w.t.Helper()
	r := w.found(text)
	if r == nil || text == theKey || text == theSecond {
		return text
	}
	value, err := w.vault.Get(w.t.Context(), vault.Name{Key: r.ID, Generation: r.Generation})
	w.must(err)
	meta, err := w.images.Keys.Metadata(w.t.Context(), r.ID)
	w.must(err)
	if r.State != key.Live || r.Owner != "demo" || r.Creator != "user-demo" || r.Holders != 1 || r.Own != 1 || r.Image == "" || r.Image == source.ID {
		w.t.Errorf("the clone is %+v", r)
	}
	if meta.Name != "mine" || meta.Algorithm != "aes" || meta.BitLength != 256 || meta.Mode != "xts" || meta.ContentType != "application/octet-stream" || meta.ACL != nil {
		w.t.Errorf("the clone's metadata is %+v", meta)
	}
	return string(value)
}

// Keys of two images are two: when one image goes, the other's stays.
func TestSnapshotAndSourceGoApart(t *testing.T) {
	for _, sourceFirst := range []bool{true, false} {
		w := newDarkroom(t)
		w.key(theKey, "demo", "one")
		source := w.source(demo, map[string]string{key.CinderKey: theKey, key.CinderPolicy: onDelete})
		source.Protected = false
		made, err := w.snapshot(demo, nil, of(source))
		w.must(err)
		clone := made.Properties[key.CinderKey]
		goes, stays, kept := source, made, clone
		if !sourceFirst {
			goes, stays, kept = made, source, theKey
		}
		for _, step := range []struct {
			img  *Image
			want key.State
		}{{goes, key.Live}, {stays, key.Gone}} {
			img := w.stored(step.img)
			next := img.clone()
			next.Status, next.Deletion = Deleted, &Deletion{At: w.now(), PurgeAt: w.now().Add(time.Hour), Was: img.Status}
			w.must(w.images.save(t.Context(), img, next))
			for range 3 {
				w.elapse(30 * 24 * time.Hour)
			}
			if r := w.found(kept); r.State != step.want {
				t.Errorf("source first %t: the key that is left is %s, not %s", sourceFirst, r.State, step.want)
			}
			w.audit()
		}
	}
}
