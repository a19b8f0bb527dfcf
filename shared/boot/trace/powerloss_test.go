package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

const page = 4096

// write puts an item into the table at path, and returns the file.
func write(t *testing.T, path, id, text string) []byte {
	t.Helper()
	b, err := bolt.Open(path, bolt.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	put := table.Write{Kind: table.Put, Key: table.Key{Partition: "image#" + id, Sort: "image"}, Schema: 1, Body: []byte(strconv.Quote(text)), If: table.IfAbsent()}
	if outcome, err := b.Transact(t.Context(), put); err != nil || !outcome.OK() {
		t.Fatal(outcome, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// commit is the calls that turn one file into the other, as bbolt makes them.
func commit(before, after []byte) (calls []call) {
	add := func(name string, args ...arg) {
		calls = append(calls, call{name: name, args: append([]arg{{path: "/srv/data/table.db"}}, args...)})
	}
	pages := func(meta bool) {
		for at := 0; at < len(after); at += page {
			now := after[at : at+page]
			if at+page <= len(before) && bytes.Equal(before[at:at+page], now) {
				continue
			}
			c := call{args: []arg{{}, {text: string(now)}}}
			if isMeta(c) == meta {
				add("pwrite64", arg{text: string(now)}, arg{text: strconv.Itoa(page)}, arg{text: strconv.Itoa(at)})
			}
		}
	}
	pages(false)
	add("fdatasync")
	pages(true)
	add("fdatasync")
	return calls
}

// lost counts how often power loss at the answer, which is told before one of
// the calls, leaves less than was answered.
func lost(t *testing.T, before []byte, calls []call, told int) (n int) {
	t.Helper()
	for i := range calls {
		calls[i].begin, calls[i].end = 2*i+2, 2*i+2
	}
	h := &history{
		calls: calls, table: "/srv/data/table.db",
		answers: []answer{{method: "POST", path: "/v2/images", request: "mark-a0002", told: 2*told + 1}},
	}
	for seed := range uint64(40) {
		if _, faults := h.cuts(t.Context(), before, t.TempDir(), rand.New(rand.NewPCG(seed, 0))); len(faults) > 0 {
			n++
		}
	}
	return n
}

// TestPowerLossIsFound cuts the power of a write in the right order, and in wrong ones.
func TestPowerLossIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table.db")
	before := write(t, path, "one", "mark-a0001")
	calls := commit(before, write(t, path, "two", strings.Repeat("long ", 2_000)+"mark-a0002"))
	end := len(calls)
	if n := lost(t, before, calls, end); n != 0 {
		t.Errorf("a right trace loses %d of 40 times", n)
	}
	if n := lost(t, before, calls, end-1); n == 0 {
		t.Error("an answer before the last sync is never lost")
	}
	unsynced := slices.DeleteFunc(slices.Clone(calls), func(c call) bool { return c.name == "fdatasync" })
	if n := lost(t, before, unsynced, len(unsynced)); n == 0 {
		t.Error("without syncs nothing is ever lost")
	}
	first := slices.IndexFunc(calls, func(c call) bool { return c.name == "fdatasync" })
	pages := slices.Delete(slices.Clone(calls), 0, first) // written after the sync that was for them
	pages = slices.Concat(pages[:1], calls[:first], pages[2:])
	if n := lost(t, before, pages, len(pages)); n == 0 {
		t.Error("pages that were never synced are never lost")
	}
}
