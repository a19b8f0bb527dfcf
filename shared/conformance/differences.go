// Package conformance is what the suites of all ports have in common.
package conformance

import (
	"flag"
	"strings"
	"sync"
	"testing"
)

// Differences notes which known faults of an engine were met by a test of a suite.
// What a suite is told of them maps the names of tests to reasons.
type Differences struct {
	mu      sync.Mutex
	claimed map[string]string
	met     map[string]bool
}

// Skip skips a test that the engine is known to fail.
func (d *Differences) Skip(t *testing.T, wrong map[string]string) {
	t.Helper()
	if reason, known := d.find(t.Name(), wrong); known {
		t.Skip("the engine is wrong here: " + reason)
	}
}

func (d *Differences) find(test string, wrong map[string]string) (reason string, found bool) {
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

// Check fails for a claim about a test that does not exist, unless only some tests
// were run.
func (d *Differences) Check(t testing.TB) {
	t.Helper()
	run := flag.Lookup("test.run")
	d.check(t, run != nil && run.Value.String() != "")
}

func (d *Differences) check(t testing.TB, filtered bool) {
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
