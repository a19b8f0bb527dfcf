package image

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// sharing runs what can become of two rows until the image is purged, as far as
// it goes, and returns how many writes were answered.
func sharing(w *world, id string) (answered int, err error) {
	ctx := context.Background()
	steps := []func(img *Image) error{
		func(img *Image) error {
			_, err := w.service.AddMember(ctx, w.granted(policy.AddMember, demo, img), img, "other")
			return err
		},
		func(img *Image) error {
			_, err := w.service.AddMember(ctx, w.granted(policy.AddMember, demo, img), img, "third")
			return err
		},
		func(img *Image) error { return w.setStatus(ctx, img, "other", Accepted) },
		func(img *Image) error { return w.setStatus(ctx, img, "other", Rejected) },
		func(img *Image) error {
			m, err := w.service.readMember(ctx, img.ID, "other")
			if err != nil {
				return err
			}
			return w.service.RemoveMember(ctx, w.granted(policy.DeleteMember, demo, img), img, *m)
		},
		func(img *Image) error {
			_, err := w.service.AddMember(ctx, w.granted(policy.AddMember, demo, img), img, "other")
			return err
		},
		w.delete,
	}
	for n, step := range steps {
		img, err := w.get(id)
		if err == nil {
			err = step(img)
		}
		if err != nil {
			return n, err
		}
	}
	w.advance(25 * time.Hour)
	_ = w.runner.Sweep(ctx) // what it cannot do is done after the restart
	return len(steps), nil
}

func (w *world) setStatus(ctx context.Context, img *Image, project string, status MemberStatus) error {
	m, err := w.service.readMember(ctx, img.ID, project)
	if err != nil {
		return err
	}
	_, err = w.service.SetMemberStatus(ctx, w.granted(policy.ModifyMember, admin, img), img, *m, status)
	return err
}

// answeredRows is what the rows say after so many writes of sharing.
var answeredRows = []map[string]MemberStatus{
	{}, {"other": Pending}, {"other": Pending, "third": Pending}, {"other": Accepted, "third": Pending},
	{"other": Rejected, "third": Pending}, {"third": Pending}, {"other": Pending, "third": Pending},
}

// TestEveryMemberWriteBroken breaks every write of members once, so that it did
// not happen and so that it happened, with the process living on and with the
// process gone. While the process lives a lost answer is noticed by nobody; what
// was answered holds, and rows, mirrors and count never disagree.
func TestEveryMemberWriteBroken(t *testing.T) {
	for _, how := range []breakage{lostBefore, lostAfter, diedBefore, diedAfter} {
		for at, more := 1, true; more; at++ {
			t.Run(fmt.Sprintf("%s/write=%d", how, at), func(t *testing.T) {
				w := newWorld(t)
				id := w.create(raw()).ID
				b := &breaker{at: at, how: how}
				w.use(brokenTable{w.table, b}, w.blobs)
				answered, err := sharing(w, id)
				more = b.seen >= at
				if !how.deadly() && err != nil {
					t.Errorf("with one answer lost, write %d is answered %v", answered+1, err)
				}
				w.use(w.table, w.blobs)
				w.audit()
				if answered < len(answeredRows) {
					w.wantRows(id, answeredRows[answered], answeredRows[min(answered+1, len(answeredRows)-1)])
				}
				w.sweep()
				w.audit()
			})
		}
	}
}

// wantRows holds that the rows of an image that was not purged yet are as after
// the last write that was answered, or as after the one that was not.
func (w *world) wantRows(id string, either, or map[string]MemberStatus) {
	w.t.Helper()
	rows := map[string]MemberStatus{}
	for m, err := range w.service.allMembers(w.t.Context(), id) {
		if err != nil {
			w.t.Fatal(err)
		}
		rows[m.ID] = m.Status
	}
	if got := fmt.Sprint(rows); got != fmt.Sprint(either) && got != fmt.Sprint(or) {
		w.t.Errorf("the rows are %v, neither %v nor %v", got, either, or)
	}
}

// A losing table loses the answer to a write that happens, and lets somebody else
// write before it is tried again.
type losing struct {
	table.Table
	meet func()
}

func (l *losing) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	outcome, err := l.Table.Transact(ctx, writes...)
	if meet := l.meet; meet != nil && err == nil && outcome.OK() {
		l.meet = nil
		meet()
		return table.Outcome{}, table.ErrUnknown
	}
	return outcome, err
}

// TestLandedMemberWritesAreRecognised loses the answer of each member write that
// happened, and has the record changed before it is looked up: the caller is told
// of success all the same.
func TestLandedMemberWritesAreRecognised(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func(w *world, img *Image) error
		left  map[string]MemberStatus
	}{
		{"add", func(w *world, img *Image) error {
			_, err := w.service.AddMember(w.t.Context(), w.granted(policy.AddMember, demo, img), img, "third")
			return err
		}, map[string]MemberStatus{"other": Pending, "third": Pending}},
		{"status", func(w *world, img *Image) error {
			return w.setStatus(w.t.Context(), img, "other", Accepted)
		}, map[string]MemberStatus{"other": Accepted}},
		{"remove", func(w *world, img *Image) error {
			m, err := w.service.readMember(w.t.Context(), img.ID, "other")
			if err != nil {
				return err
			}
			return w.service.RemoveMember(w.t.Context(), w.granted(policy.DeleteMember, demo, img), img, *m)
		}, map[string]MemberStatus{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			id := w.create(raw()).ID
			w.mustAddMember(id, "other")
			patcher := *w.service
			w.use(&losing{Table: w.table, meet: func() {
				now, err := patcher.read(t.Context(), id)
				if err == nil {
					next := now.clone()
					next.MinDisk = 7
					err = patcher.save(t.Context(), now, next)
				}
				if err != nil {
					t.Error(err)
				}
			}}, w.blobs)
			if err := c.write(w, w.mustGet(id)); err != nil {
				t.Errorf("a write that landed answers %v", err)
			}
			if w.mustGet(id).MinDisk != 7 {
				t.Error("nobody wrote in between")
			}
			w.wantRows(id, c.left, c.left)
			w.audit()
		})
	}
}

// retried does a write until it wins, or fails for another reason than a race.
func (w *world) retried(id string, write func(img *Image) error) error {
	for {
		img, err := w.service.Get(w.t.Context(), admin, id)
		if err == nil {
			err = write(img)
		}
		if !Changed(err) {
			return err
		}
	}
}

// TestMemberQuotaUnderConcurrency has 16 owners add a project each, with room for
// 8: exactly 8 are told of a row, and as many rows there are.
func TestMemberQuotaUnderConcurrency(t *testing.T) {
	w := newWorld(t)
	w.service.Limits.Members = 8
	id := w.create(raw()).ID
	var all sync.WaitGroup
	var mu sync.Mutex
	added, full := 0, 0
	for n := range 16 {
		all.Go(func() {
			err := w.retried(id, func(img *Image) error {
				_, err := w.service.AddMember(t.Context(), w.granted(policy.AddMember, demo, img), img, fmt.Sprintf("project-%d", n))
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				added++
			case problem.Is(err, problem.TooLarge):
				full++
			default:
				t.Errorf("an adder is answered %v", err)
			}
		})
	}
	all.Wait()
	if rows := w.members(demo, id); added != 8 || full != 8 || len(rows) != 8 {
		t.Errorf("%d were added and %d refused; the rows are %q", added, full, rows)
	}
	w.audit()
}

// TestMemberRacesLeaveNoGhost has rows come, change and go while the image changes
// its visibility and is deleted and purged. Whoever wins, rows, mirrors and count
// agree in the end, and after the purge nothing is left.
func TestMemberRacesLeaveNoGhost(t *testing.T) {
	for range 20 {
		w := newWorld(t)
		w.service.Retention = 0
		id := w.create(raw()).ID
		w.mustAddMember(id, "project-0")
		var all sync.WaitGroup
		do := func(write func(img *Image) error) {
			all.Go(func() {
				err := w.retried(id, write)
				for _, code := range []problem.Code{problem.NotFound, problem.Forbidden, problem.Conflict} {
					if problem.Is(err, code) {
						return // gone, not shared, there already
					}
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		for n := range 4 {
			project := fmt.Sprintf("project-%d", n)
			do(func(img *Image) error {
				_, err := w.service.AddMember(t.Context(), w.granted(policy.AddMember, demo, img), img, project)
				return err
			})
			do(func(img *Image) error { return w.change(img, project, Accepted) })
			do(func(img *Image) error { return w.change(img, project, Rejected) })
			do(func(img *Image) error { return w.change(img, project, "") })
		}
		for _, v := range []Visibility{Private, Shared, Public, Shared} {
			do(func(img *Image) error {
				next := img.clone()
				next.Visibility = v
				return w.service.save(t.Context(), img, next)
			})
		}
		do(func(img *Image) error {
			return w.service.Delete(t.Context(), w.granted(policy.DeleteImage, demo, img), demo, img)
		})
		all.Wait()
		w.audit()
		w.sweep()
		w.audit()
		if img, err := w.service.read(t.Context(), id); err != nil || img.Status != Purged {
			t.Fatalf("the image is %+v, %v", img, err)
		}
	}
}

// change sets the status of a project's row, or removes it.
func (w *world) change(img *Image, project string, status MemberStatus) error {
	m, err := w.service.Member(w.t.Context(), w.granted(policy.GetMember, admin, img), admin, img, project)
	if err != nil {
		return err
	}
	if status == "" {
		return w.service.RemoveMember(w.t.Context(), w.granted(policy.DeleteMember, admin, img), img, m)
	}
	_, err = w.service.SetMemberStatus(w.t.Context(), w.granted(policy.ModifyMember, admin, img), img, m, status)
	return err
}
