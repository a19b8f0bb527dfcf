// Package simulation runs the product's own code for keys and images over ports that
// stop at every call, so that each order of the calls of several actors can be played,
// each again by its seed, and holds it to what Gander promises of keys. Nothing but
// tests imports it. docs/simulation.md says how to run it and to read it.
package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table/memory"
)

// Settings of every simulated deployment; the product's defaults.
const (
	retention = 24 * time.Hour
	lease     = 10 * time.Minute
	delay     = time.Hour
	window    = 30 * 24 * time.Hour
)

// Projects.
const (
	projectA  = "project-a"
	projectB  = "project-b"
	projectS  = "project-service"
	projectOp = "project-operator"
)

func member(project string) caller.Caller {
	return caller.Caller{UserID: "user-of-" + project, ProjectID: project, Roles: []string{"member", "reader"}, IsAdminProject: true}
}

var operator = caller.Caller{
	UserID: "operator", ProjectID: projectOp, Roles: []string{"admin", "manager", "member", "reader"}, IsAdminProject: true, Admin: true,
}

var rules = sync.OnceValue(func() *policy.Enforcer {
	e, err := policy.New(nil)
	if err != nil {
		panic(err)
	}
	return e
})

// A world is one deployment: what its processes share.
type world struct {
	table   *memory.Table
	vault   *vaultState
	blobs   blobState
	now     time.Time
	witness *witness

	backup *backup  // of the table; nil: none was taken
	log    []string // what happened, while tracing
	traces bool
	judge  bool // at quiet everything that is stored is held against everything else
	stats  *Stats
}

var start = time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)

func newWorld() *world {
	return &world{table: memory.New(), vault: newVault(), blobs: blobState{}, now: start, witness: newWitness(), stats: &Stats{}}
}

// fork returns a world that is the same and goes its own way.
func (w *world) fork(stats *Stats) *world {
	return &world{
		table: w.table.Fork(), vault: w.vault.fork(), blobs: w.blobs.fork(), now: w.now,
		witness: w.witness.fork(), stats: stats,
	}
}

func (w *world) tell(format string, args ...any) {
	if w.traces {
		w.log = append(w.log, fmt.Sprintf(format, args...))
	}
}

// failed remembers the first thing that was wrong.
func (w *world) failed(format string, args ...any) {
	if w.witness.wrong == "" {
		w.witness.wrong = fmt.Sprintf(format, args...)
		w.tell("WRONG: %s", w.witness.wrong)
	}
}

// advance moves the clock. What is on its way to the vault arrives in time.
func (w *world) advance(to time.Time) {
	for {
		i := w.vault.firstLate(to)
		if i < 0 {
			break
		}
		if at := w.vault.late[i].until; at.After(w.now) {
			w.now = at
		}
		w.land(i)
	}
	if to.After(w.now) {
		w.now = to
	}
	w.vault.expire(w.now)
}

// land has a call arrive that was on its way.
func (w *world) land(i int) {
	c := w.vault.late[i]
	w.vault.late = append(append([]lateCall{}, w.vault.late[:i]...), w.vault.late[i+1:]...)
	err := w.vault.do(c.op, w.now)
	w.tell("late: %s: %v", c.op, err)
	w.witness.secrets(w)
}

// observe looks at what the last transaction changed.
func (w *world) observe(by *actor) {
	w.witness.changes(w, by, w.table.Since(w.witness.seen))
	w.witness.seen = w.table.Made()
	for _, a := range by.run.actors {
		if a.reading != nil && !a.dead {
			a.reading.look(w)
		}
	}
}

var discard = slog.New(slog.DiscardHandler)

// services builds the product above an actor's ports.
func (a *actor) services() {
	a.keys = &key.Service{
		Table: tablePort{a}, Vault: vaultPort{a}, Delay: delay, Window: window, Log: discard, Now: a.time, NewID: a.newID,
	}
	a.images = &image.Service{
		Table: tablePort{a}, Keys: a.keys, Stores: []image.Store{{ID: "local", Blobs: blobPort{a}}},
		Limits: image.DefaultLimits(), Retention: retention, Lease: lease,
		Log: discard, Now: a.time, NewID: a.newID, Pause: func(time.Duration) {},
	}
	handlers := a.images.Handlers()
	for kind, h := range a.keys.Handlers() {
		handlers[kind] = h
	}
	a.runner = &due.Runner{Table: tablePort{a}, Handlers: handlers, Now: a.time, Log: discard}
}

func (a *actor) time() time.Time { return a.run.world.now }

func (a *actor) newID() string {
	a.ids++
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", 0xa0+a.index, a.ids)
}

var background = context.Background()
