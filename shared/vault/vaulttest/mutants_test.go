package vaulttest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/memory"
)

// A mutant is a vault with one planted fault. The suite must find each.
type mutant struct {
	vault.Vault
	memory *memory.Vault

	create   func(context.Context, vault.Name, []byte) error
	get      func(context.Context, vault.Name) ([]byte, error)
	describe func(context.Context, vault.Name) (vault.Secret, error)
	schedule func(context.Context, vault.Name, time.Duration) error
	restore  func(context.Context, vault.Name) error
	list     func(context.Context, func(vault.Secret) error) error
	raise    func(context.Context, int64) error
}

func newMutant(now func() time.Time) *mutant {
	v := memory.New(now)
	return &mutant{v, v, v.Create, v.Get, v.Describe, v.Schedule, v.Restore, v.List, v.RaiseEpoch}
}

func (m *mutant) Create(ctx context.Context, n vault.Name, value []byte) error {
	return m.create(ctx, n, value)
}
func (m *mutant) Get(ctx context.Context, n vault.Name) ([]byte, error) { return m.get(ctx, n) }
func (m *mutant) Describe(ctx context.Context, n vault.Name) (vault.Secret, error) {
	return m.describe(ctx, n)
}

func (m *mutant) Schedule(ctx context.Context, n vault.Name, window time.Duration) error {
	return m.schedule(ctx, n, window)
}
func (m *mutant) Restore(ctx context.Context, n vault.Name) error { return m.restore(ctx, n) }
func (m *mutant) List(ctx context.Context, visit func(vault.Secret) error) error {
	return m.list(ctx, visit)
}
func (m *mutant) RaiseEpoch(ctx context.Context, n int64) error { return m.raise(ctx, n) }

// change lets a mutant do what no call does; false takes the secret away.
func (m *mutant) change(n vault.Name, do func(*memory.Secret) bool) {
	state := m.memory.Snapshot()
	for i := range state.Secrets {
		if state.Secrets[i].Name == n && !do(&state.Secrets[i]) {
			state.Secrets = slices.Delete(state.Secrets, i, i+1)
			break
		}
	}
	m.memory.Load(state)
}

// A planting is a mutant's name, the group of tests that must find it, and the fault.
type planting struct {
	name, group string
	plant       func(*mutant)
}

var plantings = []planting{
	{"another value replaces the first", "Create", func(m *mutant) {
		m.create = func(ctx context.Context, n vault.Name, value []byte) error {
			err := m.memory.Create(ctx, n, value)
			if errors.Is(err, vault.ErrExists) {
				m.change(n, func(s *memory.Secret) bool { s.Value = value; return true })
				return nil
			}
			return err
		}
	}},
	{"the same value is refused", "Create", func(m *mutant) {
		m.create = func(ctx context.Context, n vault.Name, value []byte) error {
			if _, err := m.memory.Get(ctx, n); err == nil {
				return vault.ErrExists
			}
			return m.memory.Create(ctx, n, value)
		}
	}},
	{"a scheduled one is made again", "Create", func(m *mutant) {
		m.create = func(ctx context.Context, n vault.Name, value []byte) error {
			if s, err := m.memory.Describe(ctx, n); err == nil && s.Scheduled {
				_ = m.memory.Restore(ctx, n)
			}
			return m.memory.Create(ctx, n, value)
		}
	}},
	{"scheduled is told as taken", "Create", func(m *mutant) {
		m.create = func(ctx context.Context, n vault.Name, value []byte) error {
			err := m.memory.Create(ctx, n, value)
			if errors.Is(err, vault.ErrScheduled) {
				return vault.ErrExists
			}
			return err
		}
	}},
	{"scheduled values are read", "Schedule", func(m *mutant) {
		m.get = func(ctx context.Context, n vault.Name) ([]byte, error) {
			value, err := m.memory.Get(ctx, n)
			if errors.Is(err, vault.ErrScheduled) {
				m.change(n, func(s *memory.Secret) bool { value = s.Value; return true })
				return value, nil
			}
			return value, err
		}
	}},
	{"scheduling again moves the time", "Schedule", func(m *mutant) {
		m.schedule = func(ctx context.Context, n vault.Name, window time.Duration) error {
			if _, err := vault.Days(window); err == nil {
				_ = m.memory.Restore(ctx, n)
			}
			return m.memory.Schedule(ctx, n, window)
		}
	}},
	{"each window is the shortest", "Schedule", func(m *mutant) {
		m.schedule = func(ctx context.Context, n vault.Name, window time.Duration) error {
			if _, err := vault.Days(window); err == nil {
				window = vault.MinWindow
			}
			return m.memory.Schedule(ctx, n, window)
		}
	}},
	{"nothing is scheduled with success", "Schedule", func(m *mutant) {
		m.schedule = func(ctx context.Context, n vault.Name, window time.Duration) error {
			if err := m.memory.Schedule(ctx, n, window); !errors.Is(err, vault.ErrNotFound) {
				return err
			}
			return nil
		}
	}},
	{"scheduling destroys", "Schedule", func(m *mutant) {
		m.schedule = func(ctx context.Context, n vault.Name, window time.Duration) error {
			err := m.memory.Schedule(ctx, n, window)
			if err == nil {
				m.change(n, func(*memory.Secret) bool { return false })
			}
			return err
		}
	}},
	{"any window is taken", "Limits", func(m *mutant) {
		m.schedule = func(ctx context.Context, n vault.Name, window time.Duration) error {
			return m.memory.Schedule(ctx, n, min(max(window.Truncate(24*time.Hour), vault.MinWindow), vault.MaxWindow))
		}
	}},
	{"restores fail where there is nothing to take back", "Restore", func(m *mutant) {
		m.restore = func(ctx context.Context, n vault.Name) error {
			if s, err := m.memory.Describe(ctx, n); err == nil && !s.Scheduled {
				return vault.ErrExists
			}
			return m.memory.Restore(ctx, n)
		}
	}},
	{"generations are one", "Create", func(m *mutant) {
		one := func(n vault.Name) vault.Name {
			n.Generation = min(n.Generation, 1)
			return n
		}
		m.create = func(ctx context.Context, n vault.Name, v []byte) error { return m.memory.Create(ctx, one(n), v) }
		m.get = func(ctx context.Context, n vault.Name) ([]byte, error) { return m.memory.Get(ctx, one(n)) }
	}},
	{"scheduled ones are not listed", "List", func(m *mutant) {
		m.list = func(ctx context.Context, visit func(vault.Secret) error) error {
			return m.memory.List(ctx, func(s vault.Secret) error {
				if s.Scheduled {
					return nil
				}
				return visit(s)
			})
		}
	}},
	{"a hundred are listed", "List", func(m *mutant) {
		m.list = func(ctx context.Context, visit func(vault.Secret) error) error {
			n := 0
			return m.memory.List(ctx, func(s vault.Secret) error {
				if n++; n > 100 {
					return nil
				}
				return visit(s)
			})
		}
	}},
	{"the visitor's failure is dropped", "List", func(m *mutant) {
		m.list = func(ctx context.Context, visit func(vault.Secret) error) error {
			_ = m.memory.List(ctx, visit)
			return nil
		}
	}},
	{"the epoch is lowered", "Epoch", func(m *mutant) {
		m.raise = func(ctx context.Context, n int64) error {
			state := m.memory.Snapshot()
			state.Epoch = n
			m.memory.Load(state)
			return ctx.Err()
		}
	}},
	{"names of any form", "Limits", func(m *mutant) {
		m.create = func(ctx context.Context, n vault.Name, value []byte) error {
			n.Key = strings.ToLower(n.Key)
			return m.memory.Create(ctx, n, value)
		}
	}},
	{"values are cut", "Limits", func(m *mutant) {
		m.create = func(ctx context.Context, n vault.Name, value []byte) error {
			return m.memory.Create(ctx, n, value[:min(len(value), vault.MaxValueBytes)])
		}
	}},
	{"values are shared", "Ownership", func(m *mutant) {
		m.get = func(ctx context.Context, n vault.Name) (value []byte, err error) {
			if _, err := m.memory.Get(ctx, n); err != nil {
				return nil, err
			}
			for _, s := range m.memory.Snapshot().Secrets {
				if s.Name == n {
					value = s.Value
				}
			}
			return value, nil
		}
	}},
	{"errors tell values", "Create", func(m *mutant) {
		m.create = func(ctx context.Context, n vault.Name, value []byte) error {
			if err := m.memory.Create(ctx, n, value); err != nil {
				return errors.Join(err, errors.New(string(value)))
			}
			return nil
		}
	}},
	{"who loses is told that it won", "Races", func(m *mutant) {
		m.create = func(ctx context.Context, n vault.Name, value []byte) error {
			if err := m.memory.Create(ctx, n, value); !errors.Is(err, vault.ErrExists) {
				return err
			}
			return nil
		}
	}},
	{"a lost answer cannot be asked for again", "Faults", func(m *mutant) {
		m.schedule = func(ctx context.Context, n vault.Name, window time.Duration) error {
			if s, err := m.memory.Describe(ctx, n); err == nil && s.Scheduled {
				return vault.ErrNotFound
			}
			return m.memory.Schedule(ctx, n, window)
		}
	}},
	{"windows never end", "Windows", func(m *mutant) {
		m.schedule = func(ctx context.Context, n vault.Name, window time.Duration) error {
			err := m.memory.Schedule(ctx, n, window)
			m.change(n, func(s *memory.Secret) bool {
				if !s.GoneAt.IsZero() && err == nil {
					s.GoneAt = s.GoneAt.Add(vault.MaxWindow)
				}
				return true
			})
			return err
		}
	}},
	{"a restore only stops the clock", "Windows", func(m *mutant) {
		times := map[vault.Name]time.Time{}
		m.restore = func(ctx context.Context, n vault.Name) error {
			s, _ := m.memory.Describe(ctx, n)
			times[n] = s.GoneAt
			return m.memory.Restore(ctx, n)
		}
		m.schedule = func(ctx context.Context, n vault.Name, window time.Duration) error {
			err := m.memory.Schedule(ctx, n, window)
			if at := times[n]; err == nil && !at.IsZero() {
				m.change(n, func(s *memory.Secret) bool { s.GoneAt = at; return true })
			}
			return err
		}
	}},
}

const mutantVariable = "GANDER_TEST_MUTANT"

// TestMutants runs the suite on each mutant, in a process of its own, and wants it to
// fail. Such a process comes here, too, and runs the suite.
func TestMutants(t *testing.T) {
	if name, set := os.LookupEnv(mutantVariable); set {
		t.Run("suite", func(t *testing.T) { runMutant(t, name) })
		return
	}
	for _, p := range plantings {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			out, err := mutantProcess(t, p.name, "/^"+p.group+"$")
			if err == nil || !strings.Contains(out, "--- FAIL: TestMutants/suite/"+p.group+"/") {
				t.Errorf("the suite did not find it: %v\n%s", err, out)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		if out, err := mutantProcess(t, "", ""); err != nil {
			t.Errorf("the suite fails without a fault: %v\n%s", err, out)
		}
	})
}

func mutantProcess(t *testing.T, name, group string) (string, error) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^TestMutants$/^suite$"+group) //nolint:gosec // it is this test
	c.Env = append(os.Environ(), mutantVariable+"="+name)
	out, err := c.CombinedOutput()
	return string(out), err
}

func runMutant(t *testing.T, name string) {
	Run(t, func(*testing.T) Store {
		now := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
		m := newMutant(func() time.Time { return now })
		for _, p := range plantings {
			if p.name == name {
				p.plant(m)
			}
		}
		return Store{Vault: m, Advance: func(d time.Duration) { now = now.Add(d) }}
	})
}
