package scenarios

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

	differs *difference // instead of what the scenario says; nil: nothing
}

func (a *answer) want(status int) *answer {
	a.t.Helper()
	if d := a.differs; d != nil && d.status != 0 {
		if a.status == status {
			a.t.Errorf("%s: answered %d as without a gateway; %q is no difference", a.line, status, d.row)
		}
		status = d.status
	}
	if a.status != status {
		a.t.Errorf("%s: answered %d, want %d\n%s", a.line, a.status, status, a.body)
	}
	return a
}

func (a *answer) says(sentence string) *answer {
	a.t.Helper()
	if d := a.differs; d != nil && (d.status != 0 || d.says != "") {
		sentence = d.says
	}
	if !strings.Contains(string(a.body), sentence) {
		a.t.Errorf("%s: %d, does not say %q\n%s", a.line, a.status, sentence, a.body)
	}
	return a
}

func (a *answer) has(name, value string) *answer {
	a.t.Helper()
	got := strings.Join(a.header.Values(name), "|")
	if d := a.differs; d != nil {
		if other, ok := d.header[name]; ok {
			if got == value {
				a.t.Errorf("%s: header %s is %q as without a gateway; %q is no difference", a.line, name, got, d.row)
			}
			value = other
		} else if d.status != 0 {
			return a // another answer altogether
		}
	}
	if got != value && value != "*" {
		a.t.Errorf("%s: %d, header %s is %q, want %q", a.line, a.status, name, got, value)
	}
	return a
}

func (a *answer) is(text string) *answer {
	a.t.Helper()
	if d := a.differs; d != nil && (d.status != 0 || d.says != "") {
		return a.says(d.says)
	}
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
