package main

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

const (
	secrets = "/key-manager/v1/secrets"
	cinder  = "cinder_encryption_key_id"
	volume  = journal.Consumer + "cinder/volume/one"
)

// ofKey turns the last request into one about a key.
func (w *world) ofKey(asked, told string) {
	n := len(w.lines)
	w.lines[n-2].Key, w.lines[n-1].Key = asked, told
}

// secret makes a key under a name that tests use.
func (w *world) secret(name string) (id string) {
	w.t.Helper()
	a := w.do(w.service.member, "secret create", "", "POST "+secrets,
		`{"name":"`+name+`","payload":"value of `+name+`","payload_content_type":"text/plain"}`,
		map[string]*string{journal.Exists: text(journal.Yes), journal.Name: &name, journal.Payload: text(valueOf(name))})
	ref := textOf(a, "secret_ref")
	id = ref[strings.LastIndex(ref, "/")+1:]
	w.ofKey(journal.NewKey, id)
	w.images[name] = id
	return id
}

func valueOf(name string) string {
	sum := sha256.Sum256([]byte("value of " + name))
	return journal.Digest(int64(len("value of "+name)), sum[:])
}

// liveKeys gives the world a key that an image names and a volume needs, a snapshot
// with a clone of it, one that is deleted, and one that nobody needs.
func (w *world) liveKeys() {
	w.t.Helper()
	member := w.service.member
	key := w.secret("held")
	w.secret("idle")
	sets := created("locked")
	sets[journal.Locked+cinder] = text(valueOf("held"))
	a := w.do(member, "create", "", "POST /v2/images",
		`{"name":"locked","disk_format":"raw","container_format":"bare","mark":"locked","`+cinder+`":"`+key+`"}`, sets)
	w.madeImage("locked", a)
	image := w.images["locked"]
	sum := sha256.Sum256([]byte("data"))
	w.do(member, "upload", image, "PUT /v2/images/"+image+"/file", "data", map[string]*string{journal.Data: text(journal.Digest(4, sum[:]))})
	w.do(member, "consumer add", "", "POST "+secrets+"/"+key+"/consumers",
		`{"service":"cinder","resource_type":"volume","resource_id":"one"}`, map[string]*string{volume: text(journal.Yes)})
	w.ofKey(key, "")
	sets = created("snap")
	sets[journal.Visibility], sets[journal.Property+"image_type"] = text("private"), text("snapshot")
	sets[journal.Locked+cinder] = text(journal.CloneOf + valueOf("held"))
	a = w.do(member, "snapshot", "", "POST /gander/v1/images/snapshot",
		`{"name":"snap","source_image_id":"`+image+`","properties":{"mark":"snap"},"instance":{"id":"`+nobody+`","project_id":"`+member.Project+`"}}`, sets)
	w.madeImage("snap", a)
	gone := w.secret("gone")
	w.do(member, "secret delete", "", "DELETE "+secrets+"/"+gone, "", map[string]*string{journal.Exists: nil})
	w.ofKey(gone, "")
}

func (w *world) madeImage(name string, a *outside.Answer) {
	w.t.Helper()
	var img struct{ ID string }
	if err := json.Unmarshal(a.Body, &img); err != nil {
		w.t.Fatal(err)
	}
	w.lines[len(w.lines)-1].Image = img.ID
	w.images[name] = img.ID
}

// TestCompareHoldsKeysToTheJournal compares keys with the journal of what was asked
// about them, and then with journals of what was not, or not so.
func TestCompareHoldsKeysToTheJournal(t *testing.T) {
	w := newWorld(t)
	w.liveKeys()
	if faults := w.faults(w.lines); faults != "" {
		t.Fatalf("compared with its own journal:\n%s", faults)
	}
	set := func(key string, value *string) map[string]*string { return map[string]*string{key: value} }
	for _, test := range []struct {
		name, key string // by its name here, or its id
		sets      map[string]*string
		fault     string
	}{
		{"a key", nobody, set(journal.Exists, text(journal.Yes)), "is not there, want"},
		{"another value", "idle", set(journal.Payload, text("1 bytes, 00")), `want "1 bytes, 00"`},
		{"a consumer", "idle", set(volume, text(journal.Yes)), `has consumer:cinder/volume/one "", want "yes"`},
		{"a consumer's removal", "held", set(volume, nil), `"yes", want nothing`},
		{"a deletion", "idle", set(journal.Exists, nil), `has exists "yes", want nothing`},
		{"a restore", "gone", set(journal.Exists, text(journal.Yes)), "is scheduled, want"},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := w.images[test.key]
			if id == "" {
				id = test.key
			}
			lines := append(slices.Clone(w.lines), answered(1000, "", test.sets)...)
			lines[len(lines)-2].Key = id
			if faults := w.faults(lines); !strings.Contains(faults, test.fault) || !strings.Contains(faults, id) {
				t.Errorf("the faults are %q, want %q of key %s", faults, test.fault, id)
			}
			lines[len(lines)-1] = journal.Line{Request: 1000, Kind: journal.Lost}
			if faults := w.faults(lines); faults != "" {
				t.Errorf("with a lost answer the faults are\n%s", faults)
			}
		})
	}
	for call, fault := range map[string]string{
		"secret create": "nobody made it", "consumer add": "nobody said so", "secret delete": "is scheduled, want",
		"snapshot": "is no clone of its source", "create": "has locked:" + cinder,
	} {
		var lines []journal.Line
		for i := 0; i < len(w.lines); i += 2 {
			if w.lines[i].Call != call {
				lines = append(lines, w.lines[i], w.lines[i+1])
			}
		}
		if faults := w.faults(lines); !strings.Contains(faults, fault) {
			t.Errorf("without %s the faults are %q, want %q among them", call, faults, fault)
		}
	}
}

// TestKeysWhoseAnswerWasLost gives keys to requests whose answer told no id.
func TestKeysWhoseAnswerWasLost(t *testing.T) {
	w := newWorld(t)
	w.liveKeys()
	lines := slices.Clone(w.lines)
	for i, l := range lines {
		if i > 0 && lines[i-1].Call == "secret create" && *lines[i-1].Sets[journal.Name] == "idle" {
			lines[i] = journal.Line{Request: l.Request, Kind: journal.Lost}
		}
	}
	if faults := w.faults(lines); faults != "" {
		t.Errorf("the faults are\n%s", faults)
	}
}

// TestCompareFindsLostKeys alters what a stopped service keeps of keys.
func TestCompareFindsLostKeys(t *testing.T) {
	findsAlterations(t, (*world).liveKeys, []alteration{
		{"a sealed file gone", func(t *testing.T, w *world) {
			if err := os.Remove(filepath.Join(w.data, "vault", "kept", w.images["held"]+".1")); err != nil {
				t.Fatal(err)
			}
		}, `has payload ""`},
		{"a sealed file cut", func(t *testing.T, w *world) {
			if err := os.Truncate(filepath.Join(w.data, "vault", "kept", w.images["held"]+".1"), 20); err != nil {
				t.Fatal(err)
			}
		}, `has payload ""`},
		{"a holder gone", func(t *testing.T, w *world) {
			w.dropRow(t, w.images["held"], "holder#image#"+w.images["locked"])
		}, "is held by images [], and named by"},
		{"a key gone", func(t *testing.T, w *world) { w.dropRow(t, w.images["held"], "key") }, "is not there, want"},
	})
}

// dropRow takes one of a key's rows away.
func (w *world) dropRow(t *testing.T, id, sort string) {
	t.Helper()
	tab, err := bolt.Open(filepath.Join(w.data, "table.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tab.Close() }()
	key := table.Key{Partition: "key#" + table.Text(id, 256), Sort: sort}
	outcome, err := tab.Transact(t.Context(), table.Write{Kind: table.Delete, Key: key, If: table.IfPresent()})
	if err != nil || !outcome.OK() {
		t.Fatalf("the row %v stays: %v", key, err)
	}
}
