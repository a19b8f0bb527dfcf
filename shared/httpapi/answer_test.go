package httpapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

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
