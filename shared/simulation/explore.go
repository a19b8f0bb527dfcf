package simulation

import (
	"fmt"
	"strconv"
	"strings"
)

// A play is a setup with deeds that happen at once, and how many faults may happen
// meanwhile.
type play struct {
	setup  string
	deeds  []deed
	faults int
}

func (p play) String() string {
	names := make([]string, len(p.deeds))
	for i, d := range p.deeds {
		names[i] = d.name
	}
	return fmt.Sprintf("%s: %s, %d faults", p.setup, strings.Join(names, " | "), p.faults)
}

func (p play) begin(stats *Stats) *run {
	r := &run{world: worlds()[p.setup].fork(stats), faults: p.faults}
	for _, d := range p.deeds {
		r.add(d.name, d)
	}
	r.begin()
	return r
}

// A Failure is a schedule that broke a promise.
type Failure struct {
	Seed  string // plays it again
	Wrong string
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s\nplay it again: make simulate SEED='%s'", f.Wrong, f.Seed)
}

// explore plays every order of the calls of all actors. States that are equal are met
// once: what follows them is the same. It stops at the first failure, or after most
// states.
func (p play) explore(id string, stats *Stats, most int) *Failure {
	seen := make(map[uint64]struct{}, 256)
	todo := [][]uint8{nil}
	var choices []choice
	for len(todo) > 0 {
		path := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		r := p.begin(stats)
		stats.Replays++
		for _, n := range path {
			choices = r.choices(choices)
			r.take(choices[n])
		}
		for {
			if r.world.witness.wrong == "" {
				h := r.hash()
				if _, met := seen[h]; met {
					r.end()
					break
				}
				seen[h] = struct{}{}
				stats.States++
				choices = r.choices(choices)
			}
			if r.world.witness.wrong != "" || len(choices) == 0 {
				r.world.judge = true
				r.settle()
				stats.Schedules++
				stats.Steps += r.steps
				break
			}
			for n := len(choices) - 1; n > 0; n-- {
				todo = append(todo, append(path[:len(path):len(path)], uint8(n))) //nolint:gosec // a dozen
			}
			r.take(choices[0])
			path = append(path[:len(path):len(path)], 0)
		}
		if wrong := r.world.witness.wrong; wrong != "" {
			return &Failure{Seed: id + "/" + spellPath(path), Wrong: p.String() + ": " + wrong}
		}
		if len(seen) > most {
			return nil
		}
	}
	return nil
}

// replay plays one path again, and traces it.
func (p play) replay(path []uint8) (wrong string, trace []string) {
	r := p.begin(&Stats{})
	r.world.traces = true
	for _, n := range path {
		choices := r.choices(nil)
		if int(n) >= len(choices) {
			return "there is no such path any more", r.world.log
		}
		r.take(choices[n])
	}
	r.world.judge = true
	r.settle()
	return r.world.witness.wrong, r.world.log
}

func spellPath(path []uint8) string {
	steps := make([]string, len(path))
	for i, n := range path {
		steps[i] = strconv.Itoa(int(n))
	}
	return strings.Join(steps, ",")
}

func readPath(text string) (path []uint8, err error) {
	if text == "" {
		return nil, nil
	}
	for _, step := range strings.Split(text, ",") {
		n, err := strconv.ParseUint(step, 10, 8)
		if err != nil {
			return nil, fmt.Errorf("a path is numbers: %w", err)
		}
		path = append(path, uint8(n))
	}
	return path, nil
}
