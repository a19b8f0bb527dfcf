//go:build cloud

package grants_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/child"
	"github.com/gander-images/gander/localstack/emulatortest"
	"github.com/gander-images/gander/localstack/gateway"
	"github.com/gander-images/gander/localstack/grants"
	"github.com/gander-images/gander/localstack/template"
	"github.com/gander-images/gander/shared/identity/development"
)

// dataPlane is what the data plane's process is called beside the functions.
const dataPlane = "data-plane"

// lease is how long an upload may be silent here.
const lease = 3 * time.Second

// A world is the deployed shape: each function, and the data plane, a process of
// its own that signs with a key of its own, behind a proxy that lets it do what
// the template grants and nothing else.
type world struct {
	t     *testing.T
	root  string
	place emulatortest.Place
	proxy *grants.Guard
	roles grants.Roles
	key   string // the identity's public key
	token string // a member's
	admin string // an admin's
	log   *log

	gateway *gateway.Gateway
	data    *child.Child
	client  *http.Client
}

type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root, err := emulatortest.Root()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, root: root, place: emulatortest.New(t), log: &log{}, client: &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	t.Cleanup(func() {
		w.close()
		if t.Failed() {
			t.Logf("the processes wrote:\n%s", w.log.text.String())
		}
	})
	w.logIn()
	w.readRoles()
	w.startGuard()
	return w
}

func (w *world) parameters() map[string]string {
	return map[string]string{
		"PublicEndpoint": "http://image.example", "DevelopmentKey": w.key, "Retention": "0s", "KeyDelay": "0s",
		"DataPlane": "off", "Cdn": "off", "Deployment": w.place.Table,
	}
}

func (w *world) readRoles() {
	w.t.Helper()
	var err error
	w.roles, err = grants.Read(filepath.Join(w.root, "template.yaml"), template.Options{Parameters: w.parameters(), Names: w.place.Names()})
	if err == nil {
		err = w.roles.ReadRole(filepath.Join(w.root, "dataplane.yaml"), "TaskRole", dataPlane, template.Options{
			Partial: true, Parameters: map[string]string{"TableName": w.place.Table, "BucketName": w.place.Bucket},
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) startGuard() {
	w.t.Helper()
	engines, err := w.place.Engines(w.t.Context())
	if err == nil {
		w.proxy, err = grants.NewGuard(w.roles, engines)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.proxy.Close)
}

func (w *world) environ(function string) []string {
	return append(w.proxy.Environ(function), "GANDER_LEASE="+lease.String())
}

// logIn gets the tokens of a member and of an admin.
func (w *world) logIn() {
	w.t.Helper()
	dir := w.t.TempDir()
	people := `
domains: [{name: Default, id: default}]
projects: [{name: demo, id: demo}, {name: admin, id: admin}]
roles: [{name: admin, implies: [member]}, {name: member, implies: [reader]}, {name: reader}]
users:
  - {name: mia, id: mia, password: secret, roles: [{role: member, project: demo}]}
  - {name: ada, id: ada, password: secret, roles: [{role: admin, project: admin}]}
`
	if err := os.WriteFile(filepath.Join(dir, "identity.yaml"), []byte(people), 0o600); err != nil {
		w.t.Fatal(err)
	}
	identity, err := development.Open(dir, development.Options{Endpoint: "http://image.example"})
	if err != nil {
		w.t.Fatal(err)
	}
	defer identity.Close()
	w.key, w.token, w.admin = identity.PublicKey(), w.tokenOf(identity, "mia", "demo"), w.tokenOf(identity, "ada", "admin")
}

func (w *world) tokenOf(identity *development.Identity, user, project string) string {
	w.t.Helper()
	login := fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":%q,"password":"secret"}}},"scope":{"project":{"id":%q}}}}`, user, project)
	out := httptest.NewRecorder()
	identity.Handler().ServeHTTP(out, httptest.NewRequest(http.MethodPost, development.Mount+"/v3/auth/tokens", strings.NewReader(login)))
	if out.Code != http.StatusCreated {
		w.t.Fatalf("logging in as %s: %d %s", user, out.Code, out.Body)
	}
	return out.Header().Get("X-Subject-Token")
}

// start starts the functions and the data plane, in place of those that run.
func (w *world) start(change func(*gateway.Config)) {
	w.t.Helper()
	w.close()
	config := gateway.Config{
		Template: filepath.Join(w.root, "template.yaml"), Functions: filepath.Join(w.root, "build", "bin", runtime.GOARCH), Parameters: w.parameters(), Names: w.place.Names(),
		Environ: w.environ, AWS: w.place.Config, Log: w.log, NoSchedule: true, DataPlane: w.startDataPlane(),
	}
	change(&config)
	var err error
	if w.gateway, err = gateway.Start(config); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) startDataPlane() (url string) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		w.t.Fatal(err)
	}
	command := exec.Command(filepath.Join(w.root, "build", "gander"), "serve", "-only", "data", "-listen", address,
		"-table", w.place.Table, "-bucket", w.place.Bucket, "-public-endpoint", "http://image.example", "-development-key", w.key, "-retention", "0s")
	command.Env = append([]string{"PATH=" + os.Getenv("PATH")}, w.environ(dataPlane)...)
	command.Stdout, command.Stderr = w.log, w.log
	if w.data, err = child.Start(command); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the data plane answers", func() bool {
		answer, err := w.client.Get("http://" + address + "/healthcheck")
		return err == nil && answer.Body.Close() == nil
	})
	return "http://" + address
}

func (w *world) close() {
	if w.gateway != nil {
		w.gateway.Close()
		w.gateway = nil
	}
	if w.data != nil {
		w.data.Kill()
		w.data = nil
	}
}

func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(60 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("it never happens that %s", what)
		}
	}
}
