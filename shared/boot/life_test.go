package boot

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/event"
)

// A step of an image's life is one function's recorded event.
type step struct {
	function, as string
	status       int    // 0: a consumer
	body         string // is in the answer
	header       string // "Name: value" of the answer
}

// life is that of one image, and the other functions beside it.
func (d *installation) life() []step {
	const id = "2f9c1d3e-7a54-4b0e-9d61-0c8f5e3b7a10" // in the events
	return []step{
		{"version-list", "", 300, publicEndpoint + "/v2/", ""},
		{"healthcheck", "", 200, "OK", "Content-Type: text/plain; charset=UTF-8"},
		{"image-create", "gander", 201, `"cirros ä"`, "Location: " + publicEndpoint + "/v2/images/" + id},
		{"image-list", "gander", 200, id, "Content-Type: application/json"},
		{"image-show", "gander", 200, `"queued"`, ""},
		{"image-data-upload", "gander", 204, "", ""},
		{"image-data-download", "gander", 206, "\x00\xff\x80\n", "Content-Type: application/octet-stream"},
		{"schema-show", "gander", 200, `"os_hash_algo"`, ""},
		{"info-import", "gander", 200, `"import-methods"`, ""},
		{"info-stores", "gander", 200, `"` + d.store + `"`, ""},
		{"info-stores-detail", "gander-admin", 200, `"weight"`, ""},
		{"fallback", "gander", 405, "not allowed", "Allow: GET, DELETE"},
		{"image-delete", "gander", 204, "", ""},
		{"reaper", "", 0, `{"batchItemFailures":[]}`, ""},
		{"sweeper", "", 0, "null", ""},
	}
}

// live takes every function through the life by one of its doors.
func (d *installation) live(by func(*installation, step, []byte) gatewayAnswer) {
	d.t.Helper()
	met := map[string]bool{}
	for _, s := range d.life() {
		met[s.function] = true
		payload := d.recorded(s.function, s.as)
		a := by(d, s, payload)
		if a.StatusCode == http.StatusFound {
			a = d.follow(a, payload)
		} else if s.status != 0 && !strings.HasPrefix(a.MultiValueHeaders.Get(requestIDHeader), "req-") {
			d.t.Errorf("%s: no request id", s.function)
		}
		name, value, _ := strings.Cut(s.header, ": ")
		if s.status != 0 && a.StatusCode != s.status || !strings.Contains(a.body(d.t), s.body) || a.MultiValueHeaders.Get(name) != value {
			d.t.Errorf("%s: %+v", s.function, a)
		}
	}
	for _, f := range functions() {
		if !met[f.name] {
			d.t.Errorf("%s did not get its event", f.name)
		}
	}
}

// follow is a client that is sent to the bucket: it asks there as it did here.
func (d *installation) follow(a gatewayAnswer, payload []byte) gatewayAnswer {
	d.t.Helper()
	asked, _, err := event.Request(d.t.Context(), payload)
	if err != nil {
		d.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, a.MultiValueHeaders.Get("Location"), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, name := range []string{"Range", "X-Auth-Token", "Accept"} {
		r.Header[name] = asked.Header[name]
	}
	return send(d.t, r)
}

// asLambda feeds the function the event under a Runtime API.
func asLambda(d *installation, s step, payload []byte) gatewayAnswer {
	d.t.Helper()
	o := d.feed(s.function, payload)
	if s.status != 0 {
		return parseAnswer(d.t, s.function, o)
	}
	if o.Failed || string(o.Payload) != s.body {
		d.t.Errorf("%s: %s", s.function, o.Payload)
	}
	return gatewayAnswer{Body: string(o.Payload)}
}

// asContainer sends the function the request that the event stands for, or the
// event itself.
func asContainer(d *installation, s step, payload []byte) gatewayAnswer {
	d.t.Helper()
	if s.status != 0 {
		r, _, err := event.Request(d.t.Context(), payload)
		if err != nil {
			d.t.Fatal(err)
		}
		return d.overHTTP(s.function, r)
	}
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, "http://any/", bytes.NewReader(payload))
	if err != nil {
		d.t.Fatal(err)
	}
	a := d.overHTTP(s.function, r)
	if a.StatusCode != http.StatusOK || strings.TrimSpace(a.Body) != s.body {
		d.t.Errorf("%s: %+v", s.function, a)
	}
	return a
}

// TestFunctionsAnswerTheirEvents starts every compiled function under a Runtime
// API and feeds it its event, in the order of an image's life.
func TestFunctionsAnswerTheirEvents(t *testing.T) { deploy(t).live(asLambda) }

// TestFunctionsAnswerOnTheirPort starts every compiled function without a Runtime
// API, on the port that a container platform gives it.
func TestFunctionsAnswerOnTheirPort(t *testing.T) { deploy(t).live(asContainer) }
