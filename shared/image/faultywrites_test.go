//go:build cloud

package image

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// ---- P1: what was answered is seen by every later get and list

func seen(f *faulty) { f.writesAreSeen(4, 2) }

func TestP1Throttled(t *testing.T) {
	under(t, seen, each(3, proxy.Throttled, anyTable), each(5, proxy.RateLimited, anyTable), each(4, proxy.PartThrottled, anyWrite))
}
func TestP1Conflicts(t *testing.T)    { under(t, seen, each(2, proxy.Conflicted, anyWrite)) }
func TestP1AnswerLost(t *testing.T)   { under(t, seen, each(2, proxy.AnswerLost, anyWrite)) }
func TestP1AnswerSilent(t *testing.T) { under(t, seen, each(20, proxy.AnswerSilent, anyWrite)) }
func TestP1ServerErrors(t *testing.T) {
	under(t, seen, each(3, proxy.FailedAfter, anyWrite), each(4, proxy.Failed, anyTable))
}

func TestP1ConnectionsCut(t *testing.T) {
	under(t, seen, each(3, proxy.CutBefore, anyTable), each(7, proxy.AnswerCut, anyTable))
}

// ---- P2: no update is lost

func updatesKept(f *faulty) { f.noUpdateIsLost(6, 4) }

func TestP2Throttled(t *testing.T) {
	under(t, updatesKept, each(3, proxy.Throttled, anyTable), each(4, proxy.PartThrottled, anyWrite))
}

func TestP2ConflictStorm(t *testing.T) {
	under(t, updatesKept, each(2, proxy.Conflicted, anyWrite), each(5, proxy.InProgress, anyWrite))
}
func TestP2AnswerLost(t *testing.T)   { under(t, updatesKept, each(2, proxy.AnswerLost, anyWrite)) }
func TestP2AnswerSilent(t *testing.T) { under(t, updatesKept, each(20, proxy.AnswerSilent, anyWrite)) }

func TestP2ServerErrors(t *testing.T) {
	under(t, updatesKept, each(3, proxy.FailedAfter, anyWrite), each(4, proxy.Failed, anyTable))
}

func TestP2ConnectionsCut(t *testing.T) { under(t, updatesKept, each(3, proxy.CutBefore, anyTable)) }

// TestP2Outage leaves a write without an answer, and throttles the table for
// longer than a write is tried. The writer is told that nothing is known, though
// the last word was that it was not done; the next one reads what is there, and
// no change is made twice.
func TestP2Outage(t *testing.T) {
	for name, landed := range map[string]bool{"not done": false, "done": true} {
		t.Run(name, func(t *testing.T) {
			f := newFaulty(t)
			f.restart(hasty)
			img := f.mustGet(f.create(raw()).ID)
			first := proxy.Rule{Match: anyWrite, Fault: proxy.CutBefore}
			if landed {
				first.Fault = proxy.AnswerLost
			}
			f.inject(first)
			f.inject(proxy.Rule{Match: anyTable, Fault: proxy.Throttled, Times: proxy.Always})
			outcome, err := f.service.Table.Transact(t.Context(), table.Write{
				Kind: table.Put, Key: Key(img.ID), Schema: recordSchema, Body: img.stored, If: table.IfRevision(img.Revision),
			})
			if !errors.Is(err, table.ErrUnknown) {
				t.Errorf("a write without an answer answers %v, %v", outcome, err)
			}
			f.heal()
			want := img.Revision
			if landed {
				want++
			}
			if now := f.mustGet(img.ID); now.Revision != want {
				t.Errorf("revision %d became %d, not %d", img.Revision, now.Revision, want)
			}
			f.settle()
		})
	}
}

// ---- P7: an id is used once

func once(f *faulty) {
	f.idsAreUsedOnce()
	f.oneCreatorWins(8)
}

// oneCreatorWins has creators of one id race.
func (w *world) oneCreatorWins(creators int) {
	id := lifeID
	var all sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for n := range creators {
		all.Go(func() {
			d := raw()
			d.ID = &id
			if n%2 == 1 {
				upper := strings.ToUpper(id)
				d.ID = &upper
			}
			name := fmt.Sprintf("creator %d", n)
			d.Name = &name
			_, err := w.createAs(demo, d)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case !problem.Is(err, problem.Conflict):
				w.t.Errorf("a creator who lost is answered %v", err)
			}
		})
	}
	all.Wait()
	if won != 1 {
		w.t.Errorf("%d of %d creators of one id were told that they made it", won, creators)
	}
}

func TestP7Throttled(t *testing.T) {
	under(t, once, each(3, proxy.Throttled, anyTable), each(4, proxy.PartThrottled, anyWrite))
}
func TestP7Conflicts(t *testing.T)        { under(t, once, each(2, proxy.Conflicted, anyWrite)) }
func TestP7CreateAnswerLost(t *testing.T) { under(t, once, each(2, proxy.AnswerLost, anyWrite)) }
func TestP7AnswerSilent(t *testing.T)     { under(t, once, each(9, proxy.AnswerSilent, anyWrite)) }
func TestP7ServerErrors(t *testing.T) {
	under(t, once, each(3, proxy.FailedAfter, anyWrite), each(4, proxy.Failed, anyTable))
}

func TestP7ConnectionsCut(t *testing.T) {
	under(t, once, each(3, proxy.CutBefore, anyTable))
}
