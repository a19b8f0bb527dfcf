package key_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

// full is a vault that makes nothing.
type full struct{ vault.Vault }

func (full) Create(context.Context, vault.Name, []byte) error { return vault.ErrBusy }

// Two payloads that meet, of which the second comes to nothing: the secret is live with
// the first, or not at all. It never points at what was not made.
func TestPayloadsMeet(t *testing.T) {
	for at, more := 1, true; more; at++ {
		w := newWorld(t)
		id := w.reserve()
		g := &gate{at: at, happens: func() {
			second := *w
			second.use(w.table, full{w.vault})
			if second.fill(id, secondValue) == nil {
				t.Error("a payload that was not made is taken for stored")
			}
		}}
		err := w.under(g).fill(id, firstValue)
		if more = g.seen >= at; !more {
			break
		}
		if r := w.record(id); r.Usable() != (err == nil) {
			t.Errorf("before call %d: the payload answers %v, and the secret is %s", at, err, w.show(id))
		} else if err == nil && !bytes.Equal(w.value(id), firstValue) {
			t.Errorf("before call %d: the secret reads %q", at, w.value(id))
		}
	}
}

// A payload that comes in the last minute of its day is stored, whenever the sweeper
// looks once it is on its way.
func TestPayloadsInTheLastMinute(t *testing.T) {
	const begun = 3 // the call after the record says that it is on its way
	for at, more := begun, true; more; at++ {
		w := newWorld(t)
		id := w.reserve()
		*w.clock = w.now().Add(24*time.Hour - time.Minute)
		g := &gate{at: at, happens: func() {
			*w.clock = w.now().Add(2 * time.Minute)
			w.must(w.sweep())
		}}
		if err := w.under(g).fill(id, firstValue); err != nil {
			t.Errorf("before call %d: %v", at, err)
		}
		more = g.seen >= at
		if got := w.value(id); !bytes.Equal(got, firstValue) {
			t.Errorf("before call %d: the secret reads %q", at, got)
		}
	}
}
