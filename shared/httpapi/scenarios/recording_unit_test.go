//go:build !cloud

package scenarios

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A recording is what Glance answered to the requests of one scenario, as
// shared/httpapi/recorded keeps it.
type recording struct {
	name      string
	Versions  map[string]string
	Exchanges []exchanged
}

// An exchanged is one request with Glance's answer to it.
type exchanged struct {
	Do      string // "METHOD path"
	As      string // one of the people; "anyone" has no token, "stranger" a bad one
	Headers map[string]string
	Body    *string
	Hex     string // a body that is no text
	Chunked bool
	Keep    map[string]string // variables, by what they are called, and the key of the answer that has them
	Answer  kept
}

// A kept is an answer without what changes from run to run: "$one" stands for a
// variable, "<time>" and its like for themselves.
type kept struct {
	Status  int
	Headers map[string]string
	JSON    json.RawMessage
	Text    string
}

func readRecordings(t *testing.T) []recording {
	t.Helper()
	files, err := filepath.Glob("../recorded/answers/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded answers: %v", err)
	}
	all := make([]recording, len(files))
	for i, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(content, &all[i]); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(all[i].Exchanges) == 0 || len(all[i].Versions) == 0 {
			t.Fatalf("%s holds no answers, or does not say whose", file)
		}
		all[i].name = strings.TrimSuffix(filepath.Base(file), ".json")
	}
	return all
}

// String is the exchange as differences name it: who asked for what.
func (e *exchanged) String() string {
	parts := []string{e.As, e.Do}
	if e.Body != nil {
		parts = append(parts, *e.Body)
	}
	if e.Hex != "" {
		parts = append(parts, e.Hex)
	}
	for _, name := range []string{"Range", "Content-Range", "Content-Type", "Accept", "X-Openstack-Request-Id", "X-Openstack-Image-Size"} {
		if value, ok := e.Headers[name]; ok && value != "application/json" {
			parts = append(parts, name+": "+value)
		}
	}
	return strings.Join(parts, " ")
}

// variables are the values that a scenario has met, by name.
type variables map[string]string

var (
	variable    = regexp.MustCompile(`\$([a-z]+[0-9]*)`)
	placeholder = regexp.MustCompile(`<(?:request id|uuid|time|exact time)>|\$[a-z]+[0-9]*`)
	shapes      = map[string]string{
		"<request id>": `req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`,
		"<uuid>":       `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`,
		"<time>":       `20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`,
		"<exact time>": `20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}`,
	}
)

// newVariables returns those that each scenario has: people and projects, which
// are called here what their ids are.
func newVariables() variables {
	v := variables{}
	for _, p := range people {
		v[p.user], v[p.project] = p.user, p.project
	}
	return v
}

func (v variables) fill(text string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		if value, ok := v[name[1:]]; ok {
			return value
		}
		return name
	})
}

// matches reports whether got is what was kept, with the variables' values.
func (v variables) matches(kept, got string) bool {
	if !strings.Contains(kept, "<") {
		return v.fill(kept) == got
	}
	var pattern strings.Builder
	rest := kept
	for _, at := range placeholder.FindAllString(kept, -1) {
		before, after, _ := strings.Cut(rest, at)
		pattern.WriteString(regexp.QuoteMeta(before))
		if shape, ok := shapes[at]; ok {
			pattern.WriteString(shape)
		} else {
			pattern.WriteString(regexp.QuoteMeta(v.fill(at)))
		}
		rest = after
	}
	return regexp.MustCompile("(?s)^" + pattern.String() + regexp.QuoteMeta(rest) + "$").MatchString(got)
}

// play asks Gander the same.
func (e *exchanged) play(w *world, v variables) *answer {
	options := []option{}
	switch e.As {
	case "anyone":
		options = append(options, without("X-Auth-Token"))
	case "stranger":
		options = append(options, header("X-Auth-Token", "gAAAAABnobody"))
	default:
		options = append(options, as(e.As))
	}
	content, has := e.content(v)
	switch {
	case e.Chunked:
		options = append(options, chunked(content))
	case has:
		options = append(options, body(content))
	}
	for name, value := range e.Headers {
		options = append(options, header(name, v.fill(value)))
	}
	got := w.call(v.fill(e.Do), options...)
	for name, key := range e.Keep {
		if value, ok := got.fields()[key].(string); ok && got.status < http.StatusMultipleChoices {
			v[name] = value
		}
	}
	return got
}

func (e *exchanged) content(v variables) (content string, has bool) {
	if e.Hex != "" {
		raw, err := hex.DecodeString(e.Hex)
		return string(raw), err == nil
	}
	if e.Body == nil {
		return "", false
	}
	return v.fill(*e.Body), true
}
