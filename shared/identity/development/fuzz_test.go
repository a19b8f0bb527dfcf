package development

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// FuzzLogin holds that no body makes the login panic, fail inside, or succeed
// without a password.
func FuzzLogin(f *testing.F) {
	i, err := Open(f.TempDir(), Options{Endpoint: endpoint, Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = i.Close() })
	for _, body := range []string{
		"", "{}", "null", `{"auth":null}`, byPassword("demo", "x", onDemo), byPassword("demo", "x", onSystem),
		byPassword("admin", "x", `{"OS-TRUST:trust":{}}`), byTokenBody("a.b.c", unscoped),
		auth(`"methods":["password","token"],"password":{"user":null},"token":null`, "{}"),
		`{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"","domain":null,"password":null}}},"scope":{"project":null}}}`,
		strings.Repeat("[", 20000),
	} {
		f.Add(body)
	}
	handler := i.Handler()
	f.Fuzz(func(t *testing.T, body string) {
		request := httptest.NewRequest(http.MethodPost, Mount+"/v3/auth/tokens", strings.NewReader(body))
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code < 400 || recorder.Code >= 500 {
			t.Errorf("%d %s", recorder.Code, recorder.Body)
		}
	})
}

// FuzzDirectory holds that no file makes the start panic.
func FuzzDirectory(f *testing.F) {
	f.Add(firstDirectory())
	f.Add("domains: [{name: &a x}]\nroles: [{name: x, implies: [x, *a]}]")
	f.Add("users: [{<<: {name: x}}]")
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := parseDirectory(directoryFile, []byte(text)); (d == nil) == (err == nil) {
			t.Errorf("%v, %v", d, err)
		}
	})
}
