//go:build cloud

package scenarios

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gander-images/gander/localstack/gateway"
	"github.com/gander-images/gander/shared/httpapi"
)

// TestMain ends a run of all scenarios by what no single one can tell: whether
// each function was reached, and whether each difference was met.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if whole := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""; whole && code == 0 {
		reached.tell()
		if faults := append(reached.faults(), met.faults(*shape)...); len(faults) > 0 {
			fmt.Printf("FAIL: after all scenarios\n    %s\n", strings.Join(faults, "\n    "))
			code = 1
		}
	}
	os.Exit(code)
}

// reached counts what each function did in all scenarios together.
var reached = &reach{functions: map[string]gateway.Tally{}}

type reach struct {
	mu        sync.Mutex
	functions map[string]gateway.Tally
}

// add takes in what one gateway saw.
func (r *reach) add(names []string, tally map[string]gateway.Tally) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		sum := r.functions[name]
		if sum.Answers == nil {
			sum.Answers = map[int]int{}
		}
		for status, n := range tally[name].Answers {
			sum.Answers[status] += n
		}
		sum.Events += tally[name].Events
		r.functions[name] = sum
	}
}

// tell prints what each function did.
func (r *reach) tell() {
	for _, name := range slices.Sorted(maps.Keys(r.functions)) {
		fmt.Printf("%s: %d events, answers by status %v\n", name, r.functions[name].Events, r.functions[name].Answers)
	}
}

var ofTheDataPlane = []string{httpapi.ImageDataUpload.Name, httpapi.ImageDataDownload.Name, httpapi.ImageV1Show.Name}

// faults names the functions that never answered with a 2xx, nor took an event.
func (r *reach) faults() []string {
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(r.functions)) {
		if *shape == "data" && slices.Contains(ofTheDataPlane, name) {
			continue // the data plane stands in front of them
		}
		good := r.functions[name].Events
		for status, n := range r.functions[name].Answers {
			if status >= 200 && status < 300 {
				good += n
			}
		}
		if good == 0 {
			faults = append(faults, fmt.Sprintf("no scenario gets an answer of %s: %+v", name, r.functions[name]))
		}
	}
	return faults
}

// met notes which differences scenarios met.
var met = &meetings{rows: map[int]bool{}}

type meetings struct {
	mu   sync.Mutex
	rows map[int]bool
}

// behind returns how to look up the differences of one scenario.
func (m *meetings) behind(shape, scenario string) func(call string) *difference {
	return func(call string) *difference {
		for i := range behindGateway {
			if d := &behindGateway[i]; d.meets(shape, scenario, call) {
				m.mu.Lock()
				m.rows[i] = true
				m.mu.Unlock()
				return d
			}
		}
		return nil
	}
}

// faults lists the differences that nobody met.
func (m *meetings) faults(shape string) []string {
	var faults []string
	for i, d := range behindGateway {
		if !m.rows[i] && d.of(shape) {
			faults = append(faults, fmt.Sprintf("no scenario meets the difference %q of %s %q", d.row, d.scenario, d.calls))
		}
	}
	return faults
}
