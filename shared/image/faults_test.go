package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// A breaker fails one write of a run, counted over table and store together,
// in one of three ways.
type breaker struct {
	mu   sync.Mutex
	at   int // which write; 0: none
	how  breakage
	seen int
	dead bool

	hitTable bool // the broken write was the table's
}

type breakage int

const (
	lostBefore breakage = iota // it did not happen, and the answer is "unknown"
	lostAfter                  // it happened, and the answer is "unknown"
	diedBefore                 // it did not happen, and the process is gone
	diedAfter                  // it happened, and the process is gone
)

// deadly reports whether the process does not survive it.
func (b breakage) deadly() bool { return b == diedBefore || b == diedAfter }

func (b breakage) String() string {
	return [...]string{"lost before", "lost after", "died before", "died after"}[b]
}

var errDead = errors.New("the process is gone")

// write runs do under the breaker's rule.
func (b *breaker) write(unknown error, do func() error) error {
	b.mu.Lock()
	if b.dead {
		b.mu.Unlock()
		return errDead
	}
	b.seen++
	hit := b.seen == b.at
	how := b.how
	if hit {
		b.dead = how.deadly()
		b.hitTable = errors.Is(unknown, table.ErrUnknown)
	}
	b.mu.Unlock()
	if !hit {
		return do()
	}
	if how == lostAfter || how == diedAfter {
		if err := do(); err != nil {
			return err
		}
	}
	if how.deadly() {
		return errDead
	}
	return unknown
}

func (b *breaker) gone() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dead
}

type brokenTable struct {
	table.Table
	*breaker
}

func (t brokenTable) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	if t.gone() {
		return nil, errDead
	}
	return t.Table.Get(ctx, keys...)
}

func (t brokenTable) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if t.gone() {
		return table.Page{}, errDead
	}
	return t.Table.Query(ctx, q)
}

func (t brokenTable) Transact(ctx context.Context, writes ...table.Write) (outcome table.Outcome, err error) {
	err = t.write(table.ErrUnknown, func() error {
		outcome, err = t.Table.Transact(ctx, writes...)
		return err
	})
	if err != nil {
		outcome = table.Outcome{}
	}
	return outcome, err
}

type brokenStore struct {
	blob.Store
	*breaker
}

func (s brokenStore) Create(ctx context.Context, name string) (blob.Writer, error) {
	var w blob.Writer
	err := s.write(blob.ErrBusy, func() (err error) { w, err = s.Store.Create(ctx, name); return err })
	if err != nil {
		return nil, err
	}
	return brokenWriter{w, s.breaker}, nil
}

func (s brokenStore) Delete(ctx context.Context, name, version string) error {
	return s.write(blob.ErrBusy, func() error { return s.Store.Delete(ctx, name, version) })
}

func (s brokenStore) Discard(ctx context.Context, name string) error {
	return s.write(blob.ErrBusy, func() error { return s.Store.Discard(ctx, name) })
}

type brokenWriter struct {
	blob.Writer
	*breaker
}

func (w brokenWriter) Write(p []byte) (n int, err error) {
	err = w.write(blob.ErrBusy, func() error { n, err = w.Writer.Write(p); return err })
	return n, err
}

func (w brokenWriter) Commit(ctx context.Context) (o blob.Object, err error) {
	err = w.write(errors.New("the store did not answer"), func() error { o, err = w.Writer.Commit(ctx); return err })
	return o, err
}

func (w brokenWriter) Abort(ctx context.Context) error {
	return w.write(blob.ErrBusy, func() error { return w.Writer.Abort(ctx) })
}

// acknowledged is what the callers of one image's life were told.
type acknowledged struct {
	created, updated, uploaded, tagged, deactivated, deleted bool
}

const lifeID = "11111111-2222-4333-8444-555555555555"

// live runs one image's whole life as far as it goes.
func live(w *world) acknowledged {
	var told acknowledged
	draft := raw()
	id := lifeID
	draft.ID = &id
	img, err := w.createAs(demo, draft)
	if told.created = err == nil; !told.created {
		return told
	}
	img, err = w.update(demo, img, naming("name", "renamed"), adding("a", "property"))
	if told.updated = err == nil; !told.updated {
		return told
	}
	if err = w.upload(img, strings.NewReader("the very bytes")); err != nil {
		return told
	}
	told.uploaded = true
	for _, step := range []struct {
		told *bool
		do   func(*Image) error
	}{
		{&told.tagged, func(img *Image) error {
			return w.service.AddTag(w.t.Context(), w.grant(policy.ModifyImage, demo, img), demo, img, "tag")
		}},
		{&told.deactivated, func(img *Image) error {
			return w.service.Deactivate(w.t.Context(), w.grant(policy.Deactivate, demo, img), demo, img)
		}},
	} {
		if img, err = w.get(id); err != nil {
			return told
		}
		if err = step.do(img); err != nil {
			return told
		}
		*step.told = true
	}
	if img, err = w.get(id); err != nil {
		return told
	}
	if err := w.delete(img); err != nil {
		return told
	}
	told.deleted = true
	w.advance(25 * time.Hour)
	_ = w.runner.Sweep(context.Background()) // what it cannot do is done after the restart
	return told
}

// TestEveryWriteBroken breaks every write of an image's life once, so that it
// did not happen and so that it happened, with the process living on and with
// the process gone. What was acknowledged holds, and once all that is due was
// done nothing is left over.
func TestEveryWriteBroken(t *testing.T) {
	for _, how := range []breakage{lostBefore, lostAfter, diedBefore, diedAfter} {
		for at, more := 1, true; more; at++ {
			t.Run(fmt.Sprintf("%s/write=%d", how, at), func(t *testing.T) {
				w := newWorld(t)
				b := &breaker{at: at, how: how}
				w.use(brokenTable{w.table, b}, brokenStore{w.blobs, b})
				told := live(w)
				more = b.seen >= at
				if b.hitTable && !how.deadly() && told != (acknowledged{true, true, true, true, true, true}) {
					t.Errorf("with one answer of the table lost, the callers were told %+v", told)
				}
				w.use(w.table, w.blobs)
				w.blobsRestart(how)
				w.wantTold(told)
				w.advance(w.service.Lease + time.Second)
				w.sweep()
				w.sweep() // what the first one made due
				w.wantTold(told)
				w.wantSettled()
				w.audit()
			})
		}
	}
}

// blobsRestart does for the store what the start of a process does.
func (w *world) blobsRestart(how breakage) {
	if !how.deadly() {
		return
	}
	var left []string
	_ = w.blobs.Walk(w.t.Context(), "", func(o blob.Object) error {
		if o.Unfinished {
			left = append(left, o.Name)
		}
		return nil
	})
	for _, name := range left {
		if err := w.blobs.Discard(w.t.Context(), name); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) wantTold(told acknowledged) {
	w.t.Helper()
	img, err := w.get(lifeID)
	switch {
	case told.deleted:
		if !problem.Is(err, problem.NotFound) {
			w.t.Fatalf("a deleted image answers %v", err)
		}
	case told.uploaded:
		if err == nil && (img.Status != Active && img.Status != Deactivated || w.read(img) != "the very bytes") {
			w.t.Fatalf("an uploaded image is %s", describe(img))
		}
		if err == nil && (told.tagged && !slices.Contains(img.Tags, "tag") || told.deactivated && img.Status != Deactivated) {
			w.t.Fatalf("a tagged, deactivated image is %s, tagged %q", describe(img), img.Tags)
		}
		fallthrough
	case told.updated:
		if err == nil && (deref(img.Name) != "renamed" || img.Properties["a"] != "property") {
			w.t.Fatalf("an image is called %s and has %v; it was updated", deref(img.Name), img.Properties)
		}
	case told.created && err != nil:
		w.t.Fatalf("a created image answers %v", err)
	}
}

// wantSettled holds that no passing state outlived its lease.
func (w *world) wantSettled() {
	w.t.Helper()
	if img, err := w.get(lifeID); err == nil && img.Status != Queued && img.Status != Active && img.Status != Deactivated {
		w.t.Fatalf("after its lease the image is %s", describe(img))
	}
}

// An outage is a table that goes away right after the first transaction that
// makes an image active, and is back after the first read past a deadline.
type outage struct {
	table.Table
	now      func() time.Time
	deadline time.Time
	out      bool
}

func (o *outage) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if o.out {
		return table.Outcome{}, table.ErrUnknown
	}
	outcome, err := o.Table.Transact(ctx, writes...)
	if strings.Contains(string(writes[0].Body), `"status":"active"`) {
		o.out = true
		return table.Outcome{}, table.ErrUnknown
	}
	return outcome, err
}

func (o *outage) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	if o.out {
		o.out = o.now().Before(o.deadline)
		return nil, table.ErrBusy
	}
	return o.Table.Get(ctx, keys...)
}

// TestLandedUploadKeepsItsBytes loses the answer that made an image active, and
// the table with it, for longer than the lease. The upload must not remove the
// bytes that the record names.
func TestLandedUploadKeepsItsBytes(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	w.use(&outage{Table: w.table, now: w.now, deadline: w.now().Add(w.service.Lease)}, w.blobs)
	if err := w.upload(img, strings.NewReader("the very bytes")); err != nil {
		t.Fatalf("an upload that landed answers %v", err)
	}
	w.use(w.table, w.blobs)
	w.advance(time.Hour)
	w.sweep()
	if now := w.mustGet(img.ID); now.Status != Active || w.read(now) != "the very bytes" {
		t.Fatalf("the image is %s", describe(now))
	}
	w.audit()
}

// TestUploadFailures holds that an upload which fails leaves a queued image, no
// bytes, and a task with the reason, and that the next upload succeeds.
func TestUploadFailures(t *testing.T) {
	size := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		name    string
		request UploadRequest
		cap     int64
		code    problem.Code
		reason  string
	}{
		{"client gone", UploadRequest{Body: brokenAfter(3 << 20)}, 1 << 40, problem.Internal, "The data stopped coming after 3145728 bytes."},
		{"client gone at once", UploadRequest{Body: failing{}}, 1 << 40, problem.Internal, "The data stopped coming after 0 bytes."},
		{"over the cap", UploadRequest{Body: io.LimitReader(zeros{}, 2<<20)}, 1 << 20, problem.TooLarge, "Image exceeds the maximum size of 1048576 bytes"},
		{"shorter than declared", UploadRequest{Body: strings.NewReader("12"), Size: size(3), Exact: true}, 1 << 40, problem.Invalid, "The size of the data differs from the declared size of 3 bytes."},
		{"longer than declared", UploadRequest{Body: strings.NewReader("1234"), Size: size(3), Exact: true}, 1 << 40, problem.Invalid, "The size of the data differs from the declared size of 3 bytes."},
		{"declared zero", UploadRequest{Body: strings.NewReader("1234"), Size: size(0), Exact: true}, 1 << 40, problem.Invalid, "The size of the data differs from the declared size of 0 bytes."},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.service.Limits.SizeCap = c.cap
			img := w.create(raw())
			err := w.service.Upload(t.Context(), w.grant("upload_image", demo, img), demo, img, c.request)
			if err == nil || problem.CodeOf(err) != c.code {
				t.Fatalf("answer %v, not code %d", err, c.code)
			}
			now := w.mustGet(img.ID)
			if now.Status != Queued || now.Size != nil || now.Checksum != nil || now.HashValue != nil || now.HasData() {
				t.Fatalf("after a failed upload the image is %+v", now)
			}
			if tasks := w.tasks(img.ID); len(tasks) != 1 || tasks[0].Message != c.reason || tasks[0].Status != "failure" {
				t.Fatalf("tasks %+v, not one with reason %q", tasks, c.reason)
			}
			w.audit()
			if err := w.upload(now, strings.NewReader("x")); err != nil {
				t.Fatalf("the next upload: %v", err)
			}
			w.audit()
		})
	}
}

// TestUploadRefused holds that an upload which may not begin changes nothing.
func TestUploadRefused(t *testing.T) {
	w := newWorld(t)
	active := w.active("data")
	bare := w.create(Draft{})
	plain := w.create(raw())
	large := int64(1<<40 + 1)
	for _, c := range []struct {
		name    string
		img     *Image
		request UploadRequest
		code    problem.Code
	}{
		{"not queued", active, UploadRequest{Body: strings.NewReader("x")}, problem.Conflict},
		{"formats not set", bare, UploadRequest{Body: strings.NewReader("x")}, problem.Invalid},
		{"declared beyond the cap", plain, UploadRequest{Body: strings.NewReader("x"), Size: &large}, problem.TooLarge},
		{"unknown store", plain, UploadRequest{Body: strings.NewReader("x"), Store: "nowhere"}, problem.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.mustGet(c.img.ID)
			err := w.service.Upload(t.Context(), w.grant("upload_image", demo, c.img), demo, c.img, c.request)
			if problem.CodeOf(err) != c.code {
				t.Fatalf("answer %v, not code %d", err, c.code)
			}
			if after := w.mustGet(c.img.ID); after.Revision != before.Revision {
				t.Fatalf("revision %d became %d", before.Revision, after.Revision)
			}
		})
	}
	w.audit()
}

// slowly is a body of which each piece takes some seconds.
type slowly struct {
	w    *world
	left int
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	s.left--
	s.w.advance(3 * time.Second)
	p[0] = 'x'
	return 1, nil
}

// TestUploadTellsItsProgress holds that a running upload logs how far it came,
// every five seconds and not more often, under the id of its request.
func TestUploadTellsItsProgress(t *testing.T) {
	w := newWorld(t)
	var log bytes.Buffer
	w.service.Log = slog.New(slog.NewTextHandler(&log, nil))
	if err := w.upload(w.create(raw()), &slowly{w: w, left: 8}); err != nil { // 24 seconds
		t.Fatal(err)
	}
	var told []string
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "upload runs") && strings.Contains(line, "request_id=req-1") {
			_, bytes, _ := strings.Cut(strings.TrimSpace(line), " bytes=")
			told = append(told, bytes)
		}
	}
	if want := []string{"2", "4", "6", "8"}; !slices.Equal(told, want) {
		t.Fatalf("progress %v, not %v, in\n%s", told, want, log.String())
	}
}
