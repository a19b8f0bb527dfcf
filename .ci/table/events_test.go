package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func lines(s ...string) string { return strings.Join(s, "\n") + "\n" }

func TestTally(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream string
		want   Result
	}{
		{
			"passes and a skip with its reason",
			lines(
				`{"Action":"start","Package":"p"}`,
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"run","Package":"p","Test":"TestB"}`,
				`{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}`,
				`{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:7: needs root\n"}`,
				`{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}`,
				`{"Action":"skip","Package":"p","Test":"TestB"}`,
				`{"Action":"pass","Package":"p","Elapsed":0.1}`,
			),
			Result{Passed: 1, Skips: []string{"p TestB: b_test.go:7: needs root"}},
		},
		{
			"a parent is the sum of its subtests",
			lines(
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"run","Package":"p","Test":"TestA/x"}`,
				`{"Action":"run","Package":"p","Test":"TestA/y"}`,
				`{"Action":"pass","Package":"p","Test":"TestA/x"}`,
				`{"Action":"fail","Package":"p","Test":"TestA/y"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"fail","Package":"p"}`,
			),
			Result{Passed: 1, Failures: []string{"p TestA/y"}},
		},
		{
			"a parent that fails by itself counts",
			lines(
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"run","Package":"p","Test":"TestA/x"}`,
				`{"Action":"pass","Package":"p","Test":"TestA/x"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"fail","Package":"p"}`,
			),
			Result{Passed: 1, Failures: []string{"p TestA"}},
		},
		{
			"a package that does not build",
			lines(
				`{"ImportPath":"p [p.test]","Action":"build-output","Output":"p/a.go:1:1: expected 'package'\n"}`,
				`{"ImportPath":"p [p.test]","Action":"build-fail"}`,
				`{"Action":"start","Package":"p"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}`,
				`{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
			),
			Result{Failures: []string{"p"}},
		},
		{
			"a process that dies in a test",
			lines(
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"run","Package":"p","Test":"TestB"}`,
				`{"Action":"output","Package":"p","Test":"TestB","Output":"panic: at the disco\n"}`,
				`{"Action":"fail","Package":"p"}`,
			),
			Result{Passed: 1, Failures: []string{"p TestB"}},
		},
		{
			"a stream that stops",
			lines(
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
			),
			Result{Passed: 1, Failures: []string{"p"}},
		},
		{
			"a package that fails after its tests passed",
			lines(
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"fail","Package":"p"}`,
			),
			Result{Passed: 1, Failures: []string{"p"}},
		},
		{
			"a package without tests counts nothing",
			lines(`{"Action":"start","Package":"p"}`, `{"Action":"skip","Package":"p"}`),
			Result{},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally := newTally(&bytes.Buffer{})
			if err := tally.read(strings.NewReader(c.stream)); err != nil {
				t.Fatal(err)
			}
			c.want.Suite = "s"
			if d := cmp.Diff(c.want, tally.result("s")); d != "" {
				t.Error(d)
			}
		})
	}
}

// The real go command must still speak as the tables above say.
func TestGoCommand(t *testing.T) {
	dir := t.TempDir()
	module := filepath.Join(dir, "module")
	for name, text := range map[string]string{
		"go.mod":             "module example\n\ngo 1.26\n",
		"good/a_test.go":     "package good\nimport \"testing\"\nfunc TestA(t *testing.T) {}\nfunc TestB(t *testing.T) { t.Skip(\"no moon\") }\n",
		"panics/a_test.go":   "package panics\nimport \"testing\"\nfunc TestA(t *testing.T) {}\nfunc TestB(t *testing.T) { panic(\"at the disco\") }\n",
		"exits/a_test.go":    "package exits\nimport (\"os\"; \"testing\")\nfunc TestA(t *testing.T) { os.Exit(3) }\n",
		"broken/a_test.go":   "package broken\nfunc TestA(t *testing.T) {}\n",
		"silent/a.go":        "package silent\n",
		"compiles/a.go":      "package compiles\nvar X int = \"x\"\n",
		"compiles/b.go":      "package compiles\n",
		"compiles/a_test.go": "package compiles\nimport \"testing\"\nfunc TestA(t *testing.T) {}\n",
	} {
		path := filepath.Join(module, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CI_RESULTS", dir)
	t.Setenv("GOWORK", "off")
	t.Chdir(module)
	var out bytes.Buffer
	ok, err := run([]string{"go", "s", "--", "go", "test", "-json", "./..."}, &out)
	if ok || err != nil {
		t.Fatalf("run is %t, %v", ok, err)
	}
	results, err := readFile(filepath.Join(dir, "results.jsonl"), readResults)
	if err != nil {
		t.Fatal(err)
	}
	results[0].Seconds = 0
	want := []Result{{
		Suite: "s", Passed: 2,
		Failures: []string{"example/broken", "example/compiles", "example/exits TestA", "example/panics TestB"},
		Skips:    []string{"example/good TestB: a_test.go:4: no moon"},
	}}
	less := cmp.Transformer("sorted", sorted)
	if d := cmp.Diff(want, results, less); d != "" {
		t.Errorf("%s\n%s", d, &out)
	}
	for _, said := range []string{"undefined: testing", "at the disco", `cannot use "x"`} {
		if !strings.Contains(out.String(), said) {
			t.Errorf("the output does not tell %q:\n%s", said, out.String())
		}
	}
}
