package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// TestP1WritesAreSeen holds that an answered create, upload and delete is what
// every later get and list says, at once, while others write.
func TestP1WritesAreSeen(t *testing.T) { newWorld(t).writesAreSeen(8, 5) }

func (w *world) writesAreSeen(workers, rounds int) {
	t := w.t
	everyone := func(*Image) (bool, error) { return true, nil }
	listed := func(id string) bool {
		marker := ""
		for {
			page, err := w.service.List(t.Context(), w.grant(policy.GetImages, demo, &Image{Owner: &demo.ProjectID}), nil, demo,
				Query{limit: 10, marker: marker, sort: newestFirst(t)}, everyone)
			if err != nil {
				t.Error(err)
				return false
			}
			for _, img := range page.Images {
				if img.ID == id {
					return true
				}
			}
			if !page.More {
				return false
			}
			marker = page.Images[len(page.Images)-1].ID
		}
	}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range rounds {
				img := w.create(raw())
				if !listed(img.ID) {
					t.Errorf("image %s was created and is not listed", img.ID)
				}
				if err := w.upload(w.mustGet(img.ID), strings.NewReader("bytes")); err != nil {
					t.Error(err)
				}
				now := w.mustGet(img.ID)
				if now.Status != Active {
					t.Errorf("image %s was uploaded and is %s", img.ID, now.Status)
				}
				if err := w.delete(now); err != nil {
					t.Error(err)
				}
				if _, err := w.get(img.ID); !problem.Is(err, problem.NotFound) || listed(img.ID) {
					t.Errorf("image %s was deleted; get answers %v", img.ID, err)
				}
			}
		})
	}
	all.Wait()
	w.audit()
}

// newestFirst is the sort of a list that asks for none.
func newestFirst(t *testing.T) sorting {
	t.Helper()
	q, err := ParseQuery(nil)
	if err != nil {
		t.Error(err)
	}
	return q.sort
}

// TestP2NoUpdateIsLost lets 16 patchers change different properties of one image,
// each against the record it read. Who loses a race reads again; no change is
// missing in the end, and the revisions count them all.
func TestP2NoUpdateIsLost(t *testing.T) { newWorld(t).noUpdateIsLost(16, 10) }

func (w *world) noUpdateIsLost(writers, rounds int) {
	t := w.t
	w.service.Limits.Properties = -1
	img := w.create(raw())
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() {
			for round := range rounds {
				err := w.service.again(func() error {
					now := w.mustGet(img.ID)
					if now.Revision >= img.Revision+int64(writers*rounds) {
						return fmt.Errorf("%d changes were made before the last was asked for", now.Revision-img.Revision)
					}
					_, err := w.update(demo, now, adding(fmt.Sprintf("writer-%d-%d", n, round), "was here"))
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	now := w.mustGet(img.ID)
	if len(now.Properties) != writers*rounds || now.Revision != img.Revision+int64(writers*rounds) {
		t.Fatalf("%d properties at revision %d after %d changes", len(now.Properties), now.Revision, writers*rounds)
	}
	if err := w.delete(img); !Changed(err) {
		t.Fatalf("a delete of the image as it was first read answers %v", err)
	}
	w.audit()
}

// TestP2UnknownFieldsSurvive holds that a save keeps what a newer version wrote
// beside what this one knows, and stops at a record it may not understand.
func TestP2UnknownFieldsSurvive(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	items, err := w.table.Get(t.Context(), Key(img.ID))
	if err != nil {
		t.Fatal(err)
	}
	put := func(schema int, body string, revision int64) {
		outcome, err := w.table.Transact(t.Context(), table.Write{
			Kind: table.Put, Key: Key(img.ID), Schema: schema, Body: []byte(body), If: table.IfRevision(revision),
		})
		if err != nil || !outcome.OK() {
			t.Fatal(outcome, err)
		}
	}
	body := strings.TrimSuffix(string(items[0].Body), "}") + `,"later":{"a":["<b>"]}}`
	put(recordSchema, body, img.Revision)
	if err := w.upload(w.mustGet(img.ID), strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	now := w.mustGet(img.ID)
	if !strings.Contains(string(now.stored), `"later":{"a":["<b>"]}`) && !strings.Contains(string(now.stored), `"later":{"a":["\u003cb\u003e"]}`) {
		t.Fatalf("the unknown field is gone: %s", now.stored)
	}
	put(recordSchema+1, string(now.stored), now.Revision)
	if _, err := w.get(img.ID); !problem.Is(err, problem.Unavailable) {
		t.Fatalf("a record of a newer version answers %v", err)
	}
}

// TestP3BytesAreImmutable holds that a second upload never reaches the bytes of
// an active image, one after the other and at the same time.
func TestP3BytesAreImmutable(t *testing.T) { newWorld(t).bytesAreImmutable() }

func (w *world) bytesAreImmutable() {
	t := w.t
	img := w.active("first")
	if err := w.upload(img, strings.NewReader("second")); !problem.Is(err, problem.Conflict) {
		t.Fatalf("a second upload answers %v", err)
	}
	again := w.mustGet(img.ID)
	if w.read(again) != "first" || *again.Checksum != *img.Checksum || *again.HashValue != *img.HashValue || *again.Size != 5 {
		t.Fatalf("an active image changed: %+v", again)
	}

	queued := w.create(raw())
	won := make(chan string, 16)
	var all sync.WaitGroup
	for n := range 16 {
		all.Go(func() {
			data := fmt.Sprintf("bytes of uploader %d", n)
			switch err := w.upload(queued, strings.NewReader(data)); {
			case err == nil:
				won <- data
			case !Changed(err):
				t.Errorf("a losing upload answers %v", err)
			}
		})
	}
	all.Wait()
	close(won)
	if len(won) != 1 {
		t.Fatalf("%d uploads of one image won", len(won))
	}
	if data := <-won; w.read(w.mustGet(queued.ID)) != data {
		t.Fatal("the bytes are not the winner's")
	}
	w.audit()
}

// TestP6PassingStatesEnd kills an upload's worker. While its lease lasts the
// image stays in saving; when it ran out the image is queued, the parts are
// gone, and the owner can read why.
func TestP6PassingStatesEnd(t *testing.T) { newWorld(t).passingStatesEnd() }

func (w *world) passingStatesEnd() {
	t := w.t
	img := w.create(raw())
	u, err := w.service.beginUpload(t.Context(), demo, img, UploadRequest{})
	if err != nil {
		t.Fatal(err)
	}
	writer, err := u.store.Blobs.Create(t.Context(), u.place.Name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write([]byte("half of the by")); err != nil {
		t.Fatal(err)
	}

	w.advance(w.service.Lease - time.Second)
	if err := u.renew(t.Context()); err != nil { // the last sign of life
		t.Fatal(err)
	}
	w.advance(2 * time.Second)
	w.sweep()
	w.wantStatus(img.ID, Saving) // its entry was due, and moved on
	w.advance(w.service.Lease)
	w.sweep()
	w.sweep()
	w.wantStatus(img.ID, Queued)
	tasks := w.tasks(img.ID)
	if len(tasks) != 1 || !strings.Contains(tasks[0].Message, "silent for 10m0s") || tasks[0].RequestID != "req-1" {
		t.Fatalf("the owner reads %+v", tasks)
	}
	w.audit()

	if err := u.renew(t.Context()); err == nil {
		t.Fatal("a worker that came back keeps a lease it lost")
	}
	if _, err := writer.Commit(t.Context()); err == nil {
		t.Log("the store let a late commit pass; the record must not name it")
	}
	if err := u.fail(t.Context(), writer, true, errLost, "too late"); !errors.Is(err, errLost) {
		t.Fatal(err)
	}
	w.audit()
	w.advance(49 * time.Hour)
	w.sweep()
	if tasks := w.tasks(img.ID); len(tasks) != 0 {
		t.Fatalf("tasks %+v outlive their life", tasks)
	}
}

// TestP6DeleteEndsUpload deletes an image while its bytes flow: the delete is
// answered at once, the upload is told, and nothing is left.
func TestP6DeleteEndsUpload(t *testing.T) {
	w := newWorld(t)
	w.service.Lease = 200 * time.Millisecond // the heart beats by the real clock
	img := w.create(raw())
	reader, writer := io.Pipe()
	answered := make(chan error, 1)
	go func() { answered <- w.upload(img, reader) }()
	if _, err := writer.Write([]byte("some bytes")); err != nil {
		t.Fatal(err)
	}
	w.wantStatus(img.ID, Saving)
	if err := w.service.again(func() error { return w.delete(w.mustGet(img.ID)) }); err != nil {
		t.Fatal(err)
	}
	w.audit() // the lease is gone, and what the upload still writes is due for removal
	_ = writer.Close()
	if err := <-answered; !problem.Is(err, problem.Gone) {
		t.Fatalf("the upload answers %v", err)
	}
	w.advance(25 * time.Hour)
	w.sweep()
	w.audit()
}

// again is what a caller of the domain does with Changed.
func (s *Service) again(do func() error) error {
	for {
		if err := do(); !Changed(err) {
			return err
		}
	}
}

// TestP7IdsAreUsedOnce tries an id again, in every letter case, while its image
// lives, after the deletion and after the purge.
func TestP7IdsAreUsedOnce(t *testing.T) { newWorld(t).idsAreUsedOnce() }

func (w *world) idsAreUsedOnce() {
	t := w.t
	id := "AAAAAAAA-bbbb-4ccc-8ddd-EEEEEEEEEEEE"
	draft := raw()
	draft.ID = &id
	img := w.create(draft)
	if img.ID != id || w.mustGet(strings.ToLower(id)).ID != id {
		t.Fatal("an id is shown as it was given, and found in any case")
	}
	refused := func(when string) {
		t.Helper()
		for _, again := range []string{id, strings.ToLower(id), strings.ToUpper(id)} {
			d := raw()
			d.ID = &again
			if _, err := w.createAs(demo, d); !problem.Is(err, problem.Conflict) {
				t.Fatalf("%s: creating %s answers %v", when, again, err)
			}
		}
	}
	refused("live")
	if err := w.delete(img); err != nil {
		t.Fatal(err)
	}
	refused("deleted")
	w.advance(25 * time.Hour)
	w.sweep()
	refused("purged")
	left, err := w.service.read(t.Context(), id)
	if err != nil || left.Status != Purged || left.Name != nil || left.Owner != nil {
		t.Fatalf("of a purged image stays %+v, %v", left, err)
	}
	w.audit()
}

// TestP9AnyDelivery plays the changes of many images' lives to the reaper:
// doubled, late, and shuffled between images. The end is the same as that of a
// plain walk.
func TestP9AnyDelivery(t *testing.T) {
	for seed := range uint64(deliveries) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 9))
			w := worldOver(t, openPorts(t, true))
			w.service.Retention = 0
			ids := manyLives(w)
			w.advance(time.Hour)
			changes := allChanges(w)
			for range 3 {
				played := append(changes, changes[:random.IntN(len(changes))]...)
				random.Shuffle(len(played), func(i, j int) { played[i], played[j] = played[j], played[i] })
				if done, err := w.runner.React(t.Context(), played); err != nil || done != len(played) {
					t.Errorf("%d of %d changes were worked on: %v", done, len(played), err)
				}
				changes = append(changes, allChanges(w)...)
			}
			w.sweep()
			for id, want := range ids {
				img, err := w.service.read(t.Context(), id)
				if err != nil || img.Status != want {
					t.Errorf("image %s is %v (%v), not %s", id, img, err, want)
				}
			}
			w.audit()
		})
	}
}

// manyLives makes images in every state that leaves work, and tells what each
// must come to.
func manyLives(w *world) map[string]Status {
	ends := map[string]Status{}
	for range 5 {
		kept := w.active("kept")
		ends[kept.ID] = Active
		gone := w.active("gone")
		if err := w.delete(gone); err != nil {
			w.t.Fatal(err)
		}
		ends[gone.ID] = Purged
		stuck := w.create(raw())
		if _, err := w.service.beginUpload(w.t.Context(), demo, stuck, UploadRequest{}); err != nil {
			w.t.Fatal(err)
		}
		ends[stuck.ID] = Queued
		cut := w.create(raw())
		if _, err := w.service.beginUpload(w.t.Context(), demo, cut, UploadRequest{}); err != nil {
			w.t.Fatal(err)
		}
		if err := w.delete(w.mustGet(cut.ID)); err != nil {
			w.t.Fatal(err)
		}
		ends[cut.ID] = Purged
		ends[w.backAgain().ID] = Active
	}
	return ends
}

// backAgain makes an image that was deleted and restored: its purge is due, and
// must not happen.
func (w *world) backAgain() *Image {
	w.t.Helper()
	img, retention := w.active("back"), w.service.Retention
	w.service.Retention = time.Minute
	defer func() { w.service.Retention = retention }()
	if err := w.delete(img); err != nil {
		w.t.Fatal(err)
	}
	restored, err := w.restore(w.service, img.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return restored
}

// allChanges returns every change from the first on.
func allChanges(w *world) []table.Change {
	w.t.Helper()
	mark := table.Key{Partition: "audit#" + fmt.Sprint(rand.Uint64()), Sort: "mark"}
	if _, err := w.table.Transact(w.t.Context(), table.Write{Kind: table.Put, Key: mark, If: table.IfAbsent()}); err != nil {
		w.t.Fatal(err)
	}
	var all []table.Change
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	_ = w.feed.Changes(ctx, mark.Partition, func(_ context.Context, changes []table.Change) (int, error) {
		for _, c := range changes {
			if c.Key() == mark {
				stop()
			} else {
				all = append(all, c)
			}
		}
		return len(changes), nil
	})
	return all
}

// TestStaleEntriesDoNothing holds that an entry which no longer stands for anything
// is dropped and does nothing.
func TestStaleEntriesDoNothing(t *testing.T) {
	w := newWorld(t)
	img := w.active("data")
	stale := []due.Entry{
		due.New(PurgeKind, w.now(), strings.ToLower(img.ID), purged{Image: img.ID}),
		due.New(LeaseKind, w.now(), "gone", leased{Image: img.ID, Upload: "gone"}),
		due.New(PurgeKind, w.now(), "nobody", purged{Image: "22222222-2222-4333-8444-555555555555"}),
	}
	for _, e := range stale {
		if _, err := w.table.Transact(t.Context(), e.Put()); err != nil {
			t.Fatal(err)
		}
	}
	w.sweep()
	if w.read(w.mustGet(img.ID)) != "data" {
		t.Fatal("a stale entry cost an image its data")
	}
	items, err := w.table.Get(t.Context(), stale[0].Key(), stale[1].Key(), stale[2].Key())
	if err != nil || items[0] != nil || items[1] != nil || items[2] != nil {
		t.Fatalf("stale entries stay: %v, %v", items, err)
	}

	// Bytes that a record names are never removed as somebody's leavings.
	parts := partsEntry(w.now(), place{Image: img.ID, Store: "local", Name: img.Locations[0].Name})
	if _, err := w.table.Transact(t.Context(), parts.Put()); err != nil {
		t.Fatal(err)
	}
	if err := w.runner.Sweep(t.Context()); err == nil {
		t.Fatal("an entry that would cost an image its data is passed over in silence")
	}
	if w.read(w.mustGet(img.ID)) != "data" {
		t.Fatal("an entry of parts cost an image its data")
	}
}
