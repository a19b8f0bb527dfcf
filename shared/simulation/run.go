package simulation

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// A run is one world and those who act in it.
type run struct {
	world  *world
	actors []*actor
	faults int        // how many may still happen
	rng    *rand.Rand // nil: nothing is left to chance
	steps  int
}

// A choice is what may happen next.
type choice struct {
	actor *actor // nil: something arrives that was late
	crash bool
	fate  fate
	late  int
}

// begin lets everybody go to the first call.
func (r *run) begin() {
	for _, a := range r.actors {
		a.next()
	}
}

// choices are all that may happen now: always the same ones in the same order.
func (r *run) choices(into []choice) []choice {
	into = into[:0]
	for _, a := range r.actors {
		if a.able() {
			into = append(into, choice{actor: a})
		}
	}
	if len(into) == 0 {
		return into
	}
	for i := range r.world.vault.late {
		into = append(into, choice{late: i})
	}
	if r.faults == 0 {
		return into
	}
	for _, a := range r.actors {
		if a.able() {
			into = append(into, a.faults()...)
		}
	}
	return into
}

// able reports whether the actor can go on.
func (a *actor) able() bool {
	if a.dead {
		return false
	}
	return a.at.kind != feedCall || len(a.queue) > 0 || len(a.waiting()) > 0
}

func isDue(c table.Change) bool { return c.New != nil && strings.HasPrefix(c.New.Partition, "due#") }

// faults are what may go wrong with the call that the actor stands before. A crash
// after a call is the crash before the next one: nobody else can tell them apart.
func (a *actor) faults() []choice {
	var all []choice
	if a.calls > 0 {
		all = append(all, choice{actor: a, crash: true})
	}
	switch a.at.kind {
	case writeCall:
		all = append(all, choice{actor: a, fate: lost})
	case vaultCall:
		all = append(all, choice{actor: a, fate: late}, choice{actor: a, fate: doubled}, choice{actor: a, fate: lost})
	case readCall, commitCall, clockCall, feedCall:
	}
	return all
}

// take has a choice happen.
func (r *run) take(c choice) {
	r.steps++
	switch {
	case c.actor == nil:
		r.world.land(c.late)
	case c.crash:
		r.faults--
		r.world.tell("%s crashes before %s", c.actor, c.actor.at.name)
		c.actor.crash()
	default:
		if c.fate != goes {
			r.faults--
		}
		c.actor.resume(c.fate)
	}
}

// end stops everybody who still stands somewhere.
func (r *run) end() {
	for _, a := range r.actors {
		if !a.dead {
			a.crash()
		}
	}
}

// hash is equal where all that follows is equal: what is stored, what is on its way,
// and what everybody knows.
func (r *run) hash() uint64 {
	w := r.world
	h := mix(w.table.Hash(), w.vault.hash())
	h = mix(h, w.blobs.hash())
	h = mix(h, uint64(w.now.UnixMicro())) //nolint:gosec // in our time
	h = mix(h, w.witness.hash())
	h = mix(h, uint64(r.faults)) //nolint:gosec // a few
	for _, a := range r.actors {
		state := a.history
		if a.dead {
			state = 5 // it does nothing any more, whatever it knew
		}
		h = mix(h, state)
		if a.dead {
			continue
		}
		h = mix(h, a.reading.hash())
		for _, c := range a.waiting() {
			h = mix(h, hashChange(c))
		}
	}
	return h
}

// waiting are the changes that a reaper has not taken from the feed. Others take none.
func (a *actor) waiting() []table.Change {
	if !a.feeds {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(a.run.world.table.Since(a.position)), func(c table.Change) bool { return !isDue(c) })
}

// hashChange tells changes apart by what a reaper reads of them.
func hashChange(c table.Change) uint64 { return mix(hashText(c.New.Partition), hashItem(c.New)) }

// read takes from the feed what a reaper has not read.
func (a *actor) read() {
	for _, c := range a.waiting() {
		a.queue = append(a.queue, c)
		a.answered(hashChange(c))
	}
	a.position = a.run.world.table.Made()
}

// deliver returns a batch of events. Where chance rules, some come twice, some later,
// and in another order.
func (a *actor) deliver() []table.Change {
	a.feeds = true
	a.stand(background, call{kind: feedCall, name: "feed"})
	a.read()
	batch := a.queue
	a.queue = nil
	rng := a.run.rng
	if rng == nil {
		return batch
	}
	var now []table.Change
	for _, c := range batch {
		switch rng.IntN(6) {
		case 0:
			a.queue = append(a.queue, c) // later
		case 1:
			now = append(now, c)
			a.queue = append(a.queue, c) // twice
		case 2:
			now = append(now, c, c)
		default:
			now = append(now, c)
		}
	}
	rng.Shuffle(len(now), func(i, j int) { now[i], now[j] = now[j], now[i] })
	return now
}

// react is the reaper: it is fed changes for as long as there are any.
func react(a *actor) error {
	for range 4 {
		batch := a.deliver()
		if done, err := a.runner.React(background, batch); err != nil {
			a.queue = append(a.queue, batch[done:]...) // they come again
		}
	}
	return nil
}

// sweep is one run of the sweeper: what is due, and the upkeep of each hour.
func sweep(a *actor) error {
	return errors.Join(a.runner.Sweep(background), a.keys.Round(background))
}

// jumps has the clock go on by each of the durations.
func jumps(by ...time.Duration) deed {
	return deed{name: "clock", do: func(a *actor) error {
		for _, d := range by {
			a.jump(d)
		}
		return nil
	}}
}
