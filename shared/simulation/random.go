package simulation

import (
	"math/rand/v2"
	"time"

	"github.com/gander-images/gander/shared/key"
)

// Chances, each one in so many.
const (
	faultChance  = 24 // that a call goes wrong, while faults are left
	landChance   = 6  // that something late arrives
	backupChance = 12 // that a schedule has the table restored
)

// mostSteps ends a schedule that goes on and on.
const mostSteps = 600

// random plays the schedule of a seed: who acts, what, and in which order is left to
// the seed alone.
func random(number uint64, stats *Stats, traces bool) *run {
	rng := rand.New(rand.NewPCG(number, 0x67616e646572)) //nolint:gosec // repeatable on purpose
	s := setups[rng.IntN(len(setups))]
	r := &run{world: worlds()[s.name].fork(stats), rng: rng, faults: rng.IntN(4)}
	r.world.traces = traces
	r.world.tell("setup %q", s.name)
	r.cast(4 + rng.IntN(4))
	if rng.IntN(backupChance) == 0 {
		r.restored()
	} else {
		r.play(mostSteps)
	}
	r.world.judge = number%4 == 0
	r.settle()
	stats.Schedules++
	stats.Steps += r.steps
	return r
}

// cast has so many actors come on, each with a deed or two.
func (r *run) cast(n int) {
	from := len(r.actors)
	for range n {
		deeds := []deed{r.deed()}
		if r.rng.IntN(3) == 0 {
			deeds = append(deeds, r.deed())
		}
		r.add(deeds[0].name, deeds...)
	}
	for _, a := range r.actors[from:] {
		a.next()
	}
}

// play goes on until nobody can, or for so many steps.
func (r *run) play(steps int) {
	var choices []choice
	for range steps {
		choices = r.choices(choices)
		if len(choices) == 0 || r.world.witness.wrong != "" {
			return
		}
		r.take(r.choose(choices))
	}
}

// choose leaves to chance who is next, and whether something goes wrong.
func (r *run) choose(choices []choice) choice {
	able := 0
	for able < len(choices) && choices[able].actor != nil && !choices[able].crash && choices[able].fate == goes {
		able++
	}
	if n := len(r.world.vault.late); n > 0 && r.rng.IntN(landChance) == 0 {
		return choices[able+r.rng.IntN(n)]
	}
	if faults := choices[able+len(r.world.vault.late):]; len(faults) > 0 && r.rng.IntN(faultChance) == 0 {
		c := faults[r.rng.IntN(len(faults))]
		if c.fate == lost && r.rng.IntN(2) == 0 {
			c.fate = []fate{fails, busy}[r.rng.IntN(2)]
		}
		return c
	}
	return choices[r.rng.IntN(able)]
}

// restored has the table restored from a copy in the middle of everything. An hour
// passes at the least, so that the epoch is raised meanwhile: a copy that is younger
// than that cannot be told from the table itself.
func (r *run) restored() {
	w := r.world
	w.advance(w.now.Add(time.Hour))
	r.outside("a sweeper", sweep)
	r.play(r.rng.IntN(40))
	w.takeBackup()
	r.play(r.rng.IntN(40))
	w.advance(w.now.Add(time.Hour))
	r.outside("another sweeper", sweep)
	r.cast(2)
	r.play(mostSteps)
	w.advance(w.now.Add(time.Duration(r.rng.IntN(60*24)) * time.Hour))
	r.outside("a third sweeper", sweep)
	r.restoreTable()
	r.cast(3)
	r.play(mostSteps)
}

// outside is somebody whose calls are made at once.
func (r *run) outside(name string, do func(*actor) error) {
	a := &actor{run: r, index: 0x70 + r.steps, name: name, expires: map[time.Time]time.Time{}}
	a.services()
	if err := do(a); err != nil {
		r.world.tell("%s: %v", name, err)
	}
}

// deed is one by chance.
func (r *run) deed() deed {
	rng := r.rng
	img, id := allImages[rng.IntN(len(allImages))], allKeys[rng.IntN(len(allKeys))]
	if rng.IntN(2) == 0 {
		id = keyA
	}
	wishes := []string{"", key.OnImageDeletion, key.OnImageDeletion, "do_not_delete"}
	projects := []string{projectA, projectB}
	switch rng.IntN(29) {
	case 0, 1:
		return create(img, id, wishes[rng.IntN(len(wishes))])
	case 2:
		return nameKey(img, id)
	case 3:
		return unname(img)
	case 4:
		return wish(img, wishes[1+rng.IntN(3)])
	case 5:
		return both(img, id)
	case 6:
		return give(img, projects[rng.IntN(2)])
	case 7:
		return remove(img)
	case 8:
		return undelete(img)
	case 9:
		return copyOf(img, imageS)
	case 10:
		return upload(img)
	case 11:
		return makeKey(id)
	case 12:
		return removeKey(id, force(1+rng.IntN(3)))
	case 13:
		return join(id, 1+rng.IntN(2))
	case 14:
		return leave(id, 1+rng.IntN(2))
	case 15:
		return bringBack(id)
	case 16:
		return reaper
	case 17, 18:
		return sweeper
	case 19, 20:
		return snapshot(img, rng.IntN(2) == 0)
	case 21:
		return removeSnapshot
	case 22:
		if rng.IntN(4) == 0 {
			return turnOff
		}
		return create(img, id, wishes[rng.IntN(len(wishes))])
	case 23, 24, 25, 26, 27:
		return r.secretDeed(id)
	}
	return jumps(leaps[rng.IntN(len(leaps))], leaps[rng.IntN(len(leaps))])
}

// secretDeed is one of the key manager's, or one that decides who reads.
func (r *run) secretDeed(id string) deed {
	rng := r.rng
	projects := []string{projectA, projectB}
	switch rng.IntN(14) {
	case 0, 1:
		return reserve(keyL)
	case 2, 3:
		return fill(keyL, 1+rng.IntN(2))
	case 4:
		return giveUp(keyL)
	case 5:
		return place
	case 6:
		return cancel
	case 7:
		return nameOrdered(imageA)
	case 8:
		return share(projects[rng.IntN(2)])
	case 9:
		return unshare(projects[rng.IntN(2)])
	case 10:
		return hideLent
	case 11:
		return setACL(id, [][]string{nil, {}, {userB}}[rng.IntN(3)], []*bool{nil, &yes, &no}[rng.IntN(3)])
	case 12:
		return read(projects[rng.IntN(2)], known(id), short(id))
	}
	return read(projects[rng.IntN(2)], clone, "the clone")
}

var leaps = []time.Duration{
	time.Minute, 6 * time.Minute, 11 * time.Minute, 16 * time.Minute, 21 * time.Minute, time.Hour, delay + time.Minute,
	retention + time.Minute, retention + delay + time.Hour, window + 2*time.Hour,
}
