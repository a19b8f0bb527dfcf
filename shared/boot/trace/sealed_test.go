package main

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	keyID   = "fedcba98-89ab-cdef-0123-456789abcdef"
	table5  = `5</srv/data/table.db>`
	sealing = `17</srv/data/vault/unfinished/x1>`
	leaving = `17</srv/data/vault/unfinished/x2>`
	inKept  = `18</srv/data/vault/kept>`
	inGone  = `19</srv/data/vault/scheduled>`
)

// committedAs is how a key's record gets into the table.
func committedAs(state, more string) string {
	return state + `-page   12 5.0 pwrite64(` + table5 + `, "key#` + keyID + ` {\"id\":\"` + keyID + `\",\"owner\":\"o\",\"state\":\"` + state + `\"} ` + more + `", 4096, 8192) = 4096
` + state + `-sync   12 5.1 fdatasync(` + table5 + `) = 0
` + state + `-meta   12 5.2 pwrite64(` + table5 + `, "` + meta + `", 4096, 0) = 4096
` + state + `-synced 12 5.3 fdatasync(` + table5 + `) = 0
`
}

// goodKey is what comes after the good trace where a key is made and deleted.
func goodKey() lines {
	const connection = `7<TCP:[127.0.0.1:1->127.0.0.1:2]>`
	text := `
ask-secret   11 5.0 read(` + connection + `, "POST /key-manager/v1/secrets HTTP/1.1\r\n\r\n{\"name\":\"mark-3\",\"payload\":\"value-3\"}", 4096) = 70
` + committedAs("creating", "mark-3") + `
seal         11 5.4 openat(16</srv/data/vault/unfinished>, "x1", O_WRONLY|O_CREAT|O_EXCL, 0600) = ` + sealing + `
seal-write   11 5.4 write(` + sealing + `, "sealed", 6) = 6
seal-sync    11 5.4 fsync(` + sealing + `) = 0
seal-place   11 5.4 renameat(16</srv/data/vault/unfinished>, "x1", ` + inKept + `, "` + keyID + `.1") = 0
seal-name    11 5.4 fsync(` + inKept + `) = 0
` + committedAs("live", "mark-3") + `
secret-told  11 5.6 write(` + connection + `, "HTTP/1.1 201 Created\r\nLocation: http://here/key-manager/v1/secrets/` + keyID + `\r\n\r\n{}", 26) = 26
ask-delete   11 6.0 read(` + connection + `, "DELETE /key-manager/v1/secrets/` + keyID + ` HTTP/1.1\r\n\r\n", 4096) = 70
` + committedAs("scheduled", "") + `
delete-told  11 6.6 write(` + connection + `, "HTTP/1.1 204 No Content\r\n\r\n", 26) = 26
out          11 7.0 openat(16</srv/data/vault/unfinished>, "x2", O_WRONLY|O_CREAT|O_EXCL, 0600) = ` + leaving + `
out-write    11 7.0 write(` + leaving + `, "sealed", 6) = 6
out-sync     11 7.0 fsync(` + leaving + `) = 0
out-place    11 7.0 renameat(16</srv/data/vault/unfinished>, "x2", ` + inGone + `, "` + keyID + `.1") = 0
out-name     11 7.0 fsync(` + inGone + `) = 0
out-remove   11 7.0 unlinkat(` + inKept + `, "` + keyID + `.1", 0) = 0
out-removed  11 7.0 fsync(` + inKept + `) = 0
`
	all := lines(strings.Split(text, "\n"))
	return append(goodLines(), slices.DeleteFunc(all, func(l string) bool { return l == "" })...)
}

// TestKeysAreHeldToTheirSyncs spoils a good trace of a key, each time in one way.
func TestKeysAreHeldToTheirSyncs(t *testing.T) {
	if answers, faults := faultsOf(t, goodKey()); answers != 5 || faults != "" {
		t.Fatalf("a good trace has %d answers and the faults\n%s", answers, faults)
	}
	for _, test := range []struct {
		name  string
		spoil func(lines) lines
		fault string
	}{
		{"sealed file not synced", func(l lines) lines { return l.without("seal-sync") }, "the sealed file was not synced after its last byte"},
		{"synced before its last byte", func(l lines) lines { return l.swap("seal-write", "seal-sync") }, "the sealed file was not synced"},
		{"synced after it got its name", func(l lines) lines { return l.swap("seal-place", "seal-sync") }, "the sealed file was not synced"},
		{"its name not synced", func(l lines) lines { return l.without("seal-name") }, "the folder of sealed files was not synced before the answer"},
		{"no sealed file", func(l lines) lines { return l.without("seal-place") }, "no sealed file was made"},
		{"another key's", func(l lines) lines { return l.change("seal-place", "fedcba98", "0edcba98") }, "no sealed file was made"},
		{"live before its name was synced", func(l lines) lines { return l.swap("seal-name", "live-page") }, "no page with key " + keyID + " as live"},
		{"never live", func(l lines) lines { return l.change("live-page", `\"live`, `\"creating`) }, "no page with key " + keyID + " as live"},
		{"sealed before its record", func(l lines) lines { return l.swap("creating-page", "seal-place") }, "its record does not come before its sealed file"},
		{"told before it was live", func(l lines) lines { return l.swap("live-synced", "secret-told") }, "the meta page was not synced"},
		{"deletion told too early", func(l lines) lines { return l.swap("scheduled-synced", "delete-told") }, "the meta page was not synced"},
		{"deletion not recorded", func(l lines) lines { return l.change("scheduled-page", `\"scheduled`, `\"live`) }, "as scheduled"},
		{"removed before the other one is there", func(l lines) lines { return l.swap("out-place", "out-remove") }, "no other file of the key was on the disk"},
		{"removed before the other one has its name", func(l lines) lines { return l.swap("out-name", "out-remove") }, "no other file of the key was on the disk"},
		{"its removal not synced", func(l lines) lines { return l.without("out-removed") }, "its folder was not synced before anything else was done"},
		{"removed before the other one is whole", func(l lines) lines { return l.without("out-sync") }, "no other file of the key was on the disk"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, faults := faultsOf(t, test.spoil(goodKey())); !strings.Contains(faults, test.fault) {
				t.Errorf("the faults are %q, want %q among them", faults, test.fault)
			}
		})
	}
}

// TestPowerLossOfFiles makes the key store's files after a loss at each line of a good
// trace, and counts what may be left of the key by chance.
func TestPowerLossOfFiles(t *testing.T) {
	kept := filepath.Join("/srv/data/vault/kept", keyID+".1")
	gone := filepath.Join("/srv/data/vault/scheduled", keyID+".1")
	for _, test := range []struct {
		name        string
		spoil       func(lines) lines
		after       string // the last line
		whole, less bool   // whether the key may be whole, or missing or torn
	}{
		{"before", goodOne, "live-meta", true, false},
		{"written and not placed", goodOne, "seal-sync", false, true},
		{"placed, its name not synced", goodOne, "seal-place", true, true},
		{"never synced", func(l lines) lines { return l.without("seal-sync") }, "live-meta", true, true},
		{"its name never synced", func(l lines) lines { return l.without("seal-name") }, "live-meta", true, true},
		{"on its way out", goodOne, "out-remove", true, false},
		{"removed first", func(l lines) lines { return l.swap("out-place", "out-remove") }, "out-place", true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := test.spoil(goodKey())
			h := historyOf(t, l[:l.index(test.after)+1])
			found := map[bool]int{}
			for seed := range uint64(100) {
				files := h.vaultDisk(nil, 1<<30, rand.New(rand.NewPCG(seed, 0)))
				found[isWhole(files[kept]) || isWhole(files[gone])]++
			}
			if found[true] > 0 != test.whole || found[false] > 0 != test.less {
				t.Errorf("of 100 times the key is whole %d", found[true])
			}
		})
	}
}

func goodOne(l lines) lines { return l }

func isWhole(f *file) bool { return f != nil && bytes.Equal(f.content, []byte("sealed")) }
