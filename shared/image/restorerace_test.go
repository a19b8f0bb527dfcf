package image

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// A meeting lets something happen just before one call of a port.
type meeting struct {
	at, seen int
	happens  func()
}

func (m *meeting) arrive() {
	m.seen++
	if m.seen == m.at {
		m.happens()
	}
}

type metTable struct {
	table.Table
	*meeting
}

func (t metTable) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	t.arrive()
	return t.Table.Get(ctx, keys...)
}

func (t metTable) Query(ctx context.Context, q table.Query) (table.Page, error) {
	t.arrive()
	return t.Table.Query(ctx, q)
}

func (t metTable) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	t.arrive()
	return t.Table.Transact(ctx, writes...)
}

type metStore struct {
	blob.Store
	*meeting
}

func (s metStore) Delete(ctx context.Context, name, version string) error {
	s.arrive()
	return s.Store.Delete(ctx, name, version)
}

// over returns the service as it is at another port and by another clock.
func (s *Service) over(m *meeting, now func() time.Time) *Service {
	other := *s
	other.Table, other.Now = metTable{s.Table, m}, now
	other.Stores = []Store{{ID: "local", Blobs: metStore{s.Stores[0].Blobs, m}}}
	return &other
}

// TestRestoreMeetsPurge plays a restore and a purge of one image against each
// other, the one whole before every port call of the other, by clocks that
// differ. One of them wins: the image is back with its bytes, or gone with them.
func TestRestoreMeetsPurge(t *testing.T) {
	type actor struct {
		name  string
		first bool // it is the purge that is met
	}
	outcomes := map[Status]int{}
	for _, a := range []actor{{"purge meets restore", true}, {"restore meets purge", false}} {
		for at, more := 1, true; more; at++ {
			t.Run(fmt.Sprintf("%s/%d", a.name, at), func(t *testing.T) {
				w := newWorld(t)
				img := w.active("the very bytes")
				w.mustAddMember(img.ID, "other")
				if err := w.delete(w.mustGet(img.ID)); err != nil {
					t.Fatal(err)
				}
				late, early := w.now().Add(25*time.Hour), w.now().Add(time.Hour)
				m := &meeting{at: at}
				clock := func(at time.Time) func() time.Time { return func() time.Time { return at } }
				purges, restores := w.service.over(&meeting{}, clock(late)), w.service.over(&meeting{}, clock(early))
				var restored, purged error
				restore := func() { _, restored = w.restore(restores, img.ID) }
				purge := func() { purged = w.sweepBy(purges) }
				if a.first {
					purges, m.happens = w.service.over(m, clock(late)), restore
					purge()
				} else {
					restores, m.happens = w.service.over(m, clock(early)), purge
					restore()
				}
				if more = m.seen >= at; !more {
					return // nobody met
				}
				if purged != nil {
					t.Fatalf("the purge answers %v", purged)
				}
				if restored != nil && !Changed(restored) && !problem.Is(restored, problem.NotFound) {
					t.Fatalf("the restore answers %v", restored)
				}
				w.advance(25 * time.Hour)
				w.sweep()
				outcomes[w.wantOneWinner(img.ID, restored == nil)]++
			})
		}
	}
	if outcomes[Active] == 0 || outcomes[Purged] == 0 {
		t.Errorf("it comes to %v; both must win somewhere", outcomes)
	}
}

// TestPurgeMeetsANewDeletion: an image that came back is deleted again, with the very
// purge entry that it had, while a purge has the old one at hand. The entry stays, and
// the image is purged when it is due.
func TestPurgeMeetsANewDeletion(t *testing.T) {
	met := 0
	for at, more := 1, true; more; at++ {
		w := newWorld(t)
		img := w.active("the very bytes")
		remove := func() {
			if err := w.delete(w.mustGet(img.ID)); err != nil {
				t.Fatal(err)
			}
		}
		remove()
		old := purgeEntry(w.found(img.ID))
		if _, err := w.restore(w.service, img.ID); err != nil {
			t.Fatal(err)
		}
		m := &meeting{at: at, happens: remove}
		if err := w.service.over(m, w.now).Purge(t.Context(), old); err != nil {
			t.Errorf("call %d: the purge answers %v", at, err)
		}
		if more = m.seen >= at; !more {
			break
		}
		met++
		w.audit()
		w.advance(25 * time.Hour)
		w.sweep()
		if now := w.found(img.ID); now.Status != Purged {
			t.Errorf("call %d: in the end the image is %s", at, now.Status)
		}
	}
	if met < 2 {
		t.Errorf("only %d meetings", met)
	}
}

func (w *world) sweepBy(s *Service) error {
	r := due.Runner{Table: s.Table, Handlers: s.Handlers(), Now: s.Now, Log: s.Log}
	return r.Sweep(w.t.Context())
}

// wantOneWinner holds what a race of restore and purge came to.
func (w *world) wantOneWinner(id string, restored bool) Status {
	w.t.Helper()
	now := w.found(id)
	want := Purged
	if restored {
		want = Active
	}
	if now.Status != want {
		w.t.Fatalf("restored: %t, and the image is %s", restored, describe(now))
	}
	if restored && (w.read(now) != "the very bytes" || now.MemberCount != 1) {
		w.t.Error("it came back without something")
	}
	w.audit()
	return now.Status
}

// TestRestoreMeetsHalfAPurge: a purge that died anywhere is not undone, but for
// one that had not begun.
func TestRestoreMeetsHalfAPurge(t *testing.T) {
	for at, more := 1, true; more; at++ {
		t.Run(fmt.Sprintf("write=%d", at), func(t *testing.T) {
			w := newWorld(t)
			img := w.active("the very bytes")
			w.mustAddMember(img.ID, "other")
			if err := w.delete(w.mustGet(img.ID)); err != nil {
				t.Fatal(err)
			}
			b := &breaker{at: at, how: diedBefore}
			w.use(brokenTable{w.table, b}, brokenStore{w.blobs, b})
			w.advance(25 * time.Hour)
			_ = w.runner.Sweep(t.Context()) // dies
			more = b.gone()
			w.use(w.table, w.blobs)
			early := w.service.over(&meeting{}, func() time.Time { return w.now().Add(-2 * time.Hour) })
			_, err := w.restore(early, img.ID)
			if begun := at > 1; (err == nil) == begun || begun && !problem.Is(err, problem.NotFound) {
				t.Errorf("restoring answers %v", err)
			}
			w.sweep()
			w.wantOneWinner(img.ID, err == nil)
		})
	}
}

// TestRestoreBroken breaks every write of a restore. Who was told that the image
// is back finds it so, and whoever was not may ask again.
func TestRestoreBroken(t *testing.T) {
	for _, how := range []breakage{lostBefore, lostAfter, diedBefore, diedAfter} {
		for at, more := 1, true; more; at++ {
			t.Run(fmt.Sprintf("%s/write=%d", how, at), func(t *testing.T) {
				w := newWorld(t)
				img := w.active("the very bytes")
				if err := w.delete(img); err != nil {
					t.Fatal(err)
				}
				b := &breaker{at: at, how: how}
				w.use(brokenTable{w.table, b}, brokenStore{w.blobs, b})
				_, err := w.restore(w.service, img.ID)
				more = b.seen >= at
				if !how.deadly() && err != nil {
					t.Errorf("with one answer lost, restoring answers %v", err)
				}
				w.use(w.table, w.blobs)
				if _, again := w.restore(w.service, img.ID); again != nil && !problem.Is(again, problem.Conflict) || err == nil && again == nil {
					t.Errorf("restoring answers %v, and then %v", err, again)
				}
				if now := w.mustGet(img.ID); now.Status != Active || w.read(now) != "the very bytes" {
					t.Errorf("the image is %s", describe(now))
				}
				w.audit()
			})
		}
	}
}

// TestRestoredUploadsBeginAnew: the worker whose image was deleted and restored
// while its bytes flowed does not reach it any more.
func TestRestoredUploadsBeginAnew(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	reader, writer := io.Pipe()
	answered := make(chan error, 1)
	go func() { answered <- w.upload(img, reader) }()
	if _, err := writer.Write([]byte("some bytes")); err != nil {
		t.Fatal(err)
	}
	if err := w.service.again(func() error { return w.delete(w.mustGet(img.ID)) }); err != nil {
		t.Fatal(err)
	}
	restored, err := w.restore(w.service, img.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.upload(restored, strings.NewReader("others")); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	if err := <-answered; !problem.Is(err, problem.Gone) {
		t.Errorf("the first upload answers %v", err)
	}
	w.advance(time.Hour)
	w.sweep()
	if w.read(w.mustGet(img.ID)) != "others" {
		t.Error("the image has the data of an upload that it was deleted under")
	}
	w.audit()
}
