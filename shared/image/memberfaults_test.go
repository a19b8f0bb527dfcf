package image

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/policy"
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
	{},
	{"other": Pending},
	{"other": Pending, "third": Pending},
	{"other": Accepted, "third": Pending},
	{"other": Rejected, "third": Pending},
	{"third": Pending},
	{"other": Pending, "third": Pending},
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
