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

func kept(f *faulty) { f.noUpdateIsLost(6, 4) }

func TestP2Throttled(t *testing.T) {
	under(t, kept, each(3, proxy.Throttled, anyTable), each(4, proxy.PartThrottled, anyWrite))
}
func TestP2ConflictStorm(t *testing.T) {
	under(t, kept, each(2, proxy.Conflicted, anyWrite), each(5, proxy.InProgress, anyWrite))
}
func TestP2AnswerLost(t *testing.T)   { under(t, kept, each(2, proxy.AnswerLost, anyWrite)) }
func TestP2AnswerSilent(t *testing.T) { under(t, kept, each(20, proxy.AnswerSilent, anyWrite)) }
func TestP2ServerErrors(t *testing.T) {
	under(t, kept, each(3, proxy.FailedAfter, anyWrite), each(4, proxy.Failed, anyTable))
}
func TestP2ConnectionsCut(t *testing.T) { under(t, kept, each(3, proxy.CutBefore, anyTable)) }

// TestP2Outage takes the table away for longer than a write is tried. The writer
// is told that nothing is known, the next one reads what is there, and no change
// is made twice.
func TestP2Outage(t *testing.T) {
	for name, landed := range map[string]bool{"not done": false, "done": true} {
		t.Run(name, func(t *testing.T) {
			f := newFaulty(t, 0)
			f.restart(hasty)
			img := f.create(raw())
			if landed {
				f.inject(proxy.Rule{Match: anyWrite, Fault: proxy.AnswerLost})
			}
			f.inject(proxy.Rule{Match: anyTable, Fault: proxy.CutBefore, Times: proxy.Always})
			next := img.clone()
			next.Properties = map[string]string{"written": "once"}
			err := f.service.save(t.Context(), img, next)
			if !problem.Is(err, problem.Unavailable) || !errors.Is(err, table.ErrUnknown) {
				t.Errorf("a write without an answer answers %v", err)
			}
			f.heal()
			now := f.mustGet(img.ID)
			if (now.Properties["written"] == "once") != landed || now.Revision != img.Revision+map[bool]int64{true: 1}[landed] {
				t.Errorf("revision %d became %d, with %v", img.Revision, now.Revision, now.Properties)
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
