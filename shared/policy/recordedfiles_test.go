package policy

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A recordedFile is a policy file, and what it decides at oslo.policy: true, false
// or "error", by rule; nil where it is not loaded.
type recordedFile struct {
	File    string
	Decides map[string]any
}

// fileDeviations are the files that Gander takes otherwise, with the reason.
var fileDeviations = map[string]string{
	"<<: {r: role:member}": "mappings that are merged into others hide rules; they are refused in every mode",
	"r: &x [*x]":           "a list that holds itself is no rule; it is refused in every mode",
	"r: role:member\t":     "a tab after a rule changes nothing",
}

func recordedFiles(t *testing.T) (files, renamed []recordedFile, creds map[string]any, target Attributes) {
	t.Helper()
	raw, err := os.ReadFile("testdata/policy_files.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct{ Files, Renamed []recordedFile }
	if err := json.Unmarshal(raw, &recorded); err != nil {
		t.Fatal(err)
	}
	r := readRecording(t)
	return recorded.Files, recorded.Renamed, r.Creds, Attributes(r.Target)
}

// In the mode Warn a file is loaded where oslo.policy loads it, and says the same.
func TestRecordedFilesOfOsloPolicy(t *testing.T) {
	files, _, creds, target := recordedFiles(t)
	if len(files) < 150 {
		t.Fatalf("%d recorded files", len(files))
	}
	known := map[string]bool{}
	for _, f := range files {
		known[f.File] = true
		doc, _ := readText(t, f.File)
		e, findings := Compile(doc, Warn)
		var got map[string]any
		if e != nil {
			got = answersOf(t, doc, creds, target)
		}
		diff := cmp.Diff(f.Decides, got)
		switch reason, deviates := fileDeviations[f.File]; {
		case deviates && diff == "":
			t.Errorf("%q is taken as recorded, so it is no deviation: %s", f.File, reason)
		case !deviates && diff != "":
			t.Errorf("%q: %s %v", f.File, diff, findings)
		}
	}
	for file := range fileDeviations {
		if !known[file] {
			t.Errorf("deviation %q names no file", file)
		}
	}
}

// answersOf asks every rule of the document, and of it alone.
func answersOf(t *testing.T, doc *Document, creds map[string]any, target Attributes) map[string]any {
	t.Helper()
	rules, err := ParseRules(doc.Rules())
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]any{}
	for name := range doc.Rules() {
		ok, err := rules.Decide(name, creds, target)
		if answers[name] = ok; err != nil {
			answers[name] = "error"
		}
	}
	return answers
}

// What was said under an old name counts as at oslo.policy.
func TestRecordedFilesWithOldNames(t *testing.T) {
	_, renamed, _, target := recordedFiles(t)
	if len(renamed) < 10 {
		t.Fatalf("%d recorded files", len(renamed))
	}
	for _, f := range renamed {
		doc, _ := readText(t, f.File)
		c := newCompilation(doc, Refuse, []Default{{Rule: "foo", Check: "role:admin", Replaces: &Predecessor{Rule: "bar", Check: "role:member"}}})
		c.run()
		c.set.resolve()
		for name, want := range f.Decides {
			if got, err := (&Enforcer{rules: c.set}).Decide(Rule(name), member, target); err != nil || got != want {
				t.Errorf("%q, %s: %v, %v, want %v", f.File, name, got, err, want)
			}
		}
	}
}
