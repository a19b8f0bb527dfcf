package simulation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
)

// Stats are what was met.
type Stats struct {
	Schedules int // runs to a quiet end
	Replays   int // beginnings of runs, those that met a known state too
	States    int // that were not met before
	Steps     int // calls of ports, of all runs that came to their end
	Keys      map[[2]key.State]int
	Images    map[[2]image.Status]int
}

func (s *Stats) key(from, to key.State) {
	if s.Keys == nil {
		s.Keys = map[[2]key.State]int{}
	}
	s.Keys[[2]key.State{from, to}]++
}

func (s *Stats) image(from, to image.Status) {
	if from == to {
		return
	}
	if s.Images == nil {
		s.Images = map[[2]image.Status]int{}
	}
	s.Images[[2]image.Status{from, to}]++
}

// Add adds another's figures.
func (s *Stats) Add(o *Stats) {
	s.Schedules += o.Schedules
	s.Replays += o.Replays
	s.States += o.States
	s.Steps += o.Steps
	for t, n := range o.Keys {
		if s.Keys == nil {
			s.Keys = map[[2]key.State]int{}
		}
		s.Keys[t] += n
	}
	for t, n := range o.Images {
		if s.Images == nil {
			s.Images = map[[2]image.Status]int{}
		}
		s.Images[t] += n
	}
}

// String is one line of figures.
func (s *Stats) String() string {
	mean := 0.0
	if s.Schedules > 0 {
		mean = float64(s.Steps) / float64(s.Schedules)
	}
	return fmt.Sprintf("%d schedules, %d states met, %.1f steps on average, %d replays", s.Schedules, s.States, mean, s.Replays)
}

// Visits tells how often keys came to each state, and by which way.
func (s *Stats) Visits() string {
	states := map[key.State]int{}
	var ways []string
	order := slices.SortedFunc(maps.Keys(s.Keys), func(a, b [2]key.State) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	for _, t := range order {
		states[t[1]] += s.Keys[t]
		ways = append(ways, fmt.Sprintf("  %-10s -> %-10s %12d", spell(t[0]), spell(t[1]), s.Keys[t]))
	}
	var b strings.Builder
	b.WriteString("states of keys, by visits:\n")
	for _, state := range slices.Sorted(maps.Keys(states)) {
		fmt.Fprintf(&b, "  %-10s %12d\n", spell(state), states[state])
	}
	b.WriteString("transitions of keys:\n" + strings.Join(ways, "\n"))
	return b.String()
}

func spell(s key.State) string { return cmp.Or(string(s), "(none)") }
