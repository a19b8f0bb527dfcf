package simulation

import (
	"flag"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	whole       = flag.Bool("whole", false, "simulate all pairs and triples, and -schedules random ones")
	schedules   = flag.Int("schedules", 1000, "random schedules")
	seedFlag    = flag.String("seed", "", "play one schedule again, and trace it")
	triplesStep = flag.Int("triples", 1, "with -whole, simulate every n-th triple alone")
	first       = flag.Uint64("first", 1, "seed of the first random schedule")
)

// told reports what a search met, and fails with its seed.
func told(t *testing.T, what string, begun time.Time, stats *Stats, failure *Failure) {
	t.Helper()
	t.Logf("%s: %s, in %s", what, stats, time.Since(begun).Round(time.Millisecond))
	if failure != nil {
		t.Fatalf("%s: %v", what, failure)
	}
}

// A seed plays the same schedule each time. With -seed it is told what happens in it.
func TestReplay(t *testing.T) {
	seeds := []string{"1", "2", "77", "single/3/0,0,1", "pair/12/0,1,0"}
	if *seedFlag != "" {
		seeds = []string{*seedFlag}
	}
	for _, seed := range seeds {
		wrong, trace, err := Replay(seed)
		if err != nil {
			t.Fatal(err)
		}
		if *seedFlag != "" {
			t.Log("\n" + strings.Join(trace, "\n"))
		}
		if wrong != "" {
			t.Error(wrong)
		}
		if _, again, _ := Replay(seed); !slices.Equal(trace, again) {
			t.Errorf("seed %s went another way the second time", seed)
		}
	}
}

func TestSingles(t *testing.T) { explored(t, "single", 1, 1) }

func TestPairs(t *testing.T) { explored(t, "pair", 11, 1) }

func TestTriples(t *testing.T) { explored(t, "triple", 199, *triplesStep) }

// explored plays every step-th play of a kind, in a whole simulation every wholeStep-th.
func explored(t *testing.T, kind string, step, wholeStep int) {
	t.Helper()
	if *whole {
		step = wholeStep
	}
	t.Logf("%s: every %d. play of %d", kind, step, Plays(kind))
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
