package scenarios

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// v21 and v20 make a patch of each media type.
func v21(operations string) option { return patch(patchV21, operations) }
func v20(operations string) option { return patch(patchV20, operations) }

func patch(mediaType, operations string) option {
	return func(r *http.Request) {
		body(operations)(r)
		r.Header.Set("Content-Type", mediaType)
	}
}

func TestPatchMediaTypes(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"name":"a"}`)
	for _, c := range []struct {
		mediaType, sent string
		status          int
	}{
		{patchV21, `[{"op":"replace","path":"/name","value":"b"}]`, 200},
		{patchV21 + ";charset=utf-8", `[{"op":"replace","path":"/name","value":"b"}]`, 200},
		{patchV20, `[{"replace":"/name","value":"b"}]`, 200},
		{patchV20 + "; x=y", `[{"replace":"/name","value":"b"}]`, 200},
		{patchV20, `[{"op":"replace","path":"/name","value":"b"}]`, 400},
		{patchV21, `[{"replace":"/name","value":"b"}]`, 400},
		{strings.ToUpper(patchV21), `[]`, 415},
		{"application/json", `[]`, 415},
		{"application/json-patch+json", `[]`, 415},
		{"application/openstack-images-v2.2-json-patch", `[]`, 415},
		{"", `[]`, 415},
		{"text/plain", ``, 415},       // before its body is looked at
		{"text/plain", `[{"op"`, 415}, // likewise
		{patchV21, ``, 400},
		{patchV21, `[{"op"`, 400},
	} {
		got := w.call("PATCH /v2/images/"+id, named(c.mediaType), patch(c.mediaType, c.sent)).want(c.status)
		want := ""
		if c.status == 415 {
			want = "application/openstack-images-v2.0-json-patch, application/openstack-images-v2.1-json-patch"
		}
		got.has("Accept-Patch", want)
	}
	w.refused("PATCH /v2/images/"+id, patch("text/plain", "[]"), header("Accept", "*/*")).want(415).
		says("The request media type text/plain is not supported by this server.")
}

// A patch that has not the right form is refused whole, before anybody looks for
// the image.
func TestPatchForm(t *testing.T) {
	w := newWorld(t)
	first := w.made(`{"name":"a","x":"y"}`)
	for i, c := range []struct{ sent, says string }{
		{`{}`, "must be a JSON array"},
		{`{"op":"replace","path":"/name","value":"b"}`, "must be a JSON array"},
		{`["x"]`, "must be a JSON object"},
		{`[null]`, "must be a JSON object"},
		{`[[]]`, "must be a JSON object"},
		{`[{}]`, "'op' must be one of"},
		{`[{"op":null,"path":"/x","value":"b"}]`, "'op' must be one of"},
		{`[{"op":["add"],"path":"/x","value":"b"}]`, "'op' must be one of"},
		{`[{"op":"test","path":"/x","value":"y"}]`, "'op' must be one of"},
		{`[{"op":"move","from":"/x","path":"/z"}]`, "'op' must be one of"},
		{`[{"op":"copy","from":"/x","path":"/z"}]`, "'op' must be one of"},
		{`[{"op":"Add","path":"/x","value":"b"}]`, "'op' must be one of"},
		{`[{"op":"add","value":"b"}]`, "'path' is missing"},
		{`[{"op":"add","path":null,"value":"b"}]`, "must be a text"},
		{`[{"op":"add","path":5,"value":"b"}]`, "must be a text"},
		{`[{"op":"add","path":["/x"],"value":"b"}]`, "must be a text"},
		{`[{"op":"add","path":"","value":"b"}]`, "must begin with '/'"},
		{`[{"op":"add","path":"x","value":"b"}]`, "must begin with '/'"},
		{`[{"op":"add","path":" /x","value":"b"}]`, "must begin with '/'"},
		{`[{"op":"add","path":"/","value":"b"}]`, "empty segment"},
		{`[{"op":"add","path":"/ ","value":"b"}]`, "empty segment"},
		{`[{"op":"add","path":"/\u001f\u3000","value":"b"}]`, "empty segment"},
		{`[{"op":"add","path":"//x","value":"b"}]`, "empty segment"},
		{`[{"op":"add","path":"/x/","value":"b"}]`, "empty segment"},
		{`[{"op":"add","path":"/x//y","value":"b"}]`, "empty segment"},
		{`[{"op":"add","path":"/x/ /y","value":"b"}]`, "empty segment"},
		{`[{"op":"add","path":"/x~","value":"b"}]`, "followed by 0 or 1"},
		{`[{"op":"add","path":"/x~2","value":"b"}]`, "followed by 0 or 1"},
		{`[{"op":"add","path":"/~~0","value":"b"}]`, "followed by 0 or 1"},
		{`[{"op":"add","path":"/x/y","value":"b"}]`, "does not lead to"},
		{`[{"op":"add","path":"/tags/-","value":"b"}]`, "does not lead to"},
		{`[{"op":"remove","path":"/tags/0"}]`, "does not lead to"},
		{`[{"op":"add","path":"/locations","value":[]}]`, "does not lead to"},
		{`[{"op":"remove","path":"/locations"}]`, "does not lead to"},
		{`[{"op":"replace","path":"/locations/0","value":{}}]`, "does not lead to"},
		{`[{"op":"add","path":"/locations/0/url","value":"x"}]`, "does not lead to"},
		{`[{"op":"add","path":"/x"}]`, "'value' is missing"},
		{`[{"op":"replace","path":"/status"}]`, "'value' is missing"},
		{`[{"op":"replace","path":"/name","value":5}]`, "null or string needed"},
		{`[{"op":"replace","path":"/x","value":null}]`, "string needed"},
		{`[{"op":"replace","path":"/x","value":{"a":"b"}}]`, "string needed"},
		{`[{"op":"add","path":"/x","value":true}]`, "string needed"},
		{`[{"op":"add","path":"/` + strings.Repeat("k", 256) + `","value":"b"}]`, "too many characters"},
		{`[{"op":"replace","path":"/name","value":"` + strings.Repeat("ü", 256) + `"}]`, "at most 255"},
		{`[{"op":"replace","path":"/owner","value":"` + strings.Repeat("o", 256) + `"}]`, "at most 255"},
		{`[{"op":"replace","path":"/visibility","value":"secret"}]`, "must be one of"},
		{`[{"op":"replace","path":"/visibility","value":null}]`, "string needed"},
		{`[{"op":"replace","path":"/protected","value":"true"}]`, "boolean needed"},
		{`[{"op":"replace","path":"/os_hidden","value":1}]`, "boolean needed"},
		{`[{"op":"replace","path":"/min_ram","value":1.5}]`, "integer needed"},
		{`[{"op":"replace","path":"/min_ram","value":true}]`, "integer needed"},
		{`[{"op":"replace","path":"/min_disk","value":null}]`, "integer needed"},
		{`[{"op":"replace","path":"/min_disk","value":1e999}]`, "integer needed"},
		{`[{"op":"replace","path":"/disk_format","value":"qcow3"}]`, "must be one of"},
		{`[{"op":"replace","path":"/container_format","value":""}]`, "must be one of"},
		{`[{"op":"replace","path":"/tags","value":"x"}]`, "array needed"},
		{`[{"op":"replace","path":"/tags","value":["a",5]}]`, "element 1: string needed"},
		{`[{"op":"replace","path":"/tags","value":["` + strings.Repeat("t", 256) + `"]}]`, "at most 255"},
		{`[{"op":"add","path":"/kernel_id","value":"x"}]`, "must be a UUID"},
		{`[{"op":"add","path":"/os_distro","value":null}]`, "string needed"},
		{`[{"op":"add","path":"/cinder_encryption_key_deletion_policy","value":"never"}]`, "must be one of"},
		{`[{"op":"replace","path":"/locations","value":null}]`, "array needed"},
		{`[{"op":"add","path":"/locations/-","value":"http://x"}]`, "object needed"},
		{`[{"op":"add","path":"/locations/-","value":{"url":"http://x"}}]`, "'metadata' is missing"},
		{`[{"op":"add","path":"/locations/-","value":{"url":5,"metadata":{}}}]`, "'url': string needed"},
		{`[{"op":"add","path":"/locations/-","value":{"url":"` + strings.Repeat("u", 256) + `","metadata":{}}}]`, "'url': at most 255"},
		{`[{"op":"add","path":"/locations/-","value":{"url":"http://x","metadata":[]}}]`, "'metadata': object needed"},
		{`[{"op":"add","path":"/y","value":"b"},{"op":"add","path":"/z"}]`, "Operation 1 of the patch"},
		{`[{"op":"add","path":"/y"},{"op":"add","path":"/id","value":"x"}]`, "Operation 0 of the patch"},
	} {
		id := first
		if i%2 == 1 {
			id = noImage // whoever sends nonsense learns nothing of images
		}
		w.call("PATCH /v2/images/"+id, named(c.sent), v21(c.sent)).want(400).says(c.says)
	}
	for _, c := range []struct{ sent, says string }{
		{`[{"value":"b"}]`, "exactly one"},
		{`[{"add":"/x","remove":"/y","value":"b"}]`, "exactly one"},
		{`[{"add":5,"value":"b"}]`, "must be a text"},
		{`[{"replace":"name","value":"b"}]`, "must begin with '/'"},
		{`[{"replace":"/name"}]`, "'value' is missing"},
		{`[{"replace":"/name","value":5}]`, "null or string needed"},
	} {
		w.call("PATCH /v2/images/"+first, named(c.sent), v20(c.sent)).want(400).says(c.says)
	}
	w.call("GET /v2/images/" + first).want(200).says(`"name":"a"`).says(`"x":"y"`)
}

// Pointers are unescaped, and blanks around their segments do not count.
func TestPatchPointers(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{}`)
	for pointer, name := range map[string]string{
		"/plain": "plain", "/a~1b": "a/b", "/c~0d": "c~d", "/~01": "~1", "/~1": "/", "/ e ": "e", "/\\u2003f\\u001c": "f", "/g h": "g h",
		"/%2Fi": "%2Fi", "/🐧": "🐧", "/j\\u0000": "j\x00", "/NAME": "NAME", "/-": "-", "/0": "0",
	} {
		fields := w.call("PATCH /v2/images/"+id, named(pointer), v21(`[{"op":"add","path":"`+pointer+`","value":"is there"}]`)).want(200).fields()
		if fields[name] != "is there" {
			t.Errorf("%s leads to %v", pointer, fields)
		}
		fields = w.call("PATCH /v2/images/"+id, named(pointer), v20(`[{"remove":"`+pointer+`"}]`)).want(200).fields()
		if _, left := fields[name]; left {
			t.Errorf("%s is left: %v", pointer, fields)
		}
	}
}

// The first of several equal members does not count, as everywhere in JSON here.
func TestPatchRepeatedMembers(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"x":"y"}`)
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"remove","path":"/name","op":"replace","path":"/x","value":1,"value":"z"}]`)).
		want(200).says(`"x":"z"`)
}

// A patch may be as long as a body. Ten thousand operations are one change.
func TestPatchOfManyOperations(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"tags":["a"]}`)
	var operations strings.Builder
	operations.WriteString(`[{"op":"add","path":"/n","value":"-1"}`)
	for i := range 10_000 {
		switch i % 4 {
		case 0:
			fmt.Fprintf(&operations, `,{"op":"replace","path":"/n","value":"%d"}`, i)
		case 1:
			fmt.Fprintf(&operations, `,{"op":"add","path":"/x%d","value":"y"}`, i)
		case 2:
			fmt.Fprintf(&operations, `,{"op":"remove","path":"/x%d"}`, i-1)
		case 3:
			operations.WriteString(`,{"op":"replace","path":"/tags","value":["c","b","c"]}`)
		}
	}
	whole := operations.String()
	w.refused("PATCH /v2/images/"+id, v21(whole+`,{"op":"remove","path":"/nothing"}]`)).want(409)
	w.call("PATCH /v2/images/"+id, v21(whole+`]`)).want(200).says(`"n":"9996"`).says(`"tags":["b","c"]`)
}

// What an answer repeats of a patch has an end.
func TestPatchRefusalsAreShort(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{}`)
	long := strings.Repeat("<&", 300<<10)
	for sent, status := range map[string]int{
		`[{"op":"remove","path":"/` + long + `"}]`:                      409,
		`[{"op":"replace","path":"/` + long + `","value":"x"}]`:         409,
		`[{"op":"replace","path":"/os_glance` + long + `","value":""}]`: 403,
	} {
		got := w.refused("PATCH /v2/images/"+id, named(sent[:20]), v21(sent), header("Accept", "*/*")).want(status)
		if len(got.body) > 20_000 {
			t.Errorf("%s: the answer has %d bytes", sent[:20], len(got.body))
		}
	}
}

// replaced makes a patch that sets one attribute or property.
func replaced(name, value string) option {
	return v21(`[{"op":"replace","path":"/` + name + `","value":` + value + `}]`)
}
