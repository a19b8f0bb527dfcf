package local

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/vault/vaulttest"
)

// A machine has a monotonic clock and vaults in a folder.
type machine struct {
	folder, keyFile string
	elapsed         time.Duration
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	return &machine{folder: t.TempDir(), keyFile: filepath.Join(t.TempDir(), "vault.key")}
}

func (m *machine) open(t *testing.T) *Vault {
	t.Helper()
	v, err := Open(m.folder, m.keyFile, NoSync(), WithElapsed(func() time.Duration { return m.elapsed }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

func (m *machine) store(t *testing.T) vaulttest.Store {
	v := m.open(t)
	return vaulttest.Store{
		Vault:   v,
		Advance: func(d time.Duration) { m.elapsed += d },
		Reopen: func(t *testing.T) vaulttest.Store {
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
			return m.store(t)
		},
	}
}

func TestConformance(t *testing.T) {
	vaulttest.Run(t, func(t *testing.T) vaulttest.Store { return newMachine(t).store(t) })
}
