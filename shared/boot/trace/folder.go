package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// A folder is files by their path, as a disk may have them.
type folder map[string]*file

// A file is what was written, and how much of it is sure to be on the disk. It goes by
// any number of names.
type file struct{ content []byte }

// readFolder reads the files below a path that are there before a life begins.
func readFolder(roots ...string) (folder, error) {
	found := folder{}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || e.IsDir() {
				return err
			}
			content, err := os.ReadFile(path) //nolint:gosec // it is our own
			found[path] = &file{content}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// ofVault reports whether a path is of the key store, or of the file that seals it.
func (h *history) ofVault(path string) bool {
	return strings.HasPrefix(path, h.vault+"/") || path == h.keyFile || path == h.keyFile+".new"
}

// touchesVault reports whether a call changes the key store's files or their names.
func (h *history) touchesVault(c call) bool {
	switch c.name {
	case "openat":
		return creates(c) && h.ofVault(c.place(0))
	case "renameat", "linkat":
		return h.ofVault(c.place(2))
	case "unlinkat":
		return h.ofVault(c.place(0))
	case "fsync", "fdatasync":
		return h.ofVault(c.path()) || c.path() == h.vault
	}
	return writes(c) && h.ofVault(c.path())
}

func creates(c call) bool { return len(c.args) > 2 && strings.Contains(c.args[2].text, "O_CREAT") }

// vaultDisk is the key store's files after a loss of power on a line. Of what was not
// synced, each piece of a file and each name is there or not, by chance.
func (h *history) vaultDisk(before folder, line int, chance *rand.Rand) folder {
	d := &disk{history: h, line: line, chance: chance, names: folder{}, kept: folder{}}
	for path, f := range before {
		now := &file{append([]byte(nil), f.content...)}
		d.names[path], d.kept[path] = now, now
	}
	for _, c := range h.calls {
		if c.begin < line && h.touchesVault(c) {
			d.apply(c)
		}
	}
	return d.kept
}

// A disk is being made of one call after another.
type disk struct {
	history *history
	line    int
	chance  *rand.Rand
	names   folder // as processes see them
	kept    folder // as they are after the loss
}

func (d *disk) apply(c call) {
	switch c.name {
	case "openat":
		f := d.names[c.place(0)]
		if f == nil {
			f = &file{}
		}
		d.name(c, c.place(0), f)
	case "renameat":
		f := d.names[c.place(0)]
		d.name(c, c.place(2), f)
		d.unname(c, c.place(0))
	case "linkat":
		d.name(c, c.place(2), d.names[c.place(0)])
	case "unlinkat":
		d.unname(c, c.place(0))
	case "write":
		if f := d.names[c.path()]; f != nil {
			d.fill(c, f)
		}
	}
}

// lasts reports whether the change that a call makes to a file or a folder is there in
// the end.
func (d *disk) lasts(c call, synced string) bool {
	return d.history.synced(synced, c.end, d.line) != nil || d.chance.IntN(2) == 0
}

func (d *disk) name(c call, path string, f *file) {
	if f == nil {
		return
	}
	d.names[path] = f
	if d.lasts(c, filepath.Dir(path)) {
		d.kept[path] = f
	}
}

func (d *disk) unname(c call, path string) {
	delete(d.names, path)
	if d.lasts(c, filepath.Dir(path)) {
		delete(d.kept, path)
	}
}

// fill appends what was written, by sectors.
func (d *disk) fill(c call, f *file) {
	durable := d.history.synced(c.path(), c.end, d.line) != nil
	data := []byte(c.data())
	for at := 0; at < len(data); at += sector {
		piece := data[at:min(at+sector, len(data))]
		switch {
		case durable || d.chance.IntN(2) == 0:
			f.content = append(f.content, piece...)
		case d.chance.IntN(2) == 0: // its length counts already
			f.content = append(f.content, make([]byte, len(piece))...)
		default:
			return
		}
	}
}

// write puts the files below one path below another.
func (f folder) write(from, to string) error {
	for path, file := range f {
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		place := filepath.Join(to, below)
		if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(place, file.content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
