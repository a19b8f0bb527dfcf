package vaulttest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/memory"
)

var n1 = vault.Name{Key: "k", Generation: 1}

// A stage is a double before a vault, and their clock.
type stage struct {
	*testing.T
	now    time.Time
	vault  *memory.Vault
	double *Double
}

func newStage(t *testing.T, seed uint64) *stage {
	t.Helper()
	s := &stage{T: t, now: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)}
	s.vault = memory.New(func() time.Time { return s.now })
	s.double = NewDouble(s.vault, seed, func() time.Time { return s.now })
	return s
}

func (s *stage) there() bool {
	_, err := s.vault.Get(s.Context(), n1)
	return err == nil
}

// A double whose writes have no fate is the vault itself.
func TestADoubleIsAVault(t *testing.T) {
	Run(t, func(t *testing.T) Store {
		s := newStage(t, 1)
		return Store{Vault: s.double, Advance: func(d time.Duration) { s.now = s.now.Add(d) }}
	})
}

func TestFates(t *testing.T) {
	for fate, want := range map[Fate]struct {
		err     error
		happens bool
		parked  int
	}{
		Done: {nil, true, 0}, Refused: {vault.ErrBusy, false, 0}, Lost: {vault.ErrUnknown, false, 0},
		Unanswered: {vault.ErrUnknown, true, 0}, Late: {vault.ErrUnknown, false, 1}, Twice: {nil, true, 1},
	} {
		s := newStage(t, 1)
		s.double.Next(fate)
		err := s.double.Create(t.Context(), n1, []byte("v"))
		if !errors.Is(err, want.err) || s.there() != want.happens || len(s.double.Parked()) != want.parked {
			t.Errorf("%s: %v, happened: %v, parked: %+v", fate, err, s.there(), s.double.Parked())
		}
		if err := s.double.Create(t.Context(), n1, []byte("v")); err != nil {
			t.Errorf("the call after %s: %v", fate, err)
		}
	}
}

// What is late has what it was given, arrives when its time has come and not before,
// and arrives once.
func TestLateCallsArrive(t *testing.T) {
	s := newStage(t, 1)
	value := []byte("v")
	s.double.Next(Late)
	_ = s.double.Create(t.Context(), n1, value)
	value[0] = 'x'
	parked := s.double.Parked()
	if len(parked) != 1 || parked[0].Call != "Create" || parked[0].Name != n1 {
		t.Fatalf("parked: %+v", parked)
	}
	if wait := parked[0].At.Sub(s.now); wait <= 0 || wait > MostLate {
		t.Errorf("it takes %s", wait)
	}
	s.now = parked[0].At.Add(-1)
	s.double.DeliverDue(t.Context())
	if s.there() {
		t.Error("it came before its time")
	}
	s.now = parked[0].At
	s.double.DeliverDue(t.Context())
	if got, err := s.vault.Get(t.Context(), n1); string(got) != "v" || err != nil || len(s.double.Parked()) != 0 {
		t.Errorf("%q, %v, parked: %+v", got, err, s.double.Parked())
	}
}

// Any call can be delivered first, whatever its time.
func TestCallsOvertakeEachOther(t *testing.T) {
	s := newStage(t, 1)
	if err := s.vault.Create(t.Context(), n1, []byte("v")); err != nil {
		t.Fatal(err)
	}
	s.double.Next(Late, Late)
	_ = s.double.Schedule(t.Context(), n1, week)
	_ = s.double.Restore(t.Context(), n1)
	at := slices.IndexFunc(s.double.Parked(), func(p Parked) bool { return p.Call == "Restore" })
	if err := errors.Join(s.double.Deliver(t.Context(), at), s.double.Deliver(t.Context(), 0)); err != nil {
		t.Fatal(err)
	}
	if s.there() {
		t.Error("the restore came last")
	}
}

// Broken at random, a double does the same for the same seed, every fate comes up, and
// what happens depends on the seed.
func TestSeeds(t *testing.T) {
	play := func(seed uint64) (all string) {
		s := newStage(t, seed)
		s.double.Break(0.5)
		for i := range 60 {
			n := vault.Name{Key: "k", Generation: i + 1}
			err := s.double.Create(t.Context(), n, []byte("v"))
			_, get := s.vault.Get(t.Context(), n)
			all += fmt.Sprintln(err, get)
		}
		return all + fmt.Sprintln(len(s.double.Parked()), s.double.Parked()[0].At)
	}
	once, again, other := play(1), play(1), play(2)
	if once != again {
		t.Error("one seed, two plays")
	}
	if once == other {
		t.Error("two seeds, one play")
	}
}
