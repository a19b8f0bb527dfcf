package image

import (
	"fmt"
	"sync"
	"testing"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// TestMemberWritesLoseToOthers has the record changed between the read and each
// member write: the write is told to try again, and was not made.
func TestMemberWritesLoseToOthers(t *testing.T) {
	w := newWorld(t)
	id := w.create(raw()).ID
	w.mustAddMember(id, "other")
	stale := w.mustGet(id)
	m, err := w.row(id, "other")
	if err != nil {
		t.Fatal(err)
	}
	w.show(id, Shared) // a save that changes nothing to be seen
	before := w.mustGet(id)
	_, added := w.service.AddMember(t.Context(), w.granted(policy.AddMember, demo, stale), stale, "third")
	_, set := w.service.SetMemberStatus(t.Context(), w.granted(policy.ModifyMember, admin, stale), stale, m, Accepted)
	removed := w.service.RemoveMember(t.Context(), w.granted(policy.DeleteMember, demo, stale), stale, m)
	for what, err := range map[string]error{"add": added, "update": set, "delete": removed} {
		if !Changed(err) {
			t.Errorf("%s on an image that was changed answers %v", what, err)
		}
	}
	w.wantRows(id, map[string]MemberStatus{"other": Pending}, nil)
	if after := w.mustGet(id); after.Revision != before.Revision || after.MemberCount != 1 {
		t.Errorf("the image became %+v", after)
	}
	w.audit()
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
