//go:build !cloud

package scenarios

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/policy"
)

// Whoever lost a race waits a little before another try, longer each time, and
// not as long as somebody else.
func TestLosersPause(t *testing.T) {
	w := newInside(t)
	id := w.made(bootable)
	var pauses []time.Duration
	w.services.Images.Pause = func(d time.Duration) { pauses = append(pauses, d) }
	distinct, longest := map[time.Duration]bool{}, time.Duration(0)
	for range 20 {
		pauses = nil
		w.services.Images.Table = &contending{Table: w.table, times: retries + 1}
		w.refusedForRace("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/x","value":"y"}]`))
		if len(pauses) != retries {
			t.Fatalf("the pauses between %d tries are %v", retries+1, pauses)
		}
		for i, pause := range pauses {
			if pause < 0 || pause >= firstPause<<i {
				t.Errorf("pause %d of %v is out of its bounds", i, pauses)
			}
		}
		distinct[pauses[retries-1]] = true
		longest = max(longest, pauses[retries-1])
	}
	if longest <= firstPause {
		t.Errorf("no pause before the last try of 20 losers was longer than %v, as the first ones are", longest)
	}
	if len(distinct) < 10 {
		t.Errorf("20 losers waited %d different times before their last try", len(distinct))
	}
}

func (w *inside) refusedForRace(line string, options ...option) {
	w.t.Helper()
	w.call(line, options...).want(http.StatusConflict).says("changed by another request")
}

// Every call that changes an image is decided anew on each try.
func TestLostChangesAreTriedAgain(t *testing.T) {
	for _, c := range []struct {
		line    string
		options []option
		rule    policy.Rule
		status  int
	}{
		{"PATCH /v2/images/%s", []option{v21(`[{"op":"add","path":"/x","value":"y"}]`)}, policy.ModifyImage, 200},
		{"PUT /v2/images/%s/tags/a", nil, policy.ModifyImage, 204},
		{"DELETE /v2/images/%s/tags/b", nil, policy.ModifyImage, 204},
		{"POST /v2/images/%s/actions/deactivate", nil, policy.Deactivate, 204},
		{"POST /v2/images/%s/actions/reactivate", nil, policy.Reactivate, 204},
	} {
		w := newInside(t)
		w.services.Images.Pause = func(time.Duration) {}
		id := w.filled("abc")
		w.call("PUT /v2/images/" + id + "/tags/b").want(204)
		if c.rule == policy.Reactivate {
			w.call("POST /v2/images/" + id + "/actions/deactivate").want(204)
		}
		rules := &countingPolicy{w.services.Policy, map[policy.Rule]int{}}
		w.services.Policy = rules
		w.services.Images.Table = &contending{Table: w.table, times: retries + 1}
		w.refusedForRace(fmt.Sprintf(c.line, id), c.options...)
		w.services.Images.Table = &contending{Table: w.table, times: retries}
		w.call(fmt.Sprintf(c.line, id), c.options...).want(c.status)
		if asked := rules.asked[c.rule]; asked != 2*(retries+1) {
			t.Errorf("%s: policy was asked %d times in two calls", c.line, asked)
		}
	}
}

// A question mark is part of a tag; one gateway cuts it off.
func TestTagsWithQuestionMarks(t *testing.T) {
	w := newInside(t)
	id := w.made(`{}`)
	w.call("PUT /v2/images/" + id + "/tags/a%3Fb").want(204)
	w.call("GET /v2/images/" + id).want(200).says(`"tags":["a?b"]`)
}

// A right that is taken away between two tries is gone.
func TestLosersAreDecidedAnew(t *testing.T) {
	w := newInside(t)
	w.services.Images.Pause = func(time.Duration) {}
	id := w.made(`{"visibility":"public","owner":"demo"}`, as("admin"))
	w.services.Images.Table = &contending{Table: w.table, times: 1, meet: func() {
		w.call("PATCH /v2/images/"+id, as("admin"), v21(`[{"op":"replace","path":"/owner","value":"other"}]`)).want(200)
	}}
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/x","value":"y"}]`)).want(403)
	if fields := w.call("GET /v2/images/" + id).want(200).fields(); fields["owner"] != "other" || fields["x"] != nil {
		t.Errorf("the image is %v", fields)
	}
}

// TestP2PatchersLoseNothing has 16 patchers change one image at once, each its
// own property, again and again. Whoever is told 409 tries again, as clients do;
// what was answered is there in the end.
func TestP2PatchersLoseNothing(t *testing.T) {
	const patchers, rounds = 16, 7
	w := newInside(t)
	id := w.made(`{}`)
	var all sync.WaitGroup
	var mu sync.Mutex
	refused := 0
	for n := range patchers {
		all.Go(func() {
			for round := range rounds {
				sent := v21(fmt.Sprintf(`[{"op":"add","path":"/p%d-%d","value":"is kept"},{"op":"add","path":"/last%d","value":"%d"}]`, n, round, n, round))
				for {
					got := w.call("PATCH /v2/images/"+id, sent)
					if got.status == http.StatusOK {
						break
					}
					if got.want(http.StatusConflict); t.Failed() {
						return
					}
					mu.Lock()
					refused++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	t.Logf("of %d patches %d were told 409 and sent again", patchers*rounds, refused)
	fields := w.call("GET /v2/images/" + id).want(200).fields()
	for n := range patchers {
		if last := fields[fmt.Sprintf("last%d", n)]; last != fmt.Sprint(rounds-1) {
			t.Errorf("the last change of patcher %d is %v", n, last)
		}
		for round := range rounds {
			if fields[fmt.Sprintf("p%d-%d", n, round)] != "is kept" {
				t.Errorf("change %d of patcher %d is lost", round, n)
			}
		}
	}
}
