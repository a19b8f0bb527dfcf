package simulation

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// workers is how many plays go on side by side; none shares anything with another.
const workers = 2

// Explore plays all plays of a kind whose number is a multiple of step, and returns
// what was met and the first failure.
func Explore(kind string, step, most int) (*Stats, *Failure) {
	all := kinds[kind]()
	count := (len(all) + step - 1) / step
	return parallel(count, func(n int, stats *Stats) *Failure {
		at := (count - 1 - n) * step // the last ones first: they are short
		return all[at].explore(seedOf(kind, at), stats, most)
	})
}

// Plays is how many plays of a kind there are.
func Plays(kind string) int { return len(kinds[kind]()) }

// Random plays count schedules from the first seed on.
func Random(first uint64, count int) (*Stats, *Failure) {
	return parallel(count, func(n int, stats *Stats) *Failure {
		number := first + uint64(n) //nolint:gosec // never negative
		r := random(number, stats, false)
		if wrong := r.world.witness.wrong; wrong != "" {
			return &Failure{Seed: strconv.FormatUint(number, 10), Wrong: wrong}
		}
		return nil
	})
}

// parallel does n pieces of work, and stops at the first failure.
func parallel(n int, work func(n int, stats *Stats) *Failure) (*Stats, *Failure) {
	worlds() // made before they are shared
	var next atomic.Int64
	var failure atomic.Pointer[Failure]
	var all [workers]Stats
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for failure.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if f := work(i, &all[w]); f != nil {
					failure.CompareAndSwap(nil, f)
				}
			}
		})
	}
	group.Wait()
	sum := &Stats{}
	for i := range all {
		sum.Add(&all[i])
	}
	return sum, failure.Load()
}

// Replay plays the schedule of a seed again, and tells what happened.
func Replay(seed string) (wrong string, trace []string, err error) {
	kind, rest, named := strings.Cut(seed, "/")
	if !named {
		number, err := strconv.ParseUint(seed, 10, 64)
		if err != nil {
			return "", nil, fmt.Errorf("%q is no seed: %w", seed, err)
		}
		r := random(number, &Stats{}, true)
		return r.world.witness.wrong, r.world.log, nil
	}
	number, steps, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	if err != nil || kinds[kind] == nil || n < 0 || n >= len(kinds[kind]()) {
		return "", nil, fmt.Errorf("there is no play %q", seed)
	}
	path, err := readPath(steps)
	if err != nil {
		return "", nil, err
	}
	wrong, trace = kinds[kind]()[n].replay(path)
	return wrong, trace, nil
}
