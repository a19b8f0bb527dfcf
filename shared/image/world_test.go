package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/task"
)

// ports are one mix of real adapters with nothing in them yet: the local one,
// or, with the tag cloud, the other.
type ports struct {
	table  table.Table
	feed   table.Feed       // what changed in the table; nil where nobody asks
	source imagetest.Source // the table, to be read whole
	blobs  blob.Store
}

// A world is a service over real adapters, with a clock that only the test
// moves.
type world struct {
	ports
	t       *testing.T
	service *Service
	runner  *due.Runner
	rules   *policy.Enforcer

	mu    sync.Mutex
	clock time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return worldOver(t, openPorts(t, false))
}

func worldOver(t *testing.T, p ports) *world {
	t.Helper()
	rules, err := policy.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ports: p, rules: rules, clock: time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)}
	w.use(w.table, w.blobs)
	return w
}

// use builds the service anew over the ports given, as a restart does.
func (w *world) use(tab table.Table, blobs blob.Store) {
	quiet := slog.New(slog.DiscardHandler)
	w.service = &Service{
		Table: tab, Stores: []Store{{ID: "local", Blobs: blobs}}, Limits: DefaultLimits(),
		Keys:      &key.Service{Table: tab, Delay: time.Hour, Log: quiet, Now: w.now, NewID: uuid.NewString},
		Retention: 24 * time.Hour, Lease: 10 * time.Minute, Log: quiet, Now: w.now, NewID: uuid.NewString, Pause: w.advance,
	}
	w.runner = &due.Runner{Table: tab, Handlers: w.service.Handlers(), Now: w.now, Log: quiet}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

var (
	demo  = caller.Caller{UserID: "user-demo", ProjectID: "demo", Roles: []string{"member", "reader"}, RequestID: "req-1"}
	other = caller.Caller{UserID: "user-other", ProjectID: "other", Roles: []string{"member", "reader"}, RequestID: "req-2"}
	admin = caller.Caller{UserID: "user-admin", ProjectID: "admin", Roles: []string{"admin", "manager", "member", "reader"}, RequestID: "req-3", Admin: true}
)

// grant asks the real rules.
func (w *world) grant(rule policy.Rule, c caller.Caller, img *Image) policy.Grant {
	w.t.Helper()
	g, err := w.rules.Authorize(rule, c, policy.Attributes{
		"project_id": *img.Owner, "owner": *img.Owner, "visibility": string(img.Visibility),
	})
	if err != nil {
		w.t.Fatalf("grant of %s: %v", rule, err)
	}
	return g
}

func (w *world) createAs(c caller.Caller, d Draft) (*Image, error) {
	w.t.Helper()
	target := &Image{Owner: &c.ProjectID, Visibility: d.Visibility}
	add := w.grant(policy.AddImage, c, target)
	var publish policy.Grant
	switch d.Visibility {
	case Public:
		publish = w.grant(policy.PublicizeImage, c, target)
	case Community:
		publish = w.grant(policy.CommunitizeImage, c, target)
	}
	return w.service.Create(w.t.Context(), add, publish, nil, c, d)
}

func raw() Draft {
	format, container, name := "raw", "bare", "an image"
	return Draft{Name: &name, DiskFormat: &format, ContainerFormat: &container}
}

func (w *world) create(d Draft) *Image {
	w.t.Helper()
	img, err := w.createAs(demo, d)
	if err != nil {
		w.t.Fatal(err)
	}
	return img
}

func (w *world) upload(img *Image, body io.Reader) error {
	w.t.Helper()
	return w.service.Upload(w.t.Context(), w.grant(policy.UploadImage, demo, img), demo, img, UploadRequest{Body: body})
}

func (w *world) active(data string) *Image {
	w.t.Helper()
	img := w.create(raw())
	if err := w.upload(img, bytes.NewReader([]byte(data))); err != nil {
		w.t.Fatal(err)
	}
	return w.mustGet(img.ID)
}

func (w *world) get(id string) (*Image, error) {
	return w.service.Get(w.t.Context(), demo, id)
}

func (w *world) mustGet(id string) *Image {
	w.t.Helper()
	img, err := w.get(id)
	if err != nil {
		w.t.Fatal(err)
	}
	return img
}

func (w *world) delete(img *Image) error {
	w.t.Helper()
	return w.service.Delete(w.t.Context(), w.grant(policy.DeleteImage, demo, img), demo, img)
}

func (w *world) read(img *Image) string {
	w.t.Helper()
	body, err := w.service.Download(w.t.Context(), w.grant(policy.DownloadImage, demo, img), img, 0, -1)
	if err != nil {
		w.t.Fatal(err)
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

func (w *world) sweep() {
	w.t.Helper()
	if err := w.runner.Sweep(w.t.Context()); err != nil {
		w.t.Fatalf("sweep: %v", err)
	}
}

func (w *world) wantStatus(id string, want Status) {
	w.t.Helper()
	if img := w.mustGet(id); img.Status != want {
		w.t.Fatalf("image %s is %s, not %s", id, img.Status, want)
	}
}

// audit holds everything stored against the records.
func (w *world) audit() {
	w.t.Helper()
	stored, err := imagetest.Read(context.Background(), w.source, map[string]blob.Store{"local": w.blobs})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, fault := range stored.Faults() {
		w.t.Error(fault)
	}
}

func (w *world) tasks(id string) []task.Task {
	w.t.Helper()
	tasks, err := task.OfImage(w.t.Context(), w.table, id, w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	return tasks
}

var errBroken = errors.New("the connection broke")

// brokenAfter gives n bytes and then fails.
func brokenAfter(n int64) io.Reader {
	return io.MultiReader(io.LimitReader(zeros{}, n), failing{})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

func describe(img *Image) string { return fmt.Sprintf("%s (%s)", img.ID, img.Status) }
