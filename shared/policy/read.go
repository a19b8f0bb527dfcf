package policy

import (
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/plainfile"
)

// maxFileLen bounds one policy file, in bytes. Glance's whole policy with all
// its comments has 40,000.
const maxFileLen = 1 << 20

// Read reads policy files: YAML, and what JSON is YAML as well. Of a directory it
// reads the plain files in the order of their names, without dot files and
// without what lies deeper. Later rules of one name win over earlier ones.
//
// The Document is never nil. Findings tell what could not be read, and what may
// not be meant to be there; Compile tells them again, before its own, and makes no
// Enforcer of what could not be read.
//
// Source: oslo_policy/policy.py, Enforcer.load_rules and _walk_through_policy_directory,
// but for a file that is absent, which is a fault here.
func Read(paths ...string) (*Document, Findings) {
	r := reader{doc: &Document{version: noVersion}, digest: newDigest(), at: map[string]int{}, meant: map[int][]pair{}}
	for _, path := range paths {
		r.path(path)
	}
	r.correct()
	if len(r.doc.files) > 0 {
		r.doc.version = versionOf(r.digest)
	}
	return r.doc, slices.Clone(r.doc.findings)
}

type reader struct {
	doc    *Document
	digest hash.Hash
	at     map[string]int // where in doc.rules a name stands
	meant  map[int][]pair // by finding: the rules to write instead
}

// fail tells a fault that keeps a file, or part of it, from being read.
func (r *reader) fail(f Finding) {
	r.doc.partial = true
	r.refuse(f)
}

// refuse tells a fault beside which all rules could be read.
func (r *reader) refuse(f Finding) {
	f.Refused = true
	r.doc.findings = append(r.doc.findings, f)
}

func (r *reader) path(path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		r.fail(Finding{File: path, Reason: reasonOf(err)})
	case info.IsDir():
		r.directory(path)
	default:
		r.file(path)
	}
}

func (r *reader) directory(path string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		r.fail(Finding{File: path, Reason: reasonOf(err)})
	}
	read := len(r.doc.files) + len(r.doc.findings)
	for _, e := range entries {
		file := filepath.Join(path, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if info, err := os.Stat(file); err != nil || !info.IsDir() {
			r.leftBehind(file)
			r.file(file)
		}
	}
	if err == nil && len(r.doc.files)+len(r.doc.findings) == read {
		r.doc.findings = append(r.doc.findings, Finding{File: path, Reason: "there is no policy file in it"})
	}
}

// leftBehind tells of a file in a directory that nobody may have meant to be
// there. It is read as any other, and its rules win over those of the original.
func (r *reader) leftBehind(file string) {
	copies := []string{"~", ".bak", ".old", ".orig", ".save", ".swp", ".tmp", ".rpmnew", ".rpmorig", ".rpmsave", ".dpkg-dist", ".dpkg-new", ".dpkg-old"}
	if slices.ContainsFunc(copies, func(end string) bool { return strings.HasSuffix(file, end) }) {
		r.doc.findings = append(r.doc.findings, Finding{File: file, Reason: "it looks like a copy that was left behind, and is read like any other file of the directory"})
	}
}

func (r *reader) file(path string) {
	raw, err := plainfile.Read(path, maxFileLen)
	if err != nil {
		r.fail(Finding{File: path, Reason: reasonOf(err)})
		return
	}
	content := string(raw)
	fmt.Fprintf(r.digest, "%d:%s", len(content), content)
	r.doc.files = append(r.doc.files, path)
	if strings.TrimSpace(content) == "" {
		r.doc.blank = append(r.doc.blank, path)
	}
	r.content(path, content)
}

// reasonOf is an error without the path, which the finding names already.
func reasonOf(err error) string {
	var at *os.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return "it cannot be read: " + err.Error()
}

// put takes over one rule. An earlier one of the name stays, to be judged.
func (r *reader) put(e entry) {
	if i, again := r.at[e.name]; again && !e.nameless {
		r.doc.rules[i].overridden = true
	}
	if !e.nameless {
		r.at[e.name] = len(r.doc.rules)
	}
	r.doc.rules = append(r.doc.rules, e)
}

// correct adds to the findings how the rules are written that were meant.
func (r *reader) correct() {
	known := namesOf(r.doc, Defaults())
	for i, rules := range r.meant {
		var lines []string
		for _, rule := range rules {
			j := judge{rule: rule.name, known: known, some: r.doc.partial, gentle: true}
			if value, ok := j.correct(rule.text, ""); ok {
				lines = append(lines, entryText(rule.name, value))
			}
		}
		if len(lines) == len(rules) {
			r.doc.findings[i].Correction = strings.Join(lines, "\n")
		}
	}
}
