package boot

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/boot/setting"
)

// aKeystone knows the tokens mia's, a member of demo, and rob's, a reader there,
// and the service's own user.
func aKeystone(t *testing.T, logins *[]string) *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		roles := map[string]string{"mia's": "member", "rob's": "reader"}
		subject := r.Header.Get("X-Subject-Token")
		token := map[string]any{
			"user": map[string]any{"id": strings.TrimSuffix(subject, "'s"), "domain": map[string]any{"id": "default"}}, "expires_at": time.Now().Add(time.Hour).UTC(),
			"project": map[string]any{"id": "demo", "domain": map[string]any{"id": "default"}}, "roles": []any{map[string]any{"name": roles[subject]}, map[string]any{"name": "reader"}},
		}
		switch {
		case r.Method == http.MethodPost:
			var login any
			_ = json.NewDecoder(r.Body).Decode(&login)
			*logins = append(*logins, fmt.Sprint(login))
			token["user"] = map[string]any{"id": "gander"}
			w.Header().Set("X-Subject-Token", "gander's")
			w.WriteHeader(http.StatusCreated)
		case r.Header.Get("X-Auth-Token") != "gander's":
			w.WriteHeader(http.StatusUnauthorized)
			return
		case roles[subject] == "":
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error":{"code":404}}`)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"token": token})
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// TestServeByAKeystone has the settings name a Keystone, the authority behind its
// certificate, and the user who asks there.
func TestServeByAKeystone(t *testing.T) {
	var logins []string
	k := aKeystone(t, &logins)
	dir := t.TempDir()
	authority, password := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "password")
	for file, text := range map[string][]byte{
		authority: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.Certificate().Raw}), password: []byte("secret\n"),
	} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := serve(t, "GANDER_IDENTITY=keystone", "GANDER_KEYSTONE_URL="+k.URL+"/identity", "GANDER_KEYSTONE_CA_FILE="+authority,
		"GANDER_KEYSTONE_USERNAME=gander", "GANDER_KEYSTONE_PASSWORD_FILE="+password, "GANDER_KEYSTONE_PROJECT=services",
		"GANDER_KEYSTONE_USER_DOMAIN=users", "GANDER_KEYSTONE_PROJECT_DOMAIN=projects")
	r.call("mia's", "POST", "/v2/images", `{"name":"n"}`, 201)
	r.call("rob's", "GET", "/v2/images", "", 200)
	r.call("rob's", "POST", "/v2/images", `{"name":"n"}`, 403)
	header, _ := r.asked("nobody's", "GET /v2/images", "", 401)
	if got, want := header.Get("Www-Authenticate"), fmt.Sprintf("Keystone uri=%q", k.URL+"/identity"); got != want {
		t.Errorf("a 401 sends callers to %s, not %s", got, want)
	}
	login := "map[auth:map[identity:map[methods:[password] password:map[user:map[domain:map[name:users] name:gander password:secret]]] " +
		"scope:map[project:map[domain:map[name:projects] name:services]]]]"
	if len(logins) != 1 || logins[0] != login {
		t.Errorf("the logins are %q", logins)
	}
	r.call("", "POST", "/identity/v3/auth/tokens", "{}", 300) // none is served here
	if _, err := os.Stat(filepath.Join(r.data, "identity.yaml")); err == nil || r.stdout.String() != "" {
		t.Errorf("there is a development identity beside: %s", r.stdout)
	}
	if log := r.stderr.String(); strings.Contains(log, "secret") || strings.Contains(log, "mia's") {
		t.Error("the log tells a password or a token")
	}
	k.Close() // those whom it knows go on
	r.call("mia's", "GET", "/v2/images", "", 200)
	r.call("eve's", "GET", "/v2/images", "", 503)
}

// TestKeystoneInTheClear: tokens that anybody on the way can read are told of at
// the start, and a Keystone on the same machine is on no way.
func TestKeystoneInTheClear(t *testing.T) {
	for url, want := range map[string]bool{
		"http://keystone.example.org:5000": true, "HTTP://keystone.example.org/identity": true, "http://192.0.2.7:5000/v3": true, "http://[2001:db8::7]": true,
		"http://localhost.example.org": true, "http://127.0.0.1.example.org:5000": true,
		"https://keystone.example.org": false, "https://192.0.2.7:5000": false,
		"http://127.0.0.1:5000": false, "http://localhost/identity": false, "http://[::1]:5000/v3": false, "http://127.8.9.1": false,
	} {
		v, err := setting.Read(setting.Source{Environ: []string{"GANDER_IDENTITY=keystone", "GANDER_KEYSTONE_URL=" + url}, Uses: setting.Tokens})
		if err != nil {
			t.Fatal(err)
		}
		var logged strings.Builder
		if _, err := validatorOf(v, slog.New(slog.NewJSONHandler(&logged, nil))); err != nil {
			t.Fatal(err)
		}
		told := strings.Contains(logged.String(), `"level":"WARN","msg":"GANDER_KEYSTONE_URL is plain http to another machine`) && strings.Contains(logged.String(), `"url":"`)
		if told != want || !want && logged.Len() > 0 {
			t.Errorf("%s: %s", url, &logged)
		}
	}
}
