package simulation

import (
	"sync"
	"time"

	"github.com/gander-images/gander/shared/key"
)

// A setup is where schedules begin: what the product itself made of some deeds.
type setup struct {
	name  string
	deeds []deed
}

// till has the sweeper do whatever becomes due in the time.
func till(d time.Duration) deed {
	return deed{name: "till", do: func(a *actor) error {
		a.run.world.advance(a.run.world.now.Add(d))
		return sweep(a)
	}}
}

// pass moves the clock, and nobody does anything.
func pass(d time.Duration) deed {
	return deed{name: "pass", do: func(a *actor) error {
		a.run.world.advance(a.run.world.now.Add(d))
		return nil
	}}
}

var (
	madeA = makeKey(keyA)
	heldA = create(imageA, keyA, key.OnImageDeletion)

	userB   = member(projectB).UserID
	yes, no = true, false
)

// setups are those places in a key's life where something can go wrong.
var setups = []setup{
	{"nothing", nil},
	{"live", []deed{madeA, create(imageA2, "", "")}},
	{"held", []deed{madeA, heldA, create(imageB, "", "")}},
	{"shared", []deed{madeA, heldA, create(imageB, keyA, key.OnImageDeletion)}},
	{"two wishes", []deed{madeA, heldA, create(imageA2, keyA, "")}},
	{"consumed", []deed{madeA, heldA, join(keyA, 1)}},
	{"deleted", []deed{madeA, heldA, create(imageB, "", ""), remove(imageA)}},
	{"purge due", []deed{madeA, heldA, create(imageB, "", ""), remove(imageA), pass(retention)}},
	{"condemned", []deed{madeA, heldA, create(imageA2, "", ""), remove(imageA), till(retention), pass(delay)}},
	{"condemned, held", []deed{madeA, heldA, create(imageB, keyA, key.OnImageDeletion), remove(imageA), till(retention), unname(imageB), nameKey(imageB, keyA), till(delay)}},
	{"to be scheduled", []deed{madeA, heldA, create(imageA2, "", ""), create(imageB, "", ""), removeImageAndForce()}},
	{"scheduled", []deed{madeA, heldA, create(imageA2, "", ""), create(imageB, "", ""), remove(imageA), till(retention), till(delay), till(6 * time.Minute)}},
	{"external", []deed{create(imageA, keyX, key.OnImageDeletion), create(imageB, keyX, "")}},
	{"external, purge due", []deed{create(imageA, keyX, key.OnImageDeletion), create(imageB, keyX, ""), unname(imageB), remove(imageA), pass(retention)}},
	{"external, once", []deed{create(imageA, keyX, key.OnImageDeletion)}},
	{"two keys", []deed{madeA, makeKey(keyB), heldA, both(imageA, keyB), create(imageB, keyB, key.OnImageDeletion)}},
	{"queued", []deed{madeA, heldA}},
	{"active", []deed{madeA, heldA, upload(imageA)}},
	{"cloned", []deed{madeA, heldA, upload(imageA), snapshot(imageA, true), remove(imageA)}},
	{"saving", []deed{madeA, heldA, startedUpload(imageA)}},
	{"lent", []deed{madeA, heldA, upload(imageA), snapshot(imageA, true)}},
	{"listed", []deed{madeA, setACL(keyA, []string{userB}, nil)}},
	{"unmade", nil},
	{"waiting", []deed{reserve(keyL)}},
	{"ordered", []deed{place, create(imageA, "", "")}},
}

// removeImageAndForce leaves a key whose deletion was decided, and not yet asked for.
func removeImageAndForce() deed {
	return deed{name: "overrule", do: removeKey(keyA, anybody).do}
}

// startedUpload leaves an upload whose worker has died, and whose lease is over.
func startedUpload(img string) deed {
	return deed{name: "upload begun", do: func(a *actor) error {
		worker := a.run.add("worker", upload(img))
		worker.index = 0x40 // its ids are nobody else's
		worker.next()
		for worker.calls < 3 {
			worker.resume(goes)
		}
		worker.crash()
		a.run.world.advance(a.run.world.now.Add(lease))
		return nil
	}}
}

// worlds are the setups' worlds, made once.
var worlds = sync.OnceValue(func() map[string]*world {
	all := make(map[string]*world, len(setups))
	for _, s := range setups {
		all[s.name] = s.make()
	}
	return all
})

func (s setup) make() *world {
	r := &run{world: newWorld()}
	a := &actor{run: r, index: 0x50, name: "setup", expires: map[time.Time]time.Time{}}
	a.services()
	for _, d := range s.deeds {
		if err := d.do(a); err != nil {
			r.world.failed("%s: %v", d.name, err)
		}
	}
	if err := a.keys.Round(background); err != nil {
		r.world.failed("the round: %v", err)
	}
	if wrong := r.world.witness.wrong; wrong != "" {
		r.world.witness.wrong = "in setup " + s.name + ": " + wrong
	}
	return r.world
}
