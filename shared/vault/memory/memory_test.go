package memory_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/memory"
	"github.com/gander-images/gander/shared/vault/vaulttest"
)

var start = time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)

func open(*testing.T) vaulttest.Store {
	now := start
	return vaulttest.Store{Vault: memory.New(func() time.Time { return now }), Advance: func(d time.Duration) { now = now.Add(d) }}
}

func TestConformance(t *testing.T) { vaulttest.Run(t, open) }

// A vault that loads a snapshot is the one that it was taken of.
func TestSnapshots(t *testing.T) {
	a := memory.New(func() time.Time { return start })
	for i, key := range []string{"b", "a"} {
		if err := a.Create(t.Context(), vault.Name{Key: key, Generation: 1}, []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Schedule(t.Context(), vault.Name{Key: "a", Generation: 1}, vault.MinWindow); err != nil {
		t.Fatal(err)
	}
	if err := a.RaiseEpoch(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	want := memory.State{Epoch: 3, Secrets: []memory.Secret{
		{Name: vault.Name{Key: "a", Generation: 1}, Value: []byte{1}, GoneAt: start.Add(vault.MinWindow)},
		{Name: vault.Name{Key: "b", Generation: 1}, Value: []byte{0}},
	}}
	b := memory.New(func() time.Time { return start })
	b.Load(a.Snapshot())
	for _, v := range []*memory.Vault{a, b} {
		if got := v.Snapshot(); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	b.Now = func() time.Time { return start.Add(vault.MinWindow) }
	if got := b.Snapshot(); len(got.Secrets) != 1 || len(a.Snapshot().Secrets) != 2 {
		t.Errorf("after the window: %+v", got)
	}
}
