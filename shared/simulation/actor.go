package simulation

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
)

// A deed is what an actor does, by the product's own functions.
type deed struct {
	name string
	do   func(*actor) error
}

// An actor is one process or one request. It runs until it stands before a call of a
// port, and goes on when the scheduler says so.
type actor struct {
	run   *run
	index int
	name  string

	images *image.Service
	keys   *key.Service
	runner *due.Runner

	next   func() (struct{}, bool)
	kill   func()
	yield  func(struct{}) bool // nil: the actor stands nowhere, its calls are made at once
	at     call                // before which it stands
	fate   fate                // of that call
	dead   bool                // it was ended, by a crash or by its own last step
	killed bool

	calls   int    // made so far
	history uint64 // of the answers that it got: with its deed that is all it knows
	ids     int
	expires map[time.Time]time.Time // deadlines of contexts, in the simulated time

	// force is what an explicit deletion of a key, which is under way, may overrule.
	force force

	reading *reading       // a key's value, for somebody
	access  *key.ACLChange // of an access list, which is under way
	draws   bool           // the secret that it makes next is drawn by chance
	feeds   bool           // it takes changes from the feed

	position int            // in the table's changes, of a reaper
	queue    []table.Change // that it has read, and not reacted to
	refused  error          // the last answer of its deed
}

// force is whom an explicit deletion of a key may overrule.
type force int

const (
	automatic force = iota // no explicit deletion is under way
	nobody
	others  // images of other projects
	anybody // an admin's word
)

// crashed is what a port panics with in an actor that is ended there.
type crashed struct{}

func (r *run) add(name string, deeds ...deed) *actor {
	a := &actor{run: r, index: len(r.actors), name: name, expires: map[time.Time]time.Time{}, position: r.world.table.Made()}
	a.services()
	a.next, a.kill = iter.Pull(func(yield func(struct{}) bool) {
		a.yield = yield
		defer func() {
			a.dead = true
			if p := recover(); p != nil && p != any(crashed{}) {
				r.world.failed("%s panicked: %v", name, p)
			}
		}()
		for _, d := range deeds {
			a.refused = d.do(a)
			r.world.tell("%s: %s ends: %v", a, d.name, a.refused)
			a.history = mix(a.history, 77)
		}
	})
	r.actors = append(r.actors, a)
	return a
}

func (a *actor) String() string { return fmt.Sprintf("%d %s", a.index, a.name) }

// resume lets the actor make the call that it stands before, and go on to the next.
func (a *actor) resume(f fate) {
	a.fate = f
	a.calls++
	a.next()
}

// crash ends the actor before the call that it stands before: after the one before
// that had happened, whether or not it has heard so.
func (a *actor) crash() {
	a.killed = true
	a.kill()
	a.dead = true
}

// A callKind is what kind of call an actor stands before.
type callKind int

const (
	readCall   callKind = iota // of table or vault
	writeCall                  // a transaction
	vaultCall                  // one that changes the vault
	commitCall                 // of bytes
	clockCall                  // the clock jumps, or is read
	feedCall                   // changes are taken from the feed
)

type call struct {
	kind   callKind
	name   string
	what   any       // keys, writes or op, for the trace
	since  time.Time // when the actor came to it
	expiry time.Time // of its context; zero: none
}

// A fate is what becomes of a call.
type fate int

const (
	goes    fate = iota
	lost         // it happens, and its answer is lost
	fails        // it does not happen, and the caller is told that nobody knows
	busy         // it does not happen, and the caller is told so
	late         // it happens later, and the caller is told that nobody knows
	doubled      // it happens, and again later
)

// stand waits before a call until the scheduler lets it happen, and tells whether it
// still may: a context's time may have run out.
func (a *actor) stand(ctx context.Context, c call) (intime bool) {
	if a.yield == nil {
		a.fate = goes
		return true
	}
	now := a.run.world.now
	c.since = now
	if deadline, ok := ctx.Deadline(); ok {
		// The product counts it by the real clock, which stands still here.
		if _, known := a.expires[deadline]; !known {
			a.expires[deadline] = now.Add(time.Until(deadline).Round(time.Minute))
		}
		c.expiry = a.expires[deadline]
	}
	a.at = c
	if a.killed || !a.yield(struct{}{}) {
		panic(crashed{})
	}
	a.reading.begin(a.run.world)
	a.history = mix(a.history, uint64(a.run.world.now.UnixMicro())) //nolint:gosec // in our time
	return (c.expiry.IsZero() || !a.run.world.now.After(c.expiry)) && ctx.Err() == nil
}

// answered notes what the actor learnt.
func (a *actor) answered(h uint64) { a.history = mix(a.history, h) }

// jump moves the clock.
func (a *actor) jump(by time.Duration) {
	a.stand(background, call{kind: clockCall, name: by.String()})
	a.run.world.tell("the clock jumps by %s", by)
	a.run.world.advance(a.run.world.now.Add(by))
}
