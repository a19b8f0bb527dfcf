// Package vaulttest holds the promises of the key port as tests, and a vault whose
// calls come late, twice or in vain, for the tests of everybody above the port.
package vaulttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/conformance"
	"github.com/gander-images/gander/shared/vault"
)

// A Store is a vault under test.
type Store struct {
	Vault vault.Vault

	// Advance lets time pass, as the vault measures windows; nil where nobody can.
	// What happens then is not played there, and the log says so.
	Advance func(time.Duration)

	// Reopen closes the vault and opens it again on the same secrets, as another
	// process would; nil where there is nothing to reopen.
	Reopen func(t *testing.T) Store

	// Wrong are tests that the engine behind an adapter is known to fail where the
	// real one passes, each with the reason: "Limits/values" for the test of that
	// name. They are skipped with it. A name that is no test's fails.
	Wrong map[string]string
}

// Run holds a store to every promise of vault.Vault. open is called for each test; it
// may return a new store or one that is shared, for the tests keep to keys of their
// own, and never lower the epoch.
func Run(t *testing.T, open func(t *testing.T) Store) {
	met := &conformance.Differences{}
	anyStore := open
	open = func(t *testing.T) Store {
		t.Helper()
		store := anyStore(t)
		met.Skip(t, store.Wrong)
		return store
	}
	for _, group := range []struct {
		name  string
		tests []test
		lacks func(Store) string // why a store cannot play them; nil: every store can
	}{
		{"Create", createTests, nil},
		{"Schedule", scheduleTests, nil},
		{"Restore", restoreTests, nil},
		{"List", listTests, nil},
		{"Epoch", epochTests, nil},
		{"Limits", limitTests, nil},
		{"Ownership", ownershipTests, nil},
		{"Races", raceTests, nil},
		{"Faults", faultTests, nil},
		{"Windows", windowTests, standsStill},
		{"Reopen", reopenTests, cannotReopen},
	} {
		if group.lacks != nil {
			if why := group.lacks(anyStore(t)); why != "" {
				t.Logf("%s is not played: %s", group.name, why)
				continue
			}
		}
		t.Run(group.name, func(t *testing.T) {
			for _, one := range group.tests {
				t.Run(one.name, func(t *testing.T) {
					one.run(world{t, open(t), t.Context(), uuid.NewString()})
				})
			}
		})
	}
	met.Check(t)
}

type test struct {
	name string
	run  func(world)
}

// A world is one test with its store and its key.
type world struct {
	*testing.T
	Store
	ctx context.Context //nolint:containedctx // it lives as long as the test
	key string
}

// week is the shortest window.
const week = vault.MinWindow

func (w world) name(generation int) vault.Name { return vault.Name{Key: w.key, Generation: generation} }

func (w world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// fails wants one of the port's errors, which tells nothing of names and values.
func (w world) fails(err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Fatalf("got %v, want %v", err, want)
	}
	if bytes.Contains([]byte(err.Error()), []byte(secretText)) || bytes.Contains([]byte(err.Error()), []byte(w.key)) {
		w.Errorf("an error tells a name or a value: %v", err)
	}
}

// secretText is part of every value, so that one that leaks is found.
const secretText = "a-value-of-a-key"

func value(n int) []byte { return fmt.Appendf([]byte{0, 255, '\n'}, "%s-%d", secretText, n) }

// create makes generation n with value n.
func (w world) create(n int) {
	w.Helper()
	w.ok(w.Vault.Create(w.ctx, w.name(n), value(n)))
}

func (w world) schedule(n int) {
	w.Helper()
	w.ok(w.Vault.Schedule(w.ctx, w.name(n), week))
}

// holds wants generation n to be readable, with value n.
func (w world) holds(n int) {
	w.Helper()
	got, err := w.Vault.Get(w.ctx, w.name(n))
	w.ok(err)
	if !bytes.Equal(got, value(n)) {
		w.Fatalf("generation %d has another value", n)
	}
	s, err := w.Vault.Describe(w.ctx, w.name(n))
	w.ok(err)
	if s != (vault.Secret{Name: w.name(n)}) {
		w.Fatalf("generation %d is described as %+v", n, s)
	}
}

// isScheduled wants generation n to be on its way out, and returns from when on it may
// be gone.
func (w world) isScheduled(n int) time.Time {
	w.Helper()
	s, err := w.Vault.Describe(w.ctx, w.name(n))
	w.ok(err)
	if !s.Scheduled || s.Name != w.name(n) || s.GoneAt.IsZero() {
		w.Fatalf("generation %d is described as %+v, want it scheduled", n, s)
	}
	_, err = w.Vault.Get(w.ctx, w.name(n))
	w.fails(err, vault.ErrScheduled)
	return s.GoneAt
}

// isAbsent wants nothing to know of generation n.
func (w world) isAbsent(n int) {
	w.Helper()
	_, get := w.Vault.Get(w.ctx, w.name(n))
	w.fails(get, vault.ErrNotFound)
	_, describe := w.Vault.Describe(w.ctx, w.name(n))
	w.fails(describe, vault.ErrNotFound)
	if listed := w.listed(); len(listed) > 0 {
		for _, s := range listed {
			if s.Name == w.name(n) {
				w.Fatalf("what is absent is listed: %+v", s)
			}
		}
	}
}

// listed are this test's secrets as the list has them.
func (w world) listed() map[int]vault.Secret {
	w.Helper()
	found := map[int]vault.Secret{}
	w.ok(w.Vault.List(w.ctx, func(s vault.Secret) error {
		if s.Name.Key != w.key {
			return nil
		}
		if _, twice := found[s.Name.Generation]; twice {
			w.Errorf("generation %d is listed twice", s.Name.Generation)
		}
		found[s.Name.Generation] = s
		return nil
	}))
	return found
}
