package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

const nobody = "01234567-89ab-cdef-0123-456789abcdef"

// TestCompareFindsWhatTheJournalHasMore compares a service with the journal of
// what it was asked, and then with journals of things that it never did, or did
// otherwise.
func TestCompareFindsWhatTheJournalHasMore(t *testing.T) {
	w := newWorld(t)
	w.live()
	if faults := w.faults(w.lines); faults != "" {
		t.Fatalf("compared with its own journal:\n%s", faults)
	}
	other := w.service.other.Project
	set := func(key string, value *string) map[string]*string { return map[string]*string{key: value} }
	for _, test := range []struct {
		name, image string // the image by its name here, or its id
		sets        map[string]*string
		fault       string
	}{
		{"a create", nobody, created("lost"), "is gone, want"},
		{"a PATCH", "changed", set(journal.Property+"a", text("third")), `has property:a "second", want "third"`},
		{"a PATCH that takes away", "changed", set(journal.Property+"b", nil), `has property:b "first b", want nothing`},
		{"a rename", "queued", set(journal.Name, text("other")), `has name "queued", want "other"`},
		{"a visibility", "private", set(journal.Visibility, text("community")), `has visibility "private"`},
		{"a hidden flag", "queued", set(journal.Hidden, text("true")), `has os_hidden "false"`},
		{"a tag", "changed", set(journal.Tag+"blue", text(journal.Yes)), `has tag:blue ""`},
		{"a tag's removal", "changed", set(journal.Tag+"red", nil), `has tag:red "yes"`},
		{"a member", "queued", set(journal.Member+other, text("pending")), `want "pending"`},
		{"a member's status", "changed", set(journal.Member+other, text("rejected")), `"accepted", want "rejected"`},
		{"a member's removal", "changed", set(journal.Member+other, nil), `"accepted", want nothing`},
		{"an upload", "queued", set(journal.Data, text("3 bytes, 00")), `has data "", want "3 bytes, 00"`},
		{"other data", "filled", set(journal.Data, text("9 bytes, 00")), `want "9 bytes, 00"`},
		{"a reactivation", "filled", set(journal.Blocked, nil), `has blocked "yes", want nothing`},
		{"a deletion", "queued", set(journal.Exists, nil), `has exists "yes", want nothing`},
		{"a restore", "deleted", set(journal.Exists, text(journal.Yes)), "is gone, want"},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := w.images[test.image]
			if id == "" {
				id = test.image
			}
			lines := append(slices.Clone(w.lines), answered(1000, id, test.sets)...)
			if faults := w.faults(lines); !strings.Contains(faults, test.fault) || !strings.Contains(faults, id) {
				t.Errorf("the faults are %q, want %q of image %s", faults, test.fault, id)
			}
			// Where the answer was lost, it may have happened or not.
			lines[len(lines)-1] = journal.Line{Request: 1000, Kind: journal.Lost}
			if faults := w.faults(lines); faults != "" {
				t.Errorf("with a lost answer the faults are\n%s", faults)
			}
			// A refusal wrote nothing.
			lines[len(lines)-1] = journal.Line{Request: 1000, Kind: journal.Answer, Status: 409}
			if faults := w.faults(lines); faults != "" {
				t.Errorf("with a refusal the faults are\n%s", faults)
			}
		})
	}
}

func answered(number int, id string, sets map[string]*string) []journal.Line {
	return []journal.Line{
		{Request: number, Kind: journal.Ask, Image: id, Sets: sets},
		{Request: number, Kind: journal.Answer, Status: 200},
	}
}

// TestCompareFindsWhatTheServiceHasMore leaves requests out of the journal.
func TestCompareFindsWhatTheServiceHasMore(t *testing.T) {
	w := newWorld(t)
	w.live()
	for call, fault := range map[string]string{
		"create": "is listed, and nobody made it", "tag add": "has tag:red", "patch": "has property:",
		"upload": "has data", "member": "has member:", "delete": "is gone", "deactivate": "has blocked",
	} {
		var lines []journal.Line
		for i := 0; i < len(w.lines); i += 2 {
			if !strings.HasPrefix(w.lines[i].Call, call) {
				lines = append(lines, w.lines[i], w.lines[i+1])
			}
		}
		if faults := w.faults(lines); !strings.Contains(faults, fault) {
			t.Errorf("without %s the faults are %q, want %q among them", call, faults, fault)
		}
	}
	twice := append(slices.Clone(w.lines), journal.Line{Request: 1000, Kind: journal.Ask, Sets: created("twice")},
		journal.Line{Request: 1000, Kind: journal.Answer, Status: 201, Image: w.images["queued"]})
	if faults := w.faults(twice); !strings.Contains(faults, "was given twice") {
		t.Errorf("an id given twice has the faults %q", faults)
	}
}

// TestCompareFindsWhatIsStuck leaves an upload running, and what was deleted
// unpurged.
func TestCompareFindsWhatIsStuck(t *testing.T) {
	w := newWorld(t)
	w.live()
	w.hang(w.images["queued"])
	if faults := w.faults(w.lines); !strings.Contains(faults, "is saving, and stays so") {
		t.Errorf("the faults are %q", faults)
	}
	c := &comparison{service: w.service}
	if err := c.purged(t.Context(), 0); err != nil || len(c.faults) != 1 || !strings.Contains(c.faults[0], w.images["deleted"]+" is deleted, and is not purged") {
		t.Errorf("the faults are %q, %v", c.faults, err)
	}
	w.process.Kill()
	w.start()
}

// TestCompareFindsLostBytesAndEntries alters what a stopped service keeps.
func TestCompareFindsLostBytesAndEntries(t *testing.T) {
	findsAlterations(t, (*world).live, []alteration{
		{"a file gone", func(t *testing.T, w *world) {
			if err := os.Remove(w.object(t)); err != nil {
				t.Fatal(err)
			}
		}, "data is answered"},
		{"a file cut", func(t *testing.T, w *world) {
			if err := os.Truncate(w.object(t), 4); err != nil {
				t.Fatal(err)
			}
		}, "data"},
		{"another byte", func(t *testing.T, w *world) {
			if err := os.WriteFile(w.object(t), []byte("Some data"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "and has 9 bytes"},
		{"an entry by creation gone", func(t *testing.T, w *world) { w.dropEntry(t, "list#own", "created") }, "by created_at:desc lacks image"},
		{"an entry by name gone", func(t *testing.T, w *world) { w.dropEntry(t, "list#all", "name") }, "by name:desc lacks image"},
		{"a mirror gone", func(t *testing.T, w *world) { w.dropEntry(t, "list#shared", "") }, "the member's list"},
		{"the table gone", func(t *testing.T, w *world) {
			if err := os.Remove(filepath.Join(w.data, "table.db")); err != nil {
				t.Fatal(err)
			}
		}, "is gone, want"},
	})
}

// An alteration changes what a stopped service keeps, and fault is what has to be said of
// it then.
type alteration struct {
	name  string
	alter func(t *testing.T, w *world)
	fault string
}

// findsAlterations plays each in a world of its own, after its life.
func findsAlterations(t *testing.T, life func(*world), all []alteration) {
	t.Helper()
	for _, a := range all {
		t.Run(a.name, func(t *testing.T) {
			w := newWorld(t)
			life(w)
			w.stop()
			a.alter(t, w)
			w.start()
			if faults := w.faults(w.lines); !strings.Contains(faults, a.fault) {
				t.Errorf("the faults are %q, want %q among them", faults, a.fault)
			}
		})
	}
}

// object is the one file of data.
func (w *world) object(t *testing.T) (path string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(w.data, "images", "objects"), func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			path = p
		}
		return err
	})
	if err != nil || path == "" {
		t.Fatalf("there is no object: %v", err)
	}
	return path
}

// dropEntry takes an entry away whose partition has both texts.
func (w *world) dropEntry(t *testing.T, list, order string) {
	t.Helper()
	tab, err := bolt.Open(filepath.Join(w.data, "table.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tab.Close() }()
	var found *table.Key
	err = tab.Scan(func(i table.Item) error {
		if strings.HasPrefix(i.Partition, list) && strings.Contains(i.Partition, order) && !bytes.Contains(i.Body, []byte(w.images["private"])) {
			found = &i.Key
		}
		return nil
	})
	if err != nil || found == nil {
		t.Fatalf("there is no entry of %s by %s: %v", list, order, err)
	}
	outcome, err := tab.Transact(t.Context(), table.Write{Kind: table.Delete, Key: *found, If: table.IfPresent()})
	if err != nil || !outcome.OK() {
		t.Fatalf("the entry stays: %v", err)
	}
}
