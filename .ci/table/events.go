package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// An event is a line of `go test -json`.
//
// Source: go doc test2json; go help buildjson.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build events
	Test       string
	Elapsed    float64
	Output     string
}

// A tally counts tests while their events come in.
type tally struct {
	out      io.Writer
	tests    map[string]map[string]*test // by package and name
	packages map[string]string           // how each ended
	failures []string
}

type test struct {
	ended  string // pass, fail, skip; empty while it runs
	output strings.Builder
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, tests: map[string]map[string]*test{}, packages: map[string]string{}}
}

// read takes all events. Lines that are none, such as those of make, are shown.
func (t *tally) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			t.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tally) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil || e.Action == "" {
		_, _ = t.out.Write(line)
		return
	}
	if e.Package == "" {
		t.build(e)
		return
	}
	if t.tests[e.Package] == nil {
		t.tests[e.Package] = map[string]*test{"": {}} // the empty name is the package's own
	}
	one := t.tests[e.Package][e.Test]
	if one == nil {
		one = &test{}
		t.tests[e.Package][e.Test] = one
	}
	switch e.Action {
	case "output":
		one.output.WriteString(e.Output)
	case "pass", "fail", "skip":
		one.ended = e.Action
		if e.Test == "" {
			t.packageEnd(e)
		}
	}
}

// build shows what the compiler says; the package's own failure comes later, as
// an event of its own.
func (t *tally) build(e event) {
	if e.Action == "build-output" {
		fmt.Fprint(t.out, e.Output)
	}
}

// packageEnd settles what a package's tests came to, and says so.
func (t *tally) packageEnd(e event) {
	t.packages[e.Package] = e.Action
	tests := t.tests[e.Package]
	before := len(t.failures)
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		one := tests[name]
		if name == "" || !leaf(tests, name) {
			continue
		}
		if one.ended == "" {
			one.ended = "fail" // the process died in it
		}
		if one.ended == "fail" {
			t.fail(e.Package, name, one)
		}
	}
	if e.Action == "fail" && len(t.failures) == before {
		t.fail(e.Package, "", tests[""])
	}
	if e.Action == "fail" {
		fmt.Fprint(t.out, tests[""].output.String())
		return
	}
	if len(tests) > 1 {
		fmt.Fprintf(t.out, "ok    %s (%.1f s)\n", e.Package, e.Elapsed)
	}
}

func (t *tally) fail(pkg, name string, one *test) {
	label := strings.TrimSpace(pkg + " " + name)
	t.failures = append(t.failures, label)
	if name != "" {
		fmt.Fprintf(t.out, "FAIL  %s\n%s", label, one.output.String())
	}
}

// leaf reports whether a test counts: one that has subtests is only the sum of
// them, unless it failed without their help.
func leaf(tests map[string]*test, name string) bool {
	parent := false
	for other, one := range tests {
		if strings.HasPrefix(other, name+"/") {
			parent = true
			if one.ended == "fail" || one.ended == "" {
				return false
			}
		}
	}
	return !parent || tests[name].ended == "fail" || tests[name].ended == ""
}

// result sums up. A package that never ended has failed: its process, or the
// command, was stopped.
func (t *tally) result(suite string) Result {
	for _, pkg := range slices.Sorted(maps.Keys(t.tests)) {
		if t.packages[pkg] == "" {
			t.packageEnd(event{Action: "fail", Package: pkg})
		}
	}
	r := Result{Suite: suite, Failures: t.failures}
	for pkg, tests := range t.tests {
		for name, one := range tests {
			if name == "" || !leaf(tests, name) {
				continue
			}
			switch one.ended {
			case "pass":
				r.Passed++
			case "skip":
				r.Skips = append(r.Skips, fmt.Sprintf("%s %s: %s", pkg, name, reason(one.output.String())))
			}
		}
	}
	slices.Sort(r.Skips)
	return r
}

// reason is what a skipped test said.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}
