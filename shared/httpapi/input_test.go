package httpapi

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/problem"
)

func TestBadJSON(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ sent, says string }{
		{`{`, "Malformed JSON"},
		{`{} {}`, "Malformed JSON"},
		{`{}x`, "Malformed JSON"},
		{`{'a':'b'}`, "Malformed JSON"},
		{`{"a":"b",}`, "Malformed JSON"},
		{`{"min_ram":NaN}`, "Malformed JSON"},
		{`{"min_ram":01}`, "Malformed JSON"},
		{`{"a":"` + "\n" + `"}`, "Malformed JSON"},
		{"\ufeff{}", "Malformed JSON"},
		{"{\x00}", "Malformed JSON"},
		{strings.Repeat("[", 100_000), "Malformed JSON"},
		{strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), "Malformed JSON"},
		{strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000), "Malformed JSON"},
		{strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000), "an object is needed"},
		{" \t\r\n", "Malformed JSON"},
		{`null`, "an object or an array is needed"},
		{`"x"`, "an object or an array is needed"},
		{`5`, "an object or an array is needed"},
		{"{\"name\":\"\xff\"}", "not valid UTF-8"},
		{"{\"name\":\"\xed\xa0\x80\"}", "not valid UTF-8"},
		{`{"name":"\ud800"}`, "surrogate"},
		{`{"name":"\udc00"}`, "surrogate"},
		{`{"name":"\ud800\ud800"}`, "surrogate"},
		{`{"name":"\ud83dx\udc27"}`, "surrogate"},
		{`{"\ud800":"x"}`, "surrogate"},
		{`{"name":"\\\ud800"}`, "surrogate"},
	} {
		w.refused("POST /v2/images", body(c.sent)).want(400).says(c.says)
	}
	for sent, name := range map[string]string{
		`{"name":"\ud83d\udc27"}`: "🐧",
		`{"name":"\\ud800"}`:      `\ud800`,
		`{"name":"\u00fc\\"}`:     `ü\`,
	} {
		if got := w.call("POST /v2/images", body(sent)).want(201).fields()["name"]; got != name {
			t.Errorf("%s made %q", sent, got)
		}
	}
}

// tally counts how much of an endless body is read.
type tally struct{ n int }

func (c *tally) Read(p []byte) (int, error) {
	c.n += len(p)
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A body that is too long is not read to its end, whether it says so or not.
func TestLongBodies(t *testing.T) {
	w := newWorld(t)
	for _, said := range []int64{10 << 20, -1} {
		endless := &tally{}
		r := httptest.NewRequest(http.MethodPost, "/v2/images", endless)
		r.ContentLength = said
		as("member")(r)
		out := httptest.NewRecorder()
		w.handler.ServeHTTP(out, r)
		if out.Code != 413 || !strings.Contains(out.Body.String(), "longer than") {
			t.Errorf("said %d: %d %s", said, out.Code, out.Body)
		}
		if said > 0 && endless.n > 0 || endless.n > 2*maxJSON {
			t.Errorf("said %d: %d bytes were read", said, endless.n)
		}
	}
	w.refused("POST /v2/images", body(strings.Repeat(" ", 10<<20))).want(413)
	w.call("POST /v2/images", body(`{"a":"`+strings.Repeat("x", 300<<10)+`"}`)).want(201)
	// Within the body's limit, and beyond what the table holds in one item.
	w.refused("POST /v2/images", body(`{"a":"`+strings.Repeat("x", 500<<10)+`"}`)).want(413).says("400 KB")
}

func TestBrokenBody(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodPost, "/v2/images", io.MultiReader(strings.NewReader("{"), broken{}))
	r.ContentLength = 100
	as("member")(r)
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	if out.Code != 400 || !strings.Contains(out.Body.String(), "read to its end") || strings.Contains(out.Body.String(), "10.0.0.1") {
		t.Errorf("%d %s", out.Code, out.Body)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("read tcp 10.0.0.1: reset") }

func TestUnexpectedBodies(t *testing.T) {
	w := newWorld(t)
	id := w.filled("abc")
	for _, line := range []string{
		"GET /v2/images/" + id, "DELETE /v2/images/" + id, "GET /v2/images/" + id + "/file",
		"GET /v2/schemas/task", "GET /v2/info/import", "GET /v2/info/stores", "GET /v2/info/stores/detail",
	} {
		w.refused(line, body("x")).want(400).says("A body is not expected with this request.")
	}
	w.refused("GET /v2/images/"+id, chunked("x")).want(200) // only a length speaks for a GET
	w.refused("POST /v2/images", body("")).want(400).says("Body expected in request.")
	w.refused("POST /v2/images", chunked("")).want(400).says("Malformed JSON")
	w.call("GET /versions", body("x")).want(200)
}

// Whatever is sent to make an image, it is never our fault, and what was taken
// can be told again.
func FuzzCreateBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `{"name":null}`, `{"min_ram":1e400}`, `{"min_ram":-0.0,"tags":["a",1]}`, `{"locations":[{"url":1,"metadata":{}}]}`,
		`{"kernel_id":null,"x":"y"}`, `{"id":"b2173dd3-7ad6-4362-baa6-a68bce3565cb","owner":null,"visibility":"public"}`, `{"self":1}`, `{"a":{"b":[null]}}`, `{"tags":[[[]]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		if !utf8.Valid(sent) || loneSurrogate(sent) {
			return // refused before
		}
		d, err := readDraft(sent)
		if err != nil {
			if status, _ := problem.Status(err); status != 400 && status != 403 {
				t.Fatalf("%q: %v", sent, err)
			}
			return
		}
		for name := range d.Properties {
			if a := attributes[name]; a != nil && a.base || strings.HasPrefix(name, reservedPrefix) {
				t.Errorf("%q became a property", name)
			}
		}
	})
}

// The check on surrogates agrees with what a decoder makes of them.
func FuzzLoneSurrogate(f *testing.F) {
	for _, seed := range []string{`\ud800`, `\ud83d\udc27`, `\\ud800`, `\udc00x`, `\ud83d\ud83d\udc27`, "\ufffd", `\ufffd`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := `"` + text + `"`
		var decoded string
		if !utf8.ValidString(text) || strings.Contains(text, "\ufffd") || strings.Contains(strings.ToLower(text), `\ufffd`) || !decodes(quoted, &decoded) {
			return
		}
		if lone := strings.ContainsRune(decoded, utf8.RuneError); lone != loneSurrogate([]byte(quoted)) {
			t.Errorf("%s: lone is %t", quoted, lone)
		}
	})
}
