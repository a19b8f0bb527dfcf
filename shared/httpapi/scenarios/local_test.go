//go:build !cloud

package scenarios

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/blob/file"
	"github.com/gander-images/gander/shared/deadletter"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/identity/development"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/protect"
	"github.com/gander-images/gander/shared/table/bolt"
	"github.com/gander-images/gander/shared/vault/memory"
)

// openMix starts the service within this process, over the local adapters.
func openMix(t testing.TB, settings []string) *mix {
	t.Helper()
	w := newInside(t)
	for _, s := range settings {
		w.set(s)
	}
	return w.mix
}

// An inside is a world whose parts are at hand.
type inside struct {
	*world
	services *httpapi.Services
	handler  http.Handler
	logs     *lockedBuffer
	server   *httptest.Server
	format   protect.Format // of property protections
	vault    *memory.Vault
}

// newInside starts a service over the real local adapters.
func newInside(t testing.TB) *inside {
	t.Helper()
	tab, blobs := openLocal(t)
	all, err := issued()
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := development.NewVerifier(all.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := policy.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &inside{logs: &lockedBuffer{}, format: protect.Roles, vault: memory.New(nil)}
	log := slog.New(slog.NewJSONHandler(w.logs, nil))
	keys := &key.Service{
		Table: tab, Vault: w.vault, Delay: time.Hour, Window: 30 * 24 * time.Hour, Log: log, Now: time.Now, NewID: uuid.NewString,
	}
	w.services = &httpapi.Services{
		Images: &image.Service{
			Table: tab, Keys: keys, Stores: []image.Store{{ID: "local", Type: "file", Blobs: blobs}, {ID: "os_glance_tasks_store", Blobs: blobs}},
			Limits: image.DefaultLimits(), Retention: time.Hour, Lease: 10 * time.Minute,
			Log: slog.New(slog.DiscardHandler), Now: time.Now, NewID: uuid.NewString, Pause: time.Sleep,
			NotInherited: []string{"cache_in_nova", "bittorrent"},
		},
		Keys: keys, Policy: rules, Identity: identity.New(verifier, identity.Options{}), Log: log,
		PublicEndpoint: publicEndpoint, Version: "test",
	}
	images := w.services.Images
	w.services.Lag = (&due.Runner{Table: tab, Handlers: w.due(), Now: images.Now, Log: images.Log}).Lag
	w.handler = httpapi.Handler(httpapi.All, w.services)
	w.server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(out, r) }))
	t.Cleanup(w.server.Close)
	at, err := url.Parse(w.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{
		Transport:     w.server.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	w.world = &world{t: t, mix: &mix{
		url: at, client: client, store: "local", table: tab, source: tab, blobs: blobs, logged: w.logs.String, sweep: w.sweep,
	}}
	return w
}

func openLocal(t testing.TB) (*bolt.Table, *file.Store) {
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
	return tab, blobs
}

func (w *inside) sweep() error { return w.sweepAt(time.Now) }

// sweepAt does what is due by a clock.
func (w *inside) sweepAt(now func() time.Time) error {
	images := w.services.Images
	runner := due.Runner{Table: images.Table, Handlers: w.due(), Now: now, Log: images.Log}
	letters := &deadletter.Box{Table: images.Table, Now: now, Log: images.Log}
	again := runner
	runner.Handlers = maps.Clone(runner.Handlers)
	runner.Handlers[deadletter.RetryKind] = letters.Handler(&again)
	ctx := context.Background()
	return errors.Join(runner.Sweep(ctx), letters.Tidy(ctx), w.services.Keys.Round(ctx))
}

// due are the handlers of all that happens later.
func (w *inside) due() map[string]due.Handler {
	all := w.services.Images.Handlers()
	maps.Copy(all, w.services.Keys.Handlers())
	return all
}

// set does what the start of a function would do with a setting.
func (w *inside) set(setting string) {
	w.t.Helper()
	name, value, _ := strings.Cut(setting, "=")
	images := w.services.Images
	var err error
	switch name {
	case "GANDER_IMAGE_SIZE_CAP":
		images.Limits.SizeCap, err = strconv.ParseInt(value, 10, 64)
	case "GANDER_IMAGE_PROPERTY_QUOTA":
		images.Limits.Properties, err = strconv.Atoi(value)
	case "GANDER_IMAGE_TAG_QUOTA":
		images.Limits.Tags, err = strconv.Atoi(value)
	case "GANDER_IMAGE_MEMBER_QUOTA":
		images.Limits.Members, err = strconv.Atoi(value)
	case "GANDER_POLICY_FILE":
		err = w.ownPolicy(value)
	case "GANDER_PROPERTY_PROTECTION_FORMAT": // before the file, which is read at once
		w.format = protect.Format(value)
	case "GANDER_PROPERTY_PROTECTION_FILE":
		w.services.Protect, _, err = protect.Load(value, w.format, w.hasRule)
	case "GANDER_KEY_DELAY":
		w.services.Keys.Delay, err = time.ParseDuration(value)
	case "GANDER_NON_INHERITABLE_PROPERTIES":
		images.NotInherited = strings.Split(value, ",")
	case "GANDER_RETENTION":
		images.Retention, err = time.ParseDuration(value)
	default:
		err = errors.New("no scenario may set it")
	}
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
}

func (w *inside) hasRule(rule policy.Rule) bool {
	if live, ok := w.services.Policy.(*policy.Live); ok {
		return live.Current().Has(rule)
	}
	return w.services.Policy.(*policy.Enforcer).Has(rule)
}

// ownPolicy has the rules of a file in force, as boot does.
func (w *inside) ownPolicy(file string) error {
	doc, _ := policy.Read(file) // Compile tells what was found
	rules, findings := policy.Compile(doc, policy.Refuse)
	if err := findings.Err(); err != nil {
		return err
	}
	live := policy.NewLive(policy.Source{Paths: []string{file}, Now: time.Now}, doc, rules)
	w.services.Policy, w.services.PolicyState = live, live.State
	return nil
}
