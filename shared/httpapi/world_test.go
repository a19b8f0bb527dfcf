package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/blob/file"
	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

// A world is the service over the real local adapters, spoken to by HTTP.
type world struct {
	t        testing.TB
	services *Services
	table    *bolt.Table
	blobs    *file.Store
	logs     *lockedBuffer
	handler  http.Handler
	server   *httptest.Server // started by the first call
}

func newWorld(t testing.TB) *world {
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
	rules, err := policy.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	logs := &lockedBuffer{}
	log := slog.New(slog.NewJSONHandler(logs, nil))
	w := &world{t: t, table: tab, blobs: blobs, logs: logs}
	w.services = &Services{
		Images: &image.Service{
			Table: tab, Stores: []image.Store{{ID: "local", Type: "file", Blobs: blobs}, {ID: "os_glance_tasks_store", Blobs: blobs}},
			Limits: image.DefaultLimits(), Retention: time.Hour, Lease: 10 * time.Minute,
			Log: slog.New(slog.DiscardHandler), Now: time.Now, NewID: uuid.NewString,
		},
		Policy: rules, Identity: wordTokens{}, Log: log, PublicEndpoint: "https://image.example/base",
		IdentityEndpoint: "https://identity.example/v3",
	}
	w.handler = Handler(All, w.services)
	return w
}

// wordTokens is an identity whose tokens say who they stand for:
// user:project:role,role.
type wordTokens struct{}

func (wordTokens) Authenticate(_ context.Context, token, service string) (caller.Caller, error) {
	if token == "unreachable" {
		return caller.Caller{}, problem.New(problem.Unavailable, "The identity service is not available. Try again.")
	}
	words := strings.Split(token, ":")
	if len(words) != 3 {
		return caller.Caller{}, problem.New(problem.Unauthorized, "")
	}
	c := caller.Caller{UserID: words[0], ProjectID: words[1], Roles: strings.Split(words[2], ","), IsAdminProject: true}
	if service != "" {
		c.Service = caller.Service{UserID: service, Roles: []string{"service"}}
	}
	return c, nil
}

// tokens of the people in these tests.
var tokens = map[string]string{
	"member":  "mia:demo:member,reader",
	"reader":  "rob:demo:reader",
	"admin":   "ada:admin:admin,manager,member,reader",
	"other":   "otto:other:member,reader",
	"service": "svc:service:service,member,reader",
	"nobody":  "norole:demo:nothing",
}

type option func(*http.Request)

func as(who string) option {
	token, ok := tokens[who]
	if !ok {
		panic("nobody is called " + who)
	}
	return header("X-Auth-Token", token)
}

func header(name, value string) option {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = []string{value} }
}

func without(name string) option { return func(r *http.Request) { r.Header.Del(name) } }

func body(text string) option {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		if text == "" {
			r.Body = http.NoBody // else the client sends it in chunks
		}
	}
}

func chunked(text string) option {
	return func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(text))
		r.ContentLength = -1
	}
}

func octets(text string) option {
	return func(r *http.Request) {
		body(text)(r)
		r.Header.Set("Content-Type", octetStream)
	}
}

var asJSON = header("Accept", "application/json")

// call makes one request, as the member unless an option says otherwise.
func (w *world) call(line string, options ...option) *answer {
	w.t.Helper()
	if w.server == nil {
		w.server = httptest.NewServer(w.handler)
		w.t.Cleanup(w.server.Close)
	}
	method, path, _ := strings.Cut(line, " ")
	r, err := http.NewRequest(method, w.server.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	as("member")(r)
	for _, o := range options {
		o(r)
	}
	client := &http.Client{
		Transport:     w.server.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(r)
	if err != nil {
		w.t.Fatalf("%s: %v", line, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatalf("%s: %v", line, err)
	}
	return &answer{t: w.t, line: line, status: response.StatusCode, header: response.Header, body: content}
}

// refused makes a request that must change nothing that is stored.
func (w *world) refused(line string, options ...option) *answer {
	w.t.Helper()
	before := w.stored()
	got := w.call(line, options...)
	if after := w.stored(); !reflect.DeepEqual(before, after) {
		w.t.Errorf("%s: answered %d, and changed what is stored:\nbefore %v\nafter  %v", line, got.status, before.Items, after.Items)
	}
	return got
}

func (w *world) stored() *imagetest.World {
	w.t.Helper()
	stored, err := imagetest.Read(w.t.Context(), w.table, map[string]blob.Store{"local": w.blobs})
	if err != nil {
		w.t.Fatal(err)
	}
	return stored
}

// made creates an image, and returns its id.
func (w *world) made(properties string, options ...option) string {
	w.t.Helper()
	var shown struct{ ID string }
	w.call("POST /v2/images", append([]option{body(properties)}, options...)...).want(201).into(&shown)
	return shown.ID
}

const bootable = `{"disk_format":"raw","container_format":"bare"}`

// filled creates an image with data.
func (w *world) filled(data string) string {
	w.t.Helper()
	id := w.made(bootable)
	w.call("PUT /v2/images/"+id+"/file", octets(data)).want(204)
	return id
}

// lines returns the access lines so far.
func (w *world) lines() []map[string]any {
	w.t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(w.logs.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			w.t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// An answer is what came back, with what a test says of it.
type answer struct {
	t      testing.TB
	line   string
	status int
	header http.Header
	body   []byte
}

func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("%s: answered %d, want %d\n%s", a.line, a.status, status, a.body)
	}
	return a
}

func (a *answer) says(sentence string) *answer {
	a.t.Helper()
	if !strings.Contains(string(a.body), sentence) {
		a.t.Errorf("%s: %d, does not say %q\n%s", a.line, a.status, sentence, a.body)
	}
	return a
}

func (a *answer) has(name, value string) *answer {
	a.t.Helper()
	if got := strings.Join(a.header.Values(name), "|"); got != value {
		a.t.Errorf("%s: %d, header %s is %q, want %q", a.line, a.status, name, got, value)
	}
	return a
}

func (a *answer) is(text string) *answer {
	a.t.Helper()
	if string(a.body) != text {
		a.t.Errorf("%s: body is\n%q, want\n%q", a.line, a.body, text)
	}
	return a
}

func (a *answer) into(v any) *answer {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Errorf("%s: %d %s: %v", a.line, a.status, a.body, err)
	}
	return a
}

// fields decodes the answer as one JSON object.
func (a *answer) fields() map[string]any {
	a.t.Helper()
	fields := map[string]any{}
	a.into(&fields)
	return fields
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// contending is a table in which somebody else writes to the same record just
// before each of times writes, of which the first few are spared.
type contending struct {
	table.Table
	spared, times int
	meet          func() // called with each that is not
}

func (c *contending) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if c.spared > 0 {
		c.spared--
		return c.Table.Transact(ctx, writes...)
	}
	if c.times > 0 && writes[0].Kind == table.Put {
		c.times--
		if c.meet != nil {
			c.meet()
		}
		items, err := c.Get(ctx, writes[0].Key)
		if err != nil || items[0] == nil {
			return table.Outcome{}, fmt.Errorf("nothing to contend for: %w", err)
		}
		same := table.Write{
			Kind: table.Put, Key: items[0].Key, Schema: items[0].Schema, Body: items[0].Body,
			If: table.IfRevision(items[0].Revision),
		}
		if outcome, err := c.Table.Transact(ctx, same); err != nil || !outcome.OK() {
			return outcome, fmt.Errorf("contending failed: %w", err)
		}
	}
	return c.Table.Transact(ctx, writes...)
}
