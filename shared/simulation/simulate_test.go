package simulation

import (
	"flag"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

var (
	whole     = flag.Bool("whole", false, "simulate all pairs and triples, and -schedules random ones")
	schedules = flag.Int("schedules", 2000, "random schedules")
	seedFlag  = flag.String("seed", "", "play one schedule again, and trace it")
	first     = flag.Uint64("first", 1, "seed of the first random schedule")
)

// told reports what a search met, and fails with its seed.
func told(t *testing.T, what string, begun time.Time, stats *Stats, failure *Failure) {
	t.Helper()
	t.Logf("%s: %s, in %s", what, stats, time.Since(begun).Round(time.Millisecond))
	if failure != nil {
		t.Fatalf("%s: %v", what, failure)
	}
}

func TestReplay(t *testing.T) {
	if *seedFlag == "" {
		t.Skip("no -seed was given")
	}
	wrong, trace, err := Replay(*seedFlag)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + strings.Join(trace, "\n"))
	if wrong != "" {
		t.Fatal(wrong)
	}
}

func TestSingles(t *testing.T) { explored(t, "single", 1) }

func TestPairs(t *testing.T) { explored(t, "pair", 7) }

func TestTriples(t *testing.T) { explored(t, "triple", 97) }

// explored plays every step-th play of a kind, or all of them.
func explored(t *testing.T, kind string, step int) {
	t.Helper()
	if *whole {
		step = 1
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	begun := time.Now()
	stats, failure := Explore(kind, step, 1<<20)
	told(t, kind, begun, stats, failure)
}

func TestRandom(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	begun := time.Now()
	stats, failure := Random(*first, *schedules)
	told(t, "random", begun, stats, failure)
	t.Log("\n" + stats.Visits())
}
