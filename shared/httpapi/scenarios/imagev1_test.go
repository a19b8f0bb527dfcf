package scenarios

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// The form of v1: all that is to be said of an image stands in headers.
func TestImageV1Show(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"name":"Ubuntu","disk_format":"raw","container_format":"bare","min_ram":512,"visibility":"private","tags":["t"],
		"os_distro":"ubuntu","X_Billing":"42","empty":"","kept":"a  b, \"c\""}`)
	w.call("PUT /v2/images/"+id+"/file", octets("0123456789")).want(204)
	const sum = "781e5e245d69b566979b86e28d23f2c7" // MD5 of the ten digits
	path := "/v1/images/" + id
	for name, options := range map[string][]option{"described": nil, "described, range": {header("Range", "bytes=2-4")}} {
		a := w.call("HEAD "+path, append(options, named(name))...).want(200).is("").
			has("Etag", sum).has("Location", publicEndpoint+path).has("Content-Length", "10").has("Cache-Control", "no-store").
			has("Content-Md5", "").has(leftOutV1, "")
		shows(a, map[string]string{
			"id": id, "name": "Ubuntu", "status": "active", "size": "10", "checksum": sum, "disk_format": "raw", "container_format": "bare",
			"min_ram": "512", "min_disk": "0", "owner": "demo", "is_public": "False", "protected": "False", "deleted": "False",
			"created_at": "*", "updated_at": "*",
			"property-os_distro": "ubuntu", "property-x_billing": "42", "property-empty": "", "property-kept": `a  b, "c"`,
		})
	}
	a := w.call("GET "+path, named("given")).want(200).is("0123456789").has("Content-Type", octetStream).has("Content-Length", "10").
		has("Content-Md5", sum).has("Etag", sum).has("Location", publicEndpoint+path).has("X-Image-Meta-Property-Os_distro", "ubuntu")
	if a.differs == nil {
		w.call("GET "+path, named("given, range"), header("Range", "bytes=2-4")).want(200).is("0123456789")
	}
	w.call("PATCH /v2/images/"+id, as("admin"), replaced("visibility", `"public"`)).want(200)
	w.call("HEAD "+path, as("guest")).want(200).has("X-Image-Meta-Is_public", "True")
}

// shows holds the headers of a description to what they are to be, and that there
// are no others.
func shows(a *answer, want map[string]string) {
	a.t.Helper()
	shown := map[string]string{}
	for name := range a.header {
		if short, ok := strings.CutPrefix(strings.ToLower(name), attributeV1); ok {
			shown[short] = strings.Join(a.header.Values(name), "|")
		}
	}
	for name, value := range want {
		got, ok := shown[name]
		delete(shown, name)
		if value == "*" && regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$`).MatchString(got) {
			continue
		}
		if !ok || got != value {
			a.t.Errorf("%s: %s is %q, want %q", a.line, name, got, value)
		}
	}
	for name, value := range shown {
		a.t.Errorf("%s: it shows %s: %s", a.line, name, value)
	}
}

// Who is described an image, and who is given it: two rules, the first of which
// asks whether there is an image at all.
func TestImageV1ShowRefuses(t *testing.T) {
	w := newWorld(t)
	id, empty, queued := w.filled("abc"), w.filled(""), w.made(bootable)
	public := w.made(`{"visibility":"public","disk_format":"raw","container_format":"bare"}`, as("admin"))
	w.call("PUT /v2/images/"+public+"/file", as("admin"), octets("x")).want(204)
	for _, c := range []struct {
		id, who     string
		head, whole int
	}{
		{id, "member", 200, 200},
		{id, "admin", 200, 200},
		{id, "reader", 200, 403},
		{id, "nobody", 404, 404},
		{id, "other", 404, 404},
		{id, "system", 404, 404},
		{public, "other", 200, 200},
		{public, "guest", 200, 403},
		{public, "nobody", 404, 404},
		{empty, "member", 200, 200},
		{queued, "member", 200, 404}, // v1 has no answer without data
		{queued, "admin", 200, 404},
		{queued, "reader", 200, 404},
		{"nope", "admin", 404, 404},
	} {
		w.refused("HEAD /v1/images/"+c.id, as(c.who), named(c.who)).want(c.head)
		w.refused("GET /v1/images/"+c.id, as(c.who), named(c.who)).want(c.whole)
	}
	w.call("GET /v1/images/"+id, without("X-Auth-Token")).want(401)
	w.call("HEAD /v1/images/"+id, without("X-Auth-Token")).want(401)
	w.call("HEAD /v1/images/"+queued, named("queued")).want(200).has("Etag", "").has("X-Image-Meta-Size", "").has("X-Image-Meta-Status", "queued")
	w.call("POST /v2/images/" + id + "/actions/deactivate").want(204)
	for _, who := range []string{"member", "admin"} {
		w.refused("GET /v1/images/"+id, as(who)).want(403).says("deactivated")
		w.call("HEAD /v1/images/"+id, as(who)).want(200).has("X-Image-Meta-Status", "deactivated")
	}
	w.call("DELETE /v2/images/" + id).want(204)
	w.refused("HEAD /v1/images/" + id).want(404)
}

// What people write reaches headers as one line of printable ASCII, from which it
// can be read back, and never as a header of its own.
func TestImageV1TextsAreOneLine(t *testing.T) {
	w := newWorld(t)
	for text, written := range map[string]string{
		"plain text; with, signs": "plain text; with, signs",
		"a\r\nX-Evil: 1":          "a%0D%0AX-Evil: 1",
		"é 漢 🦆":                   "%C3%A9 %E6%BC%A2 %F0%9F%A6%86",
		" blanks ":                "%20blanks%20",
		"100%":                    "100%25",
		"\x00\x1f\x7f\t":          "%00%1F%7F%09",
		" ":                       "%20",
	} {
		sent := strings.NewReplacer("\r", `\r`, "\n", `\n`, "\x00", `\u0000`, "\x1f", `\u001f`, "\t", `\t`).Replace(text)
		id := w.made(`{"name":"` + sent + `","p":"` + sent + `"}`)
		a := w.call("HEAD /v1/images/"+id).want(200).has("X-Image-Meta-Name", written).has("X-Image-Meta-Property-P", written).has("X-Evil", "")
		if back, err := url.PathUnescape(a.header.Get("X-Image-Meta-Name")); err != nil || back != text {
			t.Errorf("%q is read back as %q, %v", text, back, err)
		}
	}
	id := w.made(`{"a b":"1","x: y\r\nX-Evil: 1\r\n":"2","Ä":"3","%41":"4","a.b/c~":"5","":"6","KEY":"upper","key":"lower","Key":"mixed"}`)
	a := w.call("HEAD /v1/images/"+id).want(200).has("X-Evil", "")
	for name, value := range map[string]string{
		"a%20b": "1", "x%3A%20y%0D%0Ax-evil%3A%201%0D%0A": "2", "%C3%A4": "3", "%2541": "4", "a.b%2Fc~": "5", "": "6", "key": "lower",
	} {
		a.has("X-Image-Meta-Property-"+name, value)
	}
}

// Descriptions that no gateway or client would take are cut: whole headers, the
// longest first, and their number is told.
func TestImageV1HeadersHaveRoom(t *testing.T) {
	w := newWorld(t)
	size := func(a *answer) (bytes, lines int) {
		for name, values := range a.header {
			bytes, lines = bytes+len(name)+len(values[0]), lines+1
		}
		return bytes, lines
	}
	var sent []string
	for i := range 3 {
		sent = append(sent, `"long`+string(rune('a'+i))+`":"`+strings.Repeat("x", 3000)+`"`)
	}
	id := w.made(`{"name":"n","billing":"ntt_3251",` + strings.Join(sent, ",") + `}`)
	a := w.call("HEAD /v1/images/"+id, named("long values")).want(200).has(leftOutV1, "1").has("X-Image-Meta-Property-Billing", "ntt_3251").
		has("X-Image-Meta-Property-Longb", strings.Repeat("x", 3000)).has("X-Image-Meta-Property-Longc", "")
	if bytes, _ := size(a); bytes > 8<<10 {
		t.Errorf("%d bytes of headers", bytes)
	}

	sent = nil
	for i := range 120 {
		sent = append(sent, `"p`+string(rune('a'+i/26))+string(rune('a'+i%26))+`":"v"`)
	}
	id = w.made(`{` + strings.Join(sent, ",") + `}`)
	a = w.call("HEAD /v1/images/"+id, named("many")).want(200).has(leftOutV1, "*")
	if _, lines := size(a); lines > 100 || a.header.Get(leftOutV1) == "" {
		t.Errorf("%d headers, %q left out", lines, a.header.Get(leftOutV1))
	}
}

// Nothing else of v1 is served: it is one of the versions that are not there.
func TestImageV1IsNoMore(t *testing.T) {
	w := newWorld(t)
	id := w.filled("abc")
	for _, line := range []string{
		"POST /v1/images/" + id, "PUT /v1/images/" + id, "DELETE /v1/images/" + id, "PATCH /v1/images/" + id,
		"GET /v1/images", "GET /v1/images/detail/more", "GET /v1/images/" + id + "/members", "GET /v1", "GET /v1.0/images/" + id, "HEAD /v1.1/images/" + id,
	} {
		got := w.refused(line).want(http.StatusMultipleChoices)
		if !strings.HasPrefix(line, "HEAD") {
			got.says(`"v2.17","status":"CURRENT"`)
		}
	}
}
