package vaulttest

import (
	"bytes"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

var limitTests = []test{
	{"names", func(w world) {
		for _, n := range []vault.Name{
			{Key: "", Generation: 1},
			{Key: strings.Repeat("a", 65), Generation: 1},
			{Key: "A", Generation: 1},
			{Key: "a/b", Generation: 1},
			{Key: "..", Generation: 1},
			{Key: "a.1", Generation: 1},
			{Key: "a b", Generation: 1},
			{Key: "é", Generation: 1},
			{Key: w.key, Generation: 0},
			{Key: w.key, Generation: -1},
		} {
			w.refuses(n)
		}
		w.key = strings.Repeat(w.key, 2)[:64]
		w.create(1 << 30)
		w.holds(1 << 30)
	}},
	{"values", func(w world) {
		w.fails(w.Vault.Create(w.ctx, w.name(1), nil), vault.ErrInvalid)
		w.fails(w.Vault.Create(w.ctx, w.name(1), make([]byte, vault.MaxValueBytes+1)), vault.ErrInvalid)
		w.isAbsent(1)
		large := bytes.Repeat([]byte{0xff}, vault.MaxValueBytes)
		w.ok(w.Vault.Create(w.ctx, w.name(1), large))
		if got, err := w.Vault.Get(w.ctx, w.name(1)); err != nil || !bytes.Equal(got, large) {
			w.Errorf("%d bytes came back, %v", len(got), err)
		}
	}},
	{"windows", func(w world) {
		w.create(1)
		for _, d := range []time.Duration{0, -week, week - 24*time.Hour, week + time.Hour, week + 1, vault.MaxWindow + 24*time.Hour} {
			w.fails(w.Vault.Schedule(w.ctx, w.name(1), d), vault.ErrInvalid)
		}
		w.holds(1)
	}},
	{"contexts that have ended", func(w world) {
		w.create(1)
		w.fails(w.Vault.Create(ended, w.name(2), value(2)), vault.ErrBusy)
		w.fails(w.Vault.Schedule(ended, w.name(1), week), vault.ErrBusy)
		w.fails(w.Vault.Restore(ended, w.name(1)), vault.ErrBusy)
		w.fails(w.Vault.RaiseEpoch(ended, 1<<40), vault.ErrBusy)
		w.fails(w.Vault.List(ended, func(vault.Secret) error { return nil }), vault.ErrBusy)
		_, get := w.Vault.Get(ended, w.name(1))
		_, describe := w.Vault.Describe(ended, w.name(1))
		epoch, raised := w.Vault.Epoch(ended)
		w.fails(get, vault.ErrBusy)
		w.fails(describe, vault.ErrBusy)
		w.fails(raised, vault.ErrBusy)
		if n, err := w.Vault.Epoch(w.ctx); err != nil || n == 1<<40 || epoch != 0 {
			w.Errorf("the epoch is %d, %v", n, err)
		}
		w.holds(1)
		w.isAbsent(2)
	}},
}

// refuses wants every call to refuse a name.
func (w world) refuses(n vault.Name) {
	w.Helper()
	_, get := w.Vault.Get(w.ctx, n)
	_, describe := w.Vault.Describe(w.ctx, n)
	for call, err := range map[string]error{
		"Create": w.Vault.Create(w.ctx, n, value(1)), "Schedule": w.Vault.Schedule(w.ctx, n, week), "Restore": w.Vault.Restore(w.ctx, n),
		"Get": get, "Describe": describe,
	} {
		if err == nil || !strings.Contains(err.Error(), vault.ErrInvalid.Error()) {
			w.Errorf("%s of a name with key %q, generation %d: %v", call, n.Key, n.Generation, err)
		}
	}
}

var ownershipTests = []test{
	{"values are copied in", func(w world) {
		mine := value(1)
		w.ok(w.Vault.Create(w.ctx, w.name(1), mine))
		clear(mine)
		w.holds(1)
	}},
	{"values are copied out", func(w world) {
		w.create(1)
		got, err := w.Vault.Get(w.ctx, w.name(1))
		w.ok(err)
		clear(got)
		w.holds(1)
	}},
}
