//go:build !cloud

package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/problem"
)

func readRecord(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// The answers of WebOb 1.8.9 to many Accept headers.
func TestErrorFormAsRecorded(t *testing.T) {
	var record []struct{ Accept, Form string }
	readRecord(t, "testdata/accept.json", &record)
	for _, r := range record {
		if got := errorForm([]string{r.Accept}); got != r.Form {
			t.Errorf("Accept %q: %s, want %s", r.Accept, got, r.Form)
		}
	}
	if got := errorForm(nil); got != formPlain {
		t.Errorf("no Accept: %s", got)
	}
	if got := errorForm([]string{"text/html;q=0.1", "application/json"}); got != formJSON {
		t.Errorf("two Accept headers are one list: %s", got)
	}
}

// The bodies that WebOb 1.8.9 makes of texts of ours.
func TestErrorBodyAsRecorded(t *testing.T) {
	var record []struct {
		Code                     int
		Text, Accept, Type, Body string
	}
	readRecord(t, "testdata/errors.json", &record)
	for _, r := range record {
		f := refusal{code: r.Code, text: r.Text, method: "PUT", mediaType: `text/x; a="<b>"`}
		body := map[string]func() []byte{formHTML: f.html, formJSON: f.json, formPlain: f.plain}[r.Type]()
		if string(body) != r.Body {
			t.Errorf("%d %q as %s:\n got %q\nwant %q", r.Code, r.Text, r.Type, body, r.Body)
		}
	}
}

// What is our fault tells the caller an id, whatever it asks for.
func TestErrorsTellNothingInternal(t *testing.T) {
	for _, accept := range []string{"", "*/*", "application/json"} {
		r := httptest.NewRequest(http.MethodGet, "/v2/images", nil)
		r.Header.Set("Accept", accept)
		err := errors.New("dial tcp 10.0.0.1: token gAAAA")
		answer := errorAnswer(err, &Request{Request: r, ID: "req-1"})
		body := string(answer.Body)
		if answer.Status != http.StatusInternalServerError || strings.Contains(body, "gAAAA") || strings.Contains(body, "10.0") {
			t.Errorf("%d %s", answer.Status, body)
		}
		if !strings.Contains(body, "req-1") {
			t.Errorf("no request id in %s", body)
		}
		answer = errorAnswer(problem.Because(err, problem.Unavailable, "Try again."), &Request{Request: r})
		if body := string(answer.Body); answer.Status != http.StatusServiceUnavailable || !strings.Contains(body, "Try again.") || strings.Contains(body, "gAAAA") {
			t.Errorf("%d %s", answer.Status, body)
		}
	}
}

func FuzzAccept(f *testing.F) {
	for _, seed := range []string{"*/*", `text/html;q=0.5;a="b\"`, ",,", "a/b;q=", "application/json, */*;q=0.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		switch form := errorForm([]string{accept}); form {
		case formHTML, formJSON, formPlain:
		default:
			t.Errorf("%q: %q", accept, form)
		}
	})
}
