package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/blob/file"
	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/memory"
)

// A story is a service over real local adapters whose consumers the test runs by hand.
// Its clock stands but for when the test moves it, and its ids are counted, so that two
// stories are the same to the letter.
type story struct {
	*testing.T
	*services
	tab   *bolt.Table
	blobs *file.Store
	vault *memory.Vault
	down  error // of the vault, while it is set
	clock time.Time
	ids   int
}

var storyStart = time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)

func newStory(t *testing.T) *story {
	t.Helper()
	dir := t.TempDir()
	tab, err := bolt.Open(filepath.Join(dir, "table.db"), bolt.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tab.Close() })
	blobs, err := file.Open(filepath.Join(dir, "images"), file.NoSync())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	st := &story{T: t, tab: tab, blobs: blobs, clock: storyStart}
	st.vault = memory.New(st.now)
	st.restart()
	return st
}

func (st *story) now() time.Time { return st.clock }

// restart builds the service anew over what is stored.
func (st *story) restart() {
	st.Helper()
	rules, err := policy.New(nil)
	if err != nil {
		st.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	newID := func() string {
		st.ids++
		return fmt.Sprintf("00000000-0000-4000-8000-%012d", st.ids)
	}
	keys := &key.Service{
		Table: st.tab, Vault: failing{st.vault, st}, Window: 30 * 24 * time.Hour, Log: quiet, Now: st.now, NewID: newID,
	}
	images := &image.Service{
		Table: st.tab, Keys: keys, Stores: []image.Store{{ID: "local", Blobs: st.blobs}}, Limits: image.DefaultLimits(),
		Lease: 10 * time.Minute, Log: quiet, Now: st.now, NewID: newID, Pause: func(time.Duration) {},
	}
	handlers := images.Handlers()
	maps.Copy(handlers, keys.Handlers())
	st.services = &services{
		api:    &httpapi.Services{Images: images, Keys: keys, Policy: rules, Identity: anybody{}, Log: quiet},
		runner: &due.Runner{Table: st.tab, Handlers: handlers, Now: st.now, Log: quiet}, table: st.tab, log: quiet,
	}
	st.keepLetters()
}

// anybody lets everybody in, as a member of the project demo or as an admin.
type anybody struct{}

// Authenticate implements httpapi.Authenticator.
func (anybody) Authenticate(_ context.Context, shown identity.Credentials) (caller.Caller, error) {
	return caller.Caller{UserID: "user", ProjectID: "demo", Roles: strings.Split(shown.Token, ",")}, nil
}

// A failing vault is out of reach while its story says so.
type failing struct {
	vault.Vault
	story *story
}

// Describe implements vault.Vault.
func (f failing) Describe(ctx context.Context, n vault.Name) (vault.Secret, error) {
	if f.story.down != nil {
		return vault.Secret{}, f.story.down
	}
	return f.Vault.Describe(ctx, n)
}

func (st *story) call(roles, line string, body io.Reader, status int) string {
	st.Helper()
	method, path, _ := strings.Cut(line, " ")
	r := httptest.NewRequestWithContext(st.Context(), method, path, body)
	r.Header.Set("X-Auth-Token", roles)
	r.Header.Set("X-Openstack-Request-Id", "req-1")
	r.Header.Set("Content-Type", "application/json")
	if strings.HasSuffix(path, "/file") {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	w := httptest.NewRecorder()
	httpapi.Handler(httpapi.All, st.api).ServeHTTP(w, r)
	if w.Code != status {
		st.Errorf("%s: %d %s", line, w.Code, w.Body)
	}
	return w.Body.String()
}

const member = "member,reader"

func id(n int) string { return fmt.Sprintf("10000000-0000-4000-8000-%012d", n) }

func (st *story) image(n, key int, deletion string) string {
	st.Helper()
	text := fmt.Sprintf(`{"id":%q,"name":"i-%d","disk_format":"raw","container_format":"bare"`, id(n), n)
	if key > 0 {
		text += fmt.Sprintf(`,"cinder_encryption_key_id":%q,"cinder_encryption_key_deletion_policy":%q`, id(key), deletion)
	}
	st.call(member, "POST /v2/images", strings.NewReader(text+"}"), 201)
	return "/v2/images/" + id(n)
}

// tell plays lives of images and keys that leave work of every kind, of which nothing
// is done yet.
func (st *story) tell() {
	st.Helper()
	for n := 101; n <= 105; n++ {
		if _, err := st.api.Keys.Create(st.Context(), key.New{ID: id(n), Owner: "demo", Creator: "user", Value: []byte{byte(n)}}); err != nil {
			st.Fatal(err)
		}
	}
	const gone = "on_image_deletion"
	alone, kept := st.image(1, 101, gone), st.image(2, 102, gone)
	first, second := st.image(3, 103, gone), st.image(4, 103, gone)
	keeps, plain, empty, member1 := st.image(5, 104, "do_not_delete"), st.image(6, 0, ""), st.image(7, 0, ""), st.image(8, 105, gone)
	for _, i := range []string{alone, kept, first, second, keeps, plain} {
		st.call(member, "PUT "+i+"/file", strings.NewReader("bytes of "+i), 204)
	}
	st.call(member, "POST "+plain+"/members", strings.NewReader(`{"member":"other"}`), 200)
	broken := io.MultiReader(strings.NewReader("half"), failingReader{})
	st.call(member, "PUT "+empty+"/file", broken, 500) // a recorder has no connection to break
	for _, i := range []string{alone, first, second, keeps, plain, member1} {
		st.call(member, "DELETE "+i, nil, 204)
	}
	st.clock = st.clock.Add(time.Hour)
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// An outcome is all that is stored, but for what is new with every write.
type outcome struct {
	Items   map[string]any
	Objects []string
	Secrets []memory.Secret
}

// forget leaves out of a document what is new with every write, or with every upload.
func forget(document map[string]any) {
	for name, v := range document {
		switch inner := v.(type) {
		case map[string]any:
			forget(inner)
		case []any:
			for _, one := range inner {
				if m, ok := one.(map[string]any); ok {
					forget(m)
				}
			}
		}
		if name == "change" || name == "born" || name == "version" {
			delete(document, name)
		}
	}
}

func (st *story) ending() outcome {
	st.Helper()
	world, err := imagetest.Read(st.Context(), st.tab, map[string]blob.Store{"local": st.blobs})
	if err != nil {
		st.Fatal(err)
	}
	for _, fault := range world.Faults() {
		st.Error(fault)
	}
	e := outcome{Items: map[string]any{}, Secrets: st.vault.Snapshot().Secrets}
	for at, item := range world.Items {
		var body map[string]any
		if json.Unmarshal(item.Body, &body) != nil {
			body = map[string]any{"": string(item.Body)} // an entry of a list
		}
		if at.Partition == "deployment" && !strings.HasPrefix(at.Sort, "dead#") {
			continue // the sweeper's own rounds
		}
		forget(body)
		e.Items[at.Partition+" "+at.Sort] = map[string]any{"body": body, "counters": item.Counters, "schema": item.Schema}
	}
	for _, o := range world.Objects["local"] {
		e.Objects = append(e.Objects, o.Name)
	}
	slices.Sort(e.Objects)
	return e
}

// collect returns the changes since it was called last.
func (st *story) collect() []table.Change {
	st.Helper()
	p, err := st.tab.Position(st.Context(), "collector")
	if err != nil {
		st.Fatal(err)
	}
	if p.Behind == 0 {
		return nil
	}
	var all []table.Change
	enough := errors.New("enough")
	err = st.tab.Changes(st.Context(), "collector", func(_ context.Context, changes []table.Change) (int, error) {
		if all = append(all, changes...); int64(len(all)) >= p.Behind {
			return len(changes), enough
		}
		return len(changes), nil
	})
	if !errors.Is(err, enough) {
		st.Fatal(err)
	}
	return all
}

// deliver hands changes over, and those that they lead to, until there are none.
func (st *story) deliver(hand func([]table.Change)) (all []table.Change) {
	st.Helper()
	for {
		changes := st.collect()
		if len(changes) == 0 {
			return all
		}
		all = append(all, changes...)
		hand(changes)
	}
}

func (st *story) react(changes []table.Change) {
	st.Helper()
	if done, err := st.runner.React(st.Context(), changes); err != nil || done != len(changes) {
		st.Errorf("%d of %d changes were worked on: %v", done, len(changes), err)
	}
}

// reap hands the changes over as a stream's mapping would.
func (st *story) reap(changes []table.Change) {
	st.Helper()
	payload := asEvent(st.T, changes)
	if payload == nil {
		return
	}
	answer, err := reap(st.Context(), st.services, payload)
	if report, _ := answer.(batchFailures); err != nil || len(report.Items) != 0 {
		st.Errorf("%v, %v", answer, err)
	}
}

// asEvent is the event of what passes the mapping's filter; nil where nothing does.
func asEvent(t *testing.T, changes []table.Change) []byte {
	t.Helper()
	type object = map[string]any
	var records []object
	for _, c := range changes {
		if c.New == nil || !strings.HasPrefix(c.New.Partition, "due#") {
			continue
		}
		records = append(records, object{"eventSource": "aws:dynamodb", "eventName": "INSERT", "dynamodb": object{
			"SequenceNumber": strings.TrimLeft(c.Sequence, "0"), "NewImage": object{
				"pk": object{"S": c.New.Partition}, "sk": object{"S": c.New.Sort}, "rev": object{"N": fmt.Sprint(c.New.Revision)},
				"v": object{"N": fmt.Sprint(c.New.Schema)}, "d": object{"B": c.New.Body},
			},
		}})
	}
	if records == nil {
		return nil
	}
	payload, err := json.Marshal(object{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func (st *story) sweepOften() {
	st.Helper()
	for range 4 { // what one makes due, the next does
		if err := st.sweepAll(st.Context()); err != nil {
			st.Error(err)
		}
	}
}

// reversed turns a batch around.
func reversed(changes []table.Change) []table.Change {
	changes = slices.Clone(changes)
	slices.Reverse(changes)
	return changes
}

// TestP9EveryDeliveryEndsTheSame: the sweeper alone, the changes alone, once or twice, in
// whatever order, from the beginning after a restart, by the table's own feed and as
// events of a function, come to the same table, bytes and vault.
func TestP9EveryDeliveryEndsTheSame(t *testing.T) {
	reference := newStory(t)
	reference.tell()
	undone := reference.ending()
	reference.sweepOften()
	want := reference.ending()
	if gocmp.Equal(undone, want) {
		t.Fatal("the story leaves nothing to do")
	}
	states := map[key.State]int{}
	for n := 101; n <= 105; n++ {
		r, err := reference.api.Keys.Find(t.Context(), id(n))
		if err != nil || r == nil {
			t.Fatal(r, err)
		}
		states[r.State]++
	}
	if states[key.Scheduled] != 3 || states[key.Live] != 2 || len(want.Objects) != 1 {
		t.Errorf("in the end keys are %v, with the objects %v", states, want.Objects)
	}
	for name, run := range map[string]func(*story){
		"feed": func(st *story) { st.followAll() },
		"feed, then sweeper": func(st *story) {
			st.followAll()
			st.sweepOften()
		},
		"changes": func(st *story) { st.deliver(st.react) },
		"twice":   func(st *story) { st.deliver(func(c []table.Change) { st.react(append(slices.Clone(c), c...)) }) },
		"reverse": func(st *story) { st.deliver(func(c []table.Change) { st.react(reversed(c)) }) },
		"again after a restart": func(st *story) {
			all := st.deliver(st.react)
			st.restart()
			st.react(all)
			st.deliver(st.react)
		},
		"after a restart half-way": func(st *story) {
			half := st.collect()
			st.react(half[:len(half)/2])
			st.restart()
			st.react(half)
			st.deliver(st.react)
		},
		"events":         func(st *story) { st.deliver(st.reap) },
		"events twice":   func(st *story) { st.deliver(func(c []table.Change) { st.reap(append(slices.Clone(c), c...)) }) },
		"events reverse": func(st *story) { st.deliver(func(c []table.Change) { st.reap(reversed(c)) }) },
		"late":           func(st *story) { late(st) },
	} {
		t.Run(name, func(t *testing.T) {
			st := newStory(t)
			st.tell()
			run(st)
			if diff := gocmp.Diff(want, st.ending()); diff != "" {
				t.Errorf("(-sweeper alone +this way):\n%s", diff)
			}
		})
	}
}

// late delivers everything after the sweeper has done it all.
func late(st *story) {
	st.sweepOften()
	st.deliver(st.react)
}

// followAll lets the reaper of the standalone service follow the table's own feed until
// it has caught up.
func (st *story) followAll() {
	st.Helper()
	ctx, cancel := context.WithCancel(st.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		st.follow(ctx, time.Minute)
	}()
	st.eventually("the reaper has caught up", func() bool {
		p, err := st.tab.Position(st.Context(), Reaper.Name)
		return err == nil && p.Behind == 0
	})
	cancel()
	<-ended
}

func (st *story) eventually(what string, so func() bool) {
	st.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			st.Fatalf("in vain: %s", what)
		}
	}
}
