package development

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/identity"
)

const endpoint = "http://cloud.test:9292"

// A world is an identity in a folder, with a clock of its own.
type world struct {
	*Identity
	t    *testing.T
	dir  string
	time time.Time
}

// newWorld starts for the first time.
func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir(), time: time.Unix(1_800_000_000, 0)}
	w.open()
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) open() {
	w.t.Helper()
	opened, err := Open(w.dir, Options{Endpoint: endpoint, Now: func() time.Time { return w.time }})
	if err != nil {
		w.t.Fatal(err)
	}
	w.Identity = opened
}

// restart ends the process and starts it again.
func (w *world) restart() {
	w.t.Helper()
	if err := w.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
}

// edit changes identity.yaml and restarts.
func (w *world) edit(old, new string) {
	w.t.Helper()
	path := filepath.Join(w.dir, directoryFile)
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	changed := strings.Replace(string(text), old, new, 1)
	if changed == string(text) {
		w.t.Fatalf("identity.yaml has no %q", old)
	}
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.restart()
}

// password is that of a user of the default domain.
func (w *world) password(name string) string {
	return w.directory.userByName(w.directory.domainByName("Default"), name).password
}

// An asking is one request; headers come in pairs.
type asking struct {
	call    string // "GET /v3/users", below Mount
	body    string
	headers []string
}

// A response is what came back.
type response struct {
	t      *testing.T
	status int
	header http.Header
	text   string
	json   map[string]any
}

func (w *world) ask(a asking) response {
	w.t.Helper()
	method, path, _ := strings.Cut(a.call, " ")
	request := httptest.NewRequest(method, "http://forged.test"+Mount+path, strings.NewReader(a.body))
	if a.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(a.headers); i += 2 {
		request.Header.Set(a.headers[i], a.headers[i+1])
	}
	recorder := httptest.NewRecorder()
	w.Handler().ServeHTTP(recorder, request)
	r := response{t: w.t, status: recorder.Code, header: recorder.Header(), text: recorder.Body.String()}
	if r.text != "" {
		if err := json.Unmarshal([]byte(r.text), &r.json); err != nil {
			w.t.Fatalf("%s: not JSON: %q", a.call, r.text)
		}
	}
	return r
}

// get asks with a token.
func (w *world) get(token, path string) response {
	w.t.Helper()
	return w.ask(asking{call: "GET " + path, headers: []string{"X-Auth-Token", token}})
}

// at walks the answer: "token.user.name", "projects.0.id"; nil when it is not there.
func (r response) at(path string) any {
	var here any = r.json
	for step := range strings.SplitSeq(path, ".") {
		switch node := here.(type) {
		case map[string]any:
			here = node[step]
		case []any:
			index := int(step[0] - '0')
			if index >= len(node) {
				return nil
			}
			here = node[index]
		default:
			return nil
		}
	}
	return here
}

// names are those of a list's entries, one blank between.
func (r response) names(list string) string {
	var names []string
	entries, _ := r.at(list).([]any)
	for _, entry := range entries {
		name, _ := entry.(map[string]any)["name"].(string)
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func quoted(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

// byPassword is a login's body; scope is JSON, or empty.
func byPassword(user, password, scope string) string {
	return auth(`"methods":["password"],"password":{"user":{"name":`+quoted(user)+
		`,"domain":{"name":"Default"},"password":`+quoted(password)+`}}`, scope)
}

func byTokenBody(token, scope string) string {
	return auth(`"methods":["token"],"token":{"id":`+quoted(token)+`}`, scope)
}

func auth(identity, scope string) string {
	if scope != "" {
		scope = `,"scope":` + scope
	}
	return `{"auth":{"identity":{` + identity + `}` + scope + `}}`
}

// The scopes of the default template.
const (
	onDemo   = `{"project":{"name":"demo","domain":{"id":"default"}}}`
	onAdmin  = `{"project":{"name":"admin","domain":{"name":"Default"}}}`
	onSystem = `{"system":{"all":true}}`
	onDomain = `{"domain":{"name":"Default"}}`
	unscoped = `"unscoped"`
)

// token logs a user in.
func (w *world) token(user, scope string) string {
	w.t.Helper()
	return w.tokenFor(byPassword(user, w.password(user), scope))
}

func (w *world) tokenFor(body string) string {
	w.t.Helper()
	r := w.ask(asking{call: "POST /v3/auth/tokens", body: body})
	if r.status != http.StatusCreated || r.header.Get("X-Subject-Token") == "" {
		w.t.Fatalf("login: %d %s", r.status, r.text)
	}
	return r.header.Get("X-Subject-Token")
}

// works is whether the issuing process takes a token.
func (w *world) works(token string) bool {
	_, err := w.Validate(w.t.Context(), token, identity.Ask{})
	return err == nil
}

func (w *world) revoke(token string) {
	w.t.Helper()
	r := w.ask(asking{
		call:    "DELETE /v3/auth/tokens",
		headers: []string{"X-Auth-Token", token, "X-Subject-Token", token},
	})
	if r.status != http.StatusNoContent || r.text != "" {
		w.t.Fatalf("revoking: %d %q", r.status, r.text)
	}
}
