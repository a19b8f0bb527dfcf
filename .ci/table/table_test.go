package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func lastLine(s string) string {
	s = strings.TrimSuffix(s, "\n")
	return s[strings.LastIndex(s, "\n")+1:]
}

func TestTable(t *testing.T) {
	floors := []Floor{{Suite: "unit", Least: 3, Skips: 1}, {Suite: "lint", Least: 1}}
	lint := Result{Suite: "lint", Passed: 1}
	for _, c := range []struct {
		name    string
		results []Result
		ok      bool
		last    string
		tells   string
	}{
		{
			"results of one suite add up",
			[]Result{{Suite: "unit", Passed: 2}, {Suite: "unit", Passed: 1, Skips: []string{"TestMoon: no moon"}}, lint},
			true, "4 passed, 0 failed, 1 skipped", "skipped: TestMoon: no moon",
		},
		{
			"a test fails",
			[]Result{{Suite: "unit", Passed: 3, Failures: []string{"p TestA"}}, lint},
			false, "4 passed, 1 failed, 0 skipped", "failed: p TestA",
		},
		{
			"below the floor",
			[]Result{{Suite: "unit", Passed: 2}, lint},
			false, "3 passed, 1 failed, 0 skipped", "suite unit ran 2 checks, its floor is 3",
		},
		{
			"skipped tests do not reach the floor",
			[]Result{{Suite: "unit", Passed: 2, Skips: []string{"a"}}, lint},
			false, "3 passed, 1 failed, 1 skipped", "suite unit ran 2 checks, its floor is 3",
		},
		{
			"more skips than permitted",
			[]Result{{Suite: "unit", Passed: 3, Skips: []string{"a", "b"}}, lint},
			false, "4 passed, 1 failed, 2 skipped", "suite unit skipped 2 checks, permitted are 1",
		},
		{
			"a suite that did not run",
			[]Result{{Suite: "unit", Passed: 3}},
			false, "3 passed, 2 failed, 0 skipped", "suite lint did not run",
		},
		{
			"a suite nobody expects",
			[]Result{{Suite: "unit", Passed: 3}, lint, {Suite: "unti", Passed: 9}},
			false, "4 passed, 1 failed, 0 skipped", "suite unti has no floor",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			ok, err := write(&out, floors, c.results)
			if err != nil || ok != c.ok {
				t.Errorf("write is %t, %v, want %t", ok, err, c.ok)
			}
			if got := lastLine(out.String()); got != c.last {
				t.Errorf("the last line is %q, want %q", got, c.last)
			}
			if !strings.Contains(out.String(), c.tells) {
				t.Errorf("no line tells %q:\n%s", c.tells, &out)
			}
		})
	}
}

func TestFloorsFile(t *testing.T) {
	for _, c := range []struct{ text, fault string }{
		{"# remark\nunit 10 0\n\nlint 1 2 # why\n", ""},
		{"unit 10\n", "line 1"},
		{"\nunit ten 0\n", "line 2"},
		{"unit 0 0\n", "below 1"},
	} {
		floors, err := readFloors(strings.NewReader(c.text))
		switch {
		case c.fault == "" && (err != nil || len(floors) != 2 || floors[1] != Floor{Suite: "lint", Least: 1, Skips: 2}):
			t.Errorf("%q is %v, %v", c.text, floors, err)
		case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
			t.Errorf("%q fails with %v, want %q", c.text, err, c.fault)
		}
	}
}

// A whole run: steps that pass and fail, a command that is not there, the table.
func TestSteps(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CI_RESULTS", filepath.Join(dir, "new"))
	floors := filepath.Join(dir, "suites.txt")
	if err := os.WriteFile(floors, []byte("build 3 0\nunit 1 0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, c := range []struct {
		args string
		ok   bool
	}{
		{"step build good -- go version", true},
		{"step build bad -- go no-such-thing", false},
		{"step build absent -- ./no-such-command", false},
		{"go unit -- ./no-such-command", false},
		{"go unit -- go env GOOS", true}, // lines that are no events are only shown
		{"table " + floors, false},
	} {
		out.Reset()
		ok, err := run(strings.Fields(c.args), &out)
		if ok != c.ok || err != nil {
			t.Errorf("ci %s: %t, %v, want %t\n%s", c.args, ok, err, c.ok, &out)
		}
	}
	if got := lastLine(out.String()); got != "1 passed, 3 failed, 0 skipped" {
		t.Errorf("the table ends with\n%s", &out)
	}
	for _, args := range []string{"", "go unit", "step build -- true", "table", "table x -- y"} {
		if _, err := run(strings.Fields(args), &out); err == nil {
			t.Errorf("ci %s is taken", args)
		}
	}
}
