package vaulttest

import (
	"strings"
	"sync"
	"testing"
)

// differences notes which of a store's known faults were met by a test.
type differences struct {
	mu      sync.Mutex
	claimed map[string]string
	met     map[string]bool
}

// watch skips a test that the store is known to fail, once it has the store.
func (d *differences) watch(open func(*testing.T) Store) func(*testing.T) Store {
	return func(t *testing.T) Store {
		t.Helper()
		store := open(t)
		if reason, wrong := d.find(t.Name(), store.Wrong); wrong {
			t.Skip("the engine is wrong here: " + reason)
		}
		return store
	}
}

func (d *differences) find(test string, wrong map[string]string) (reason string, found bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.claimed = wrong
	for name, reason := range wrong {
		if strings.HasSuffix(test, "/"+strings.ReplaceAll(name, " ", "_")) {
			if d.met == nil {
				d.met = make(map[string]bool)
			}
			d.met[name] = true
			return reason, true
		}
	}
	return "", false
}

// check fails for a claim about a test that does not exist, unless only some
// tests were run.
func (d *differences) check(t testing.TB, filtered bool) {
	t.Helper()
	if filtered {
		return
	}
	for name := range d.claimed {
		if !d.met[name] {
			t.Errorf("the engine is said to be wrong in %q, which is no test", name)
		}
	}
}
