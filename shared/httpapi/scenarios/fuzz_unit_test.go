//go:build !cloud

package scenarios

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// FuzzCreateBody sends any body to make an image: it is refused and nothing was
// stored, or there is an image that is shown as the answer tells it.
func FuzzCreateBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `{"name":null}`, `{"min_ram":1e400}`, `{"min_ram":-0.0,"tags":["a",1]}`, `{"locations":[{"url":1,"metadata":{}}]}`,
		`{"kernel_id":null,"x":"y"}`, `{"id":"b2173dd3-7ad6-4362-baa6-a68bce3565cb","owner":null,"visibility":"public"}`, `{"self":1}`, `{"a":{"b":[null]}}`, `{"tags":[[[]]]}`,
		`{"id":"B2173DD3-7ad6-4362-baa6-a68bce3565cb","protected":true,"os_hidden":true}`, `{"disk_format":"qcow2","container_format":"bare","tags":["a","a"]}`,
		`{"":"","~":"/","name":"` + strings.Repeat("𐍈", 255) + `"}`, `{"os_glance_x":"y","status":"active"}`, `{"os_hash_algo":"md5"}`, `{"owner":"other"}`, "{\"name\":\"\xff\"}",
		`{"min_disk":2147483647,"min_ram":2147483648}`, `{"name":"a","name":"b"}`, `{"visibility":"community","cinder_encryption_key_deletion_policy":"do_not_delete"}`,
		`{"` + strings.Repeat("k", 256) + `":"v"}`, `{"name":"\ud800"}`, `{"instance_uuid":"x"} {}`, `{"direct_url":null}`, `{"tags":null}`, `nul`,
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	w := newFuzzed(f)
	f.Fuzz(func(t *testing.T, sent string, admin bool) {
		w.begin(t)
		out := w.send(map[bool]string{false: "member", true: "admin"}[admin], "POST", "/v2/images", "", sent)
		w.among(out, sent, 201, 400, 403, 409, 413)
		if out.Code != 201 {
			return
		}
		var told map[string]any
		if err := json.Unmarshal(out.Body.Bytes(), &told); err != nil {
			t.Fatalf("%q is answered %s: %v", sent, out.Body, err)
		}
		if got := w.shown(told["id"].(string)); got != out.Body.String() {
			t.Errorf("%q is answered %s, and then shown as %s", sent, out.Body, got)
		}
		if owner := told["owner"]; !admin && owner != "demo" || told["status"] != "queued" || !admin && told["visibility"] == "public" || told["size"] != nil {
			t.Errorf("%q of a member makes %s", sent, out.Body)
		}
	})
}

// fixed are attributes that no patch of anybody changes.
var fixed = []string{"id", "status", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value", "created_at", "self", "file", "schema", "stores"}

// FuzzPatchBody sends any body to change an image, as either of the two media
// types: the image is what it was, or as the answer tells it, and what is the
// server's never changes.
func FuzzPatchBody(f *testing.F) {
	for _, seed := range []string{
		`[]`, `{}`, `[{"op":"replace","path":"/name","value":"b"}]`, `[{"op":"add","path":"/x","value":"y"},{"op":"remove","path":"/a"}]`, `[{"op":"remove","path":"/name"}]`,
		`[{"op":"replace","path":"/tags","value":["a","a",""]}]`, `[{"op":"replace","path":"/visibility","value":"public"}]`, `[{"op":"replace","path":"/owner","value":"other"}]`,
		`[{"op":"add","path":"/owner","value":null}]`, `[{"op":"replace","path":"/id","value":"x"}]`, `[{"op":"add","path":"/a~1b~0c","value":"d"}]`, `[{"op":"add","path":"/a~2","value":"d"}]`,
		`[{"op":"add","path":"//","value":"d"}]`, `[{"op":"add","path":"/tags/-","value":"d"}]`, `[{"op":"add","path":"/locations/-","value":{"url":"x","metadata":{}}}]`, `[{"op":"replace","path":"/locations","value":[]}]`,
		`[{"op":"move","from":"/a","path":"/b"}]`, `[{"op":"add","path":7,"value":"d"}]`, `[{"op":"add","path":"/name"}]`, `[{"op":"replace","path":"/min_ram","value":1.0}]`,
		`[{"op":"replace","path":"/min_disk","value":-1}]`, `[{"op":"replace","path":"/protected","value":true},{"op":"replace","path":"/os_hidden","value":"true"}]`, `[{"op":"replace","path":"/kernel_id","value":null}]`,
		`[{"op":"replace","path":"/disk_format","value":"qcow2"}]`, `[{"op":"add","path":"/os_glance_x","value":"d"}]`, `[{"op":"add","path":"/stores","value":"d"}]`, `[{"op":"add","path":"/member","value":"d"}]`,
		`[{"add":"/x","value":"y"}]`, `[{"add":"/name","value":"y"}]`, `[{"replace":"/a","value":"y"},{"remove":"/a"}]`, `[{"add":"/x","remove":"/x","value":"y"}]`, `[null]`, `[[]]`, `[{"op":"add","path":"/x","value":"\ud800"}]`, "[{\"op\":\"add\",\"path\":\"/\xff\",\"value\":\"y\"}]",
	} {
		f.Add(seed, false, false)
		f.Add(seed, true, true)
	}
	w := newFuzzed(f)
	f.Fuzz(func(t *testing.T, sent string, old, admin bool) {
		w.begin(t)
		id := w.image(`{"name":"a","a":"b","tags":["t"]}`)
		before := w.shown(id)
		mediaType := map[bool]string{false: patchV21, true: patchV20}[old]
		out := w.send(map[bool]string{false: "member", true: "admin"}[admin], "PATCH", "/v2/images/"+id, "", sent, header("Content-Type", mediaType))
		w.among(out, sent, 200, 400, 403, 409, 413)
		after := w.shown(id)
		if out.Code != 200 {
			if after != before {
				t.Errorf("%q is answered %d, and changes\n%s\nto\n%s", sent, out.Code, before, after)
			}
			return
		}
		if after != out.Body.String() {
			t.Errorf("%q is answered %s, and then shown as %s", sent, out.Body, after)
		}
		wantFixed(t, sent, before, after, admin)
	})
}

func wantFixed(t *testing.T, sent, before, after string, admin bool) {
	t.Helper()
	var was, is map[string]any
	if json.Unmarshal([]byte(before), &was) != nil || json.Unmarshal([]byte(after), &is) != nil {
		t.Fatalf("images are shown as %s and %s", before, after)
	}
	for _, name := range fixed {
		if is[name] != was[name] {
			t.Errorf("%q changes %s from %v to %v", sent, name, was[name], is[name])
		}
	}
	if !admin && (is["owner"] != was["owner"] || is["visibility"] == "public") {
		t.Errorf("%q of a member makes %s", sent, after)
	}
}

// FuzzMemberBody sends any body to share an image, and to answer for it: rows are
// there, and changed, exactly when the answer says so.
func FuzzMemberBody(f *testing.F) {
	for _, seed := range []string{
		`{"member":"other"}`, `{"member":"service"}`, `{"status":"accepted"}`, `{"member":null,"status":[]}`, `{"member":"\ud83d\udc27"}`, `{"status":"\u0000"}`, `[]`, `{"member":1e999}`,
		`{"member":""}`, `{"member":"a/b"}`, `{"member":"%2F"}`, `{"member":"` + strings.Repeat("m", 256) + `"}`, `{"status":"rejected","member":"x"}`, `{"status":"Accepted"}`, `{}`, `null`, `{"member":"a"`,
	} {
		f.Add(seed)
	}
	w := newFuzzed(f)
	f.Fuzz(func(t *testing.T, sent string) {
		w.begin(t)
		w.services.Images.Limits.Members = 3
		members := "/v2/images/" + w.image(`{"visibility":"shared"}`) + "/members"
		w.among(w.send("member", "POST", members, "", `{"member":"service"}`), "the first member", 200)
		rows := func() string { return w.send("member", "GET", members, "", "").Body.String() }
		for _, call := range []struct{ who, method, path string }{{"service", "PUT", members + "/service"}, {"member", "POST", members}} {
			before := rows()
			out := w.send(call.who, call.method, call.path, "", sent)
			w.among(out, sent, 200, 400, 403, 409)
			after := rows()
			if row := strings.TrimSuffix(out.Body.String(), "}"); out.Code == 200 && !strings.Contains(after, row) {
				t.Errorf("%s of %q is answered %s; the rows are %s", call.method, sent, out.Body, after)
			}
			if out.Code != 200 && after != before {
				t.Errorf("%s of %q is answered %d, and changes\n%s\nto\n%s", call.method, sent, out.Code, before, after)
			}
		}
	})
}

// FuzzListQuery sends any query at all: the answer is a page or a 400, 403 for a
// marker that is another's, and links that are followed lead to pages again.
func FuzzListQuery(f *testing.F) {
	for _, seed := range []string{
		"", "limit=1", "limit=1&sort=name:asc&tag=a", "name=in:a,%22b,c%22", "created_at=gt:2026-07-01T09:00:00%2B02:00",
		"sort_key=size&sort_dir=asc&size_min=0", "id=in:x,y", "marker=x", "os_hidden=TRUE&visibility=all", "%ff", "a=%zz&;=;", "name=%00%01%02",
		"owner=%F4%8F%BF%BF", "visibility=", "member_status=all&protected=false", "=&&=", "created_at=9999", "updated_at=neq:0000-01-01",
		"limit=1&tag=a&tag=a&sort_key=name&sort_key=id&sort_dir=desc", "limit=2&sort=size:asc,name", "sort=name&sort_key=id", "sort_key=nope", "limit=-1", "limit=1&limit=2", "limit=99999999999999999999",
		"name=in:%22", "name=in:%22a%5C%22,b%22,c", "name=nin:a", "status=in:queued,active", "size_max=x", "min_ram_min=0&min_disk_max=1", "changes-since=x", "deleted=true", "os_distro=debian", "visibility=shared&member_status=pending", "checksum=&container_format=",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	w := newFuzzed(f)
	for i := range 5 {
		w.made(fmt.Sprintf(`{"name":"%c","tags":["a"],"os_hidden":%t,"os_distro":"debian"}`, 'a'+i, i == 4))
	}
	shared := w.made(`{"name":"shared"}`, as("other"))
	w.call("POST /v2/images/"+shared+"/members", as("other"), body(`{"member":"demo"}`)).want(200)
	f.Fuzz(func(t *testing.T, query string, admin bool) {
		w.begin(t)
		who := map[bool]string{false: "member", true: "admin"}[admin]
		for range 3 {
			out := w.send(who, "GET", "/v2/images", query, "")
			w.among(out, query, 200, 400, 403)
			if out.Code != 200 {
				return
			}
			next, more := nextOf(t, query, out)
			if !more {
				return
			}
			query = next
		}
	})
}

// nextOf is the query of the page after.
func nextOf(t *testing.T, query string, out *httptest.ResponseRecorder) (next string, more bool) {
	t.Helper()
	var page listed
	if err := json.Unmarshal(out.Body.Bytes(), &page); err != nil {
		t.Fatalf("%q is answered %s: %v", query, out.Body, err)
	}
	if page.Next == nil {
		return "", false
	}
	path, next, _ := strings.Cut(*page.Next, "?")
	if len(page.Images) == 0 || path != "/v2/images" {
		t.Fatalf("%q is answered by %d images, and goes on at %s", query, len(page.Images), *page.Next)
	}
	return next, true
}

// FuzzRangeHeader asks for parts of an image's data: what comes is the part that
// the answer names, or all, or a 416 that tells the size.
func FuzzRangeHeader(f *testing.F) {
	const data = "0123456789"
	for _, seed := range []string{
		"bytes=0-3", "bytes=-", "bytes 0-3/*", "bytes=9223372036854775807-", "bytes=-9223372036854775808", "bytes 9223372036854775807-9223372036854775807/*",
		"bytes=0-", "bytes=-4", "bytes=-0", "bytes=10-", "bytes=9-9", "bytes=0-3,5-6", "BYTES = 1 - 2", "bytes=3-2", "items=0-1", "bytes 0-9/10", "bytes 0-3/9", "", "bytes=0-3x", "bytes=00000000000000000000000001-2",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	w := newFuzzed(f)
	id := w.filled(data)
	f.Fuzz(func(t *testing.T, value string, answers bool) {
		w.begin(t)
		name := map[bool]string{false: "Range", true: "Content-Range"}[answers]
		out := w.send("member", "GET", "/v2/images/"+id+"/file", "", "", header(name, value))
		w.among(out, value, 200, 206, 400, 416)
		told, got := out.Header().Get("Content-Range"), out.Body.String()
		switch out.Code {
		case 200:
			if got != data {
				t.Errorf("%q is answered by %q", value, got)
			}
		case 206:
			first, last, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(told, "bytes "), "/10"), "-")
			from, _ := strconv.Atoi(first)
			to, _ := strconv.Atoi(last)
			if told != fmt.Sprintf("bytes %d-%d/10", from, to) || to < from || to >= len(data) || got != data[from:to+1] {
				t.Errorf("%q is answered by %q, which is said to be %q", value, got, told)
			}
		case 416:
			if told != "bytes */10" {
				t.Errorf("%q is answered 416, and the size is told as %q", value, told)
			}
		}
	})
}
