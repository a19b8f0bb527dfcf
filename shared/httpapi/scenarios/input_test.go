package scenarios

import (
	"strings"
	"testing"
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

func TestLongBodies(t *testing.T) {
	w := newWorld(t)
	w.refused("POST /v2/images", named("10 MiB"), body(strings.Repeat(" ", 10<<20))).want(413).says("longer than")
	w.call("POST /v2/images", body(`{"a":"`+strings.Repeat("x", 300<<10)+`"}`)).want(201)
	// Within the body's limit, and beyond what the table holds in one item.
	w.refused("POST /v2/images", body(`{"a":"`+strings.Repeat("x", 500<<10)+`"}`)).want(413).says("400 KB")
}

func TestUnexpectedBodies(t *testing.T) {
	w := newWorld(t)
	id := w.filled("abc")
	for _, line := range []string{
		"GET /v2/images/" + id, "DELETE /v2/images/" + id, "GET /v2/images/" + id + "/file",
		"GET /v2/schemas/task", "GET /v2/info/import", "GET /v2/info/stores", "GET /v2/info/stores/detail",
	} {
		w.refused(line, body("x")).want(400).says("A body is not expected with this request.")
	}
	w.refused("GET /v2/images/"+id, named("in chunks"), chunked("x")).want(200) // only a length speaks for a GET
	for _, line := range []string{                                              // to a PUT or a POST chunks are a body, too
		"PUT /v2/images/" + id + "/tags/x", "POST /v2/images/" + id + "/actions/deactivate", "POST /gander/v1/images/" + id + "/restore",
	} {
		w.refused(line, as("admin"), body("{}")).want(400).says("A body is not expected with this request.")
		w.refused(line, as("admin"), named("in chunks"), chunked("{}")).want(400).says("A body is not expected with this request.")
	}
	w.refused("POST /v2/images", body("")).want(400).says("Body expected in request.")
	w.refused("POST /v2/images", named("no chunks"), chunked("")).want(400).says("Malformed JSON")
	w.call("GET /versions", body("x")).want(200)
}

// JSON is read whatever its media type is called, but for patches.
func TestMediaTypesOfJSON(t *testing.T) {
	w := newWorld(t)
	for _, media := range []string{"", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded", "application/json; charset=latin1"} {
		id := w.made(`{}`, header("Content-Type", media))
		w.call("POST /v2/images/"+id+"/members", body(`{"member":"other"}`), header("Content-Type", media)).want(200)
		w.call("PUT /v2/images/"+id+"/members/other", as("other"), body(`{"status":"accepted"}`), header("Content-Type", media)).want(200)
	}
}
