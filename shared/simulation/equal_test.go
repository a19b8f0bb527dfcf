package simulation

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

var followed = flag.Int("followed", 23, "hold every n-th pair to what its equal states lead to")

// A follower plays all that a play can be, and does not leave a state where it has met
// an equal one: it goes on from there to the end, by chance, and compares.
type follower struct {
	play
	rng     *rand.Rand
	choices map[uint64]string           // of each state, by its hash: what may happen
	next    map[uint64]map[uint8]uint64 // and where that leads
	again   int                         // steps that were taken before, from an equal state
}

// follow plays the schedules that begin with a path, and returns those that are left to
// be played.
func (f *follower) follow(path []uint8) (todo [][]uint8, wrong string) {
	r := f.begin(&Stats{})
	defer r.end()
	for _, n := range path {
		r.take(r.choices(nil)[n])
	}
	for left := false; ; {
		h := r.hash()
		choices := r.choices(nil)
		said := r.stored()
		for _, c := range choices {
			said += c.String() + "; "
		}
		before, met := f.choices[h]
		if met && before != said {
			return nil, fmt.Sprintf("%s: equal states, from which may happen\n%s\n%s", f.play, before, said)
		}
		f.choices[h] = said
		left = left || met
		var n uint8
		switch {
		case len(choices) == 0:
			r.settle()
		case left:
			n = uint8(f.rng.IntN(len(choices))) //nolint:gosec // a dozen
			r.take(choices[n])
		default:
			for other := 1; other < len(choices); other++ {
				todo = append(todo, append(path[:len(path):len(path)], uint8(other))) //nolint:gosec // a dozen
			}
			path = append(path[:len(path):len(path)], 0)
			r.take(choices[0])
		}
		if wrong := f.leads(h, n, mix(r.hash(), hashText(r.world.witness.wrong))); wrong != "" {
			return nil, fmt.Sprintf("%s: %s of %s", f.play, wrong, said)
		}
		if len(choices) == 0 {
			return todo, ""
		}
	}
}

// stored is all that is stored and on its way, and what the witness knows, at length.
func (r *run) stored() string {
	w, items := r.world, r.world.table.All()
	at := slices.SortedFunc(maps.Keys(items), func(a, b table.Key) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Sort, b.Sort))
	})
	var b strings.Builder
	fmt.Fprintln(&b, w.now, r.faults, w.blobs, w.vault.epoch)
	for _, k := range at {
		fmt.Fprintln(&b, k, items[k].Revision, string(items[k].Body), items[k].Counters)
	}
	var lines []string
	for _, s := range w.vault.secrets {
		lines = append(lines, fmt.Sprint("secret ", s))
	}
	for _, c := range w.vault.late {
		lines = append(lines, fmt.Sprint("late ", c.op.kind, c))
	}
	for _, k := range w.witness.keys {
		if k.state != "" || !k.left.IsZero() || k.goes || k.stays {
			lines = append(lines, fmt.Sprint("key ", k))
		}
	}
	for _, i := range w.witness.images {
		lines = append(lines, fmt.Sprint("image ", i))
	}
	for _, a := range r.actors {
		if !a.dead {
			fmt.Fprintln(&b, a, a.reading)
			for _, c := range a.waiting() {
				fmt.Fprintln(&b, *c.New)
			}
		}
	}
	slices.Sort(lines) // the order in which they came says nothing
	return b.String() + strings.Join(lines, "\n") + "\n"
}

// leads notes where a choice leads in a state.
func (f *follower) leads(from uint64, n uint8, to uint64) (wrong string) {
	if f.next[from] == nil {
		f.next[from] = map[uint8]uint64{}
	}
	before, taken := f.next[from][n]
	f.next[from][n] = to
	if taken {
		f.again++
	}
	if taken && before != to {
		return fmt.Sprintf("equal states, which become two by choice %d", n)
	}
	return ""
}

func (c choice) String() string {
	if c.actor == nil {
		return fmt.Sprint("late ", c.late)
	}
	return fmt.Sprint(c.actor, " at ", c.actor.at.name, " ", c.fate, c.crash)
}

// States are met once if their hashes are equal. That leaves nothing out only where
// equal states go on alike: the same may happen in them, and leads to equal states,
// down to the end.
func TestEqualStatesGoOnAlike(t *testing.T) {
	again, states := 0, 0
	const most = 400 // schedules of one play
	for kind, every := range map[string]int{"single": 1, "pair": *followed} {
		all := kinds[kind]()
		for n := 0; n < len(all); n += every {
			f := &follower{
				play: all[n], rng: rand.New(rand.NewPCG(uint64(n), 1)), //nolint:gosec // repeatable on purpose
				choices: map[uint64]string{}, next: map[uint64]map[uint8]uint64{},
			}
			todo := [][]uint8{nil}
			for range most {
				if len(todo) == 0 {
					break
				}
				path := todo[len(todo)-1]
				more, wrong := f.follow(path)
				if wrong != "" {
					t.Error(wrong)
					break
				}
				todo = append(todo[:len(todo)-1], more...)
			}
			again, states = again+f.again, states+len(f.choices)
		}
	}
	t.Logf("of %d states %d steps were taken again from an equal one", states, again)
	if again < states {
		t.Error("hardly any state was met twice")
	}
}
