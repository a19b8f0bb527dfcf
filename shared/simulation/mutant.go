package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Mutant is a mistake planted into the product's code.
//
// Its file says first why it is one. Then come its pieces: a line "--- FILE", by its
// path in the repository, the lines of the old text after a minus, and those of the
// new one after a plus. The old text must be there, once.
type Mutant struct {
	Name, Why string
	pieces    []piece
}

type piece struct{ file, old, new string }

// ReadMutants reads all mutants of a folder.
func ReadMutants(dir string) ([]Mutant, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no mutants in %s: %w", dir, err)
	}
	all := make([]Mutant, len(files))
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all[i] = readMutant(strings.TrimSuffix(filepath.Base(file), ".patch"), string(text))
	}
	return all, nil
}

func readMutant(name, text string) Mutant {
	m := Mutant{Name: name}
	for _, line := range strings.SplitAfter(text, "\n") {
		file, begins := strings.CutPrefix(strings.TrimSpace(line), "--- ")
		switch {
		case begins:
			m.pieces = append(m.pieces, piece{file: file})
		case len(m.pieces) == 0:
			m.Why += line
		case strings.HasPrefix(line, "-"):
			m.pieces[len(m.pieces)-1].old += line[1:]
		case strings.HasPrefix(line, "+"):
			m.pieces[len(m.pieces)-1].new += line[1:]
		}
	}
	m.Why = strings.TrimSpace(m.Why)
	for i := range m.pieces { // a piece may be a part of a line
		p := &m.pieces[i]
		p.old, p.new = strings.TrimSuffix(p.old, "\n"), strings.TrimSuffix(p.new, "\n")
	}
	return m
}

// Files are the files of the repository at root with the mistake in them.
//
// Errors: one that names the piece whose old text is not there, or more than once.
func (m Mutant) Files(root string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	for _, p := range m.pieces {
		path := filepath.Join(root, filepath.FromSlash(p.file))
		text, changed := files[path]
		if !changed {
			var err error
			if text, err = os.ReadFile(path); err != nil {
				return nil, fmt.Errorf("mutant %s: %w", m.Name, err)
			}
		}
		if n := bytes.Count(text, []byte(p.old)); n != 1 {
			return nil, fmt.Errorf("mutant %s: the old text is %d times in %s, not once:\n%s", m.Name, n, p.file, p.old)
		}
		files[path] = bytes.Replace(text, []byte(p.old), []byte(p.new), 1)
	}
	return files, nil
}

// Overlay writes the changed files below dir, and the file that tells the go command
// to build with them: the tree stays as it is.
func (m Mutant) Overlay(root, dir string) (overlay string, err error) {
	files, err := m.Files(root)
	if err != nil {
		return "", err
	}
	replace := make(map[string]string, len(files))
	for path, text := range files {
		changed := filepath.Join(dir, fmt.Sprintf("%d-%s", len(replace), filepath.Base(path)))
		if err := os.WriteFile(changed, text, 0o600); err != nil {
			return "", err
		}
		replace[path] = changed
	}
	body, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, body, 0o600)
}
