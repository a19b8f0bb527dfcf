package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
)

// A Document is what policy files say, before it is judged: rules by name, each
// with the place where it stands. It never changes.
type Document struct {
	files    []string
	version  string
	rules    []entry
	findings Findings // of the reading
	partial  bool     // a file could not be read as a whole
	blank    []string // files with nothing in them, no comment either
}

// An entry is one rule of a file.
type entry struct {
	name  string
	value any    // as oslo.policy has it: text, list, or what else YAML makes of it
	raw   string // of a plain scalar, as it is written
	meant any    // what the value should have been, where reading tells; nil: itself
	file  string
	line  int

	faults     []fault // of the reading
	unread     bool    // the value could not be read, and a fault says so
	overridden bool    // a later one of the name wins
	nameless   bool    // its name is no text, so that nobody can ask for it
}

// A fault is something wrong with one rule.
type fault struct {
	severity severity
	reason   string
}

type severity uint8

const (
	toldOnly severity = iota // told in every mode
	refused                  // refused in the mode Refuse
	broken                   // refused in every mode: oslo.policy fails to load it
)

// Files returns the files that were read, in the order in which later ones win.
func (d *Document) Files() []string { return slices.Clone(d.files) }

// Version tells one content of files from another: twelve hexadecimal digits of
// a digest. It is "defaults" where no file was read.
func (d *Document) Version() string { return d.version }

// Rules returns the rules as they are in force, by name: texts and lists, as
// ParseRules takes them.
func (d *Document) Rules() map[string]any {
	rules := make(map[string]any, len(d.rules))
	for _, e := range d.rules { // the last of a name wins
		if !e.nameless {
			rules[e.name] = e.value
		}
	}
	return rules
}

// documentOf returns rules that come from no file.
func documentOf(rules map[string]any) *Document {
	d := &Document{version: noVersion}
	for name, value := range rules {
		d.rules = append(d.rules, entry{name: name, value: value})
	}
	slices.SortFunc(d.rules, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return d
}

// noVersion is the version of the registered defaults alone.
const noVersion = "defaults"

func versionOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil))[:12] }

func newDigest() hash.Hash { return sha256.New() }
