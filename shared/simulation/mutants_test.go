package simulation

import (
	"flag"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

var (
	mutantsFlag = flag.Bool("mutants", false, "build with each mutant, and want the simulation to find it")
	mutantFlag  = flag.String("mutant", "", "only those mutants whose names match")
)

var foundBy = regexp.MustCompile(`(?s)(\d+ schedules).*simulate_test.go:\d+: (.*?)\n\s*play it again: make simulate SEED='(.*?)'`)

// Each mutant fits the code as it is: one whose text is no longer there would be none.
// With -mutants the simulation must fail on it, by a schedule that it names.
func TestMutants(t *testing.T) {
	all, err := ReadMutants("testdata/mutants")
	if err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	chosen := regexp.MustCompile(*mutantFlag)
	turns := make(chan struct{}, workers)
	for _, m := range all {
		t.Run(m.Name, func(t *testing.T) {
			if _, err := m.Files(abs); err != nil {
				t.Fatal(err)
			}
			if m.Why == "" || len(m.pieces) == 0 {
				t.Fatal("the mutant says nothing, or changes nothing")
			}
			if !*mutantsFlag || !chosen.MatchString(m.Name) {
				return
			}
			t.Parallel()
			turns <- struct{}{}
			defer func() { <-turns }()
			hunt(t, abs, m)
		})
	}
}

// phases are the searches for a mutant: those that find most of them come first.
var phases = [][]string{
	{"-test.run=^TestSingles$"},
	{"-test.run=^TestRandom$", "-schedules=4000"},
	{"-test.run=^TestPairs$"},
	{"-test.run=^TestRandom$", "-schedules=200000"},
	{"-test.run=^TestTriples$"},
}

func hunt(t *testing.T, abs string, m Mutant) {
	t.Helper()
	dir := t.TempDir()
	overlay, err := m.Overlay(abs, dir)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	binary := filepath.Join(dir, "simulation")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, "./shared/simulation")
	build.Dir = abs
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the mutant does not build: %v\n%s", err, out)
	}
	built := time.Now()
	for _, phase := range phases {
		run := exec.CommandContext(t.Context(), binary, append(phase, "-test.v", "-whole")...) //nolint:gosec // built above
		out, err := run.CombinedOutput()
		if err == nil {
			continue
		}
		found := foundBy.FindSubmatch(out)
		if found == nil {
			t.Fatalf("the simulation failed, and named no schedule: %v\n%s", err, out)
		}
		t.Logf("built in %s, found in %s, by SEED='%s', after %s: %s", built.Sub(begun).Round(time.Millisecond),
			time.Since(built).Round(time.Millisecond), found[3], found[1], found[2])
		return
	}
	t.Error("the simulation did not find it")
}
