package boot

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/event"
)

// A step of an image's life is one function's recorded event.
type step struct {
	function, as string
	status       int    // 0: a consumer, or the authorizer
	body         string // is in the answer; that of a consumer begins with it
	header       string // "Name: value" of the answer
	asks         string // "Name: value" that the request has beside what was recorded
}

// life is that of one image, and the other functions beside it.
func (d *installation) life() []step {
	const (
		id     = "2f9c1d3e-7a54-4b0e-9d61-0c8f5e3b7a10" // in the events
		member = "7d1b5e0c4a3f4f0e9b6c2a8d1e5f3b70"     // likewise; nobody is of that project, so an admin answers for it
	)
	return []step{
		{function: "authorizer", as: "gander", body: `{"principalId":"`},
		{function: "version-list", status: 300, body: publicEndpoint + "/v2/"},
		{function: "healthcheck", status: 200, body: "OK", header: "Content-Type: text/plain; charset=UTF-8"},
		{function: "image-create", as: "gander", status: 201, body: `"cirros ä"`, header: "Location: " + publicEndpoint + "/v2/images/" + id},
		{function: "image-list", as: "gander", status: 200, body: id, header: "Content-Type: application/json"},
		{function: "image-show", as: "gander", status: 200, body: `"queued"`},
		{function: "image-update", as: "gander", status: 200, body: `"cirros ö"`, header: "Content-Type: application/json"},
		{function: "image-tag-add", as: "gander", status: 204},
		{function: "image-show", as: "gander", status: 200, body: `"two words"`},
		{function: "image-tag-delete", as: "gander", status: 204},
		{function: "image-data-upload", as: "gander", status: 400, asks: "X-Openstack-Image-Size: 3"},
		{function: "image-task-list", as: "gander", status: 200, body: `"failure"`, header: "Content-Type: application/json"},
		{function: "task-show", as: "gander-admin", status: 200, body: id, header: "Content-Type: application/json"},
		{function: "image-data-upload", as: "gander", status: 204},
		{function: "image-data-download", as: "gander", status: 206, body: "\x00\xff\x80\n", header: "Content-Type: application/octet-stream"},
		{function: "image-v1-show", as: "gander", status: 200, body: "\x00\xff\x80\n"},
		{function: "image-snapshot", as: "gander-admin", status: 201, body: `"before the upgrade"`, header: "Content-Type: application/json"},
		{function: "policy-explain", as: "gander", status: 200, body: `"allowed"`, header: "Content-Type: application/json"},
		{function: "health-show", as: "gander-admin", status: 200, body: `"policy"`, header: "Content-Type: application/json"},
		{function: "image-deactivate", as: "gander", status: 204},
		{function: "image-data-download", as: "gander", status: 403},
		{function: "image-reactivate", as: "gander", status: 204},
		{function: "member-create", as: "gander", status: 200, body: `"pending"`},
		{function: "member-list", as: "gander", status: 200, body: member},
		{function: "member-update", as: "gander-admin", status: 200, body: `"accepted"`},
		{function: "member-show", as: "gander", status: 200, body: `"accepted"`},
		{function: "member-delete", as: "gander", status: 204},
		{function: "schema-show", as: "gander", status: 200, body: `"os_hash_algo"`},
		{function: "info-import", as: "gander", status: 200, body: `"import-methods"`},
		{function: "info-stores", as: "gander", status: 200, body: `"` + d.store + `"`},
		{function: "info-stores-detail", as: "gander-admin", status: 200, body: `"weight"`},
		{function: "fallback", as: "gander", status: 405, body: "not allowed", header: "Allow: GET, PATCH, DELETE"},
		{function: "image-delete", as: "gander", status: 204},
		{function: "image-deleted-list", as: "gander-admin", status: 200, body: id},
		{function: "image-restore", as: "gander-admin", status: 200, body: id},
		{function: "image-data-download", as: "gander", status: 206, body: "\x00\xff\x80\n"},
		{function: "image-delete", as: "gander", status: 204},
		{function: "keymanager-version-list", status: 200, body: publicEndpoint + "/key-manager/v1", header: "Content-Type: application/json"},
		{function: "secret-create", as: "gander", status: 201, body: publicEndpoint + "/key-manager/v1/secrets/", header: "Content-Type: application/json"},
		{function: "secret-payload-set", as: "gander", status: 204},
		{function: "secret-payload-show", as: "gander", status: 200, body: "\x00\xff\x80\n", header: "Content-Type: application/octet-stream"},
		{function: "secret-list", as: "gander", status: 200, body: `"luks"`},
		{function: "secret-show", as: "gander", status: 200, body: `"luks"`},
		{function: "secret-consumer-create", as: "gander", status: 200, body: `"compute"`},
		{function: "secret-delete", as: "gander", status: 409},
		{function: "secret-consumer-list", as: "gander", status: 200, body: `"compute"`},
		{function: "secret-consumer-delete", as: "gander", status: 200},
		{function: "secret-acl-set", as: "gander", status: 200, body: publicEndpoint},
		{function: "secret-acl-show", as: "gander", status: 200, body: `"project-access"`},
		{function: "secret-acl-delete", as: "gander", status: 200},
		{function: "order-create", as: "gander", status: 202, body: publicEndpoint + "/key-manager/v1/orders/"},
		{function: "order-list", as: "gander", status: 200, body: `"ACTIVE"`},
		{function: "order-show", as: "gander", status: 200, body: `"ACTIVE"`},
		{function: "order-delete", as: "gander", status: 204},
		{function: "secret-delete", as: "gander", status: 204},
		{function: "key-list", as: "gander-admin", status: 200, body: `"scheduled"`},
		{function: "key-show", as: "gander-admin", status: 200, body: `"scheduled"`},
		{function: "key-restore", as: "gander-admin", status: 200, body: `"live"`},
		{function: "secret-payload-show", as: "gander", status: 200, body: "\x00\xff\x80\n"},
		{function: "key-audit", as: "gander-admin", status: 200, body: "{"},
		{function: "key-deletions-set", as: "gander-admin", status: 200, body: `"enabled":false`},
		{function: "key-deletions-show", as: "gander-admin", status: 200, body: `"enabled":false`},
		{function: "consumer-list", as: "gander-admin", status: 200, body: `"reaper"`},
		{function: "consumer-retry", as: "gander-admin", status: 404},
		{function: "reaper", body: `{"batchItemFailures":[]}`},
		{function: "sweeper", body: "null"},
	}
}

// What the recorded events call a task, a secret and an order; the service gives
// them other names.
const (
	taskInEvents   = "5b8e3a1c-0d47-4f2e-8a96-3c1e7d9f2b54"
	secretInEvents = "6e0b1c2d-3f4a-4b5c-8d6e-7f8091a2b3c4"
	orderInEvents  = "9a7c5e3b-1d2f-4a6b-8c0d-e1f2a3b4c5d6"
)

// asked is a step's recorded event, about what there is: names has what the service
// calls it.
func (d *installation) asked(s step, names map[string]string) []byte {
	d.t.Helper()
	payload := d.recorded(s.function, s.as)
	for recorded, name := range names {
		payload = bytes.ReplaceAll(payload, []byte(recorded), []byte(name))
	}
	if s.asks == "" {
		return payload
	}
	name, value, _ := strings.Cut(s.asks, ": ")
	return withHeader(d.t, payload, name, value)
}

// withHeader adds a header to an event of either payload.
func withHeader(t *testing.T, payload []byte, name, value string) []byte {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	e["headers"].(map[string]any)[name] = value
	if multi, ok := e["multiValueHeaders"].(map[string]any); ok {
		multi[name] = []string{value}
	}
	payload, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// onlyTask is the id of the one task in a list.
func onlyTask(t *testing.T, body string) string {
	t.Helper()
	var list struct{ Tasks []struct{ ID string } }
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Tasks) != 1 {
		t.Errorf("one upload failed, and the tasks are %s", body)
		return taskInEvents
	}
	return list.Tasks[0].ID
}

// lastOf is the last part of the URL in an answer's field.
func lastOf(t *testing.T, body, field string) string {
	t.Helper()
	var shown map[string]string
	if err := json.Unmarshal([]byte(body), &shown); err != nil || shown[field] == "" {
		t.Errorf("there is no %s in %s", field, body)
	}
	return path.Base(shown[field])
}

// live takes every function through the life by one of its doors.
func (d *installation) live(by func(*installation, step, []byte) gatewayAnswer) {
	d.t.Helper()
	met, names := map[string]bool{}, map[string]string{}
	for _, s := range d.life() {
		met[s.function] = true
		payload := d.asked(s, names)
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
		switch s.function {
		case "image-task-list":
			names[taskInEvents] = onlyTask(d.t, a.body(d.t))
		case "secret-create":
			names[secretInEvents] = lastOf(d.t, a.body(d.t), "secret_ref")
		case "order-create":
			names[orderInEvents] = lastOf(d.t, a.body(d.t), "order_ref")
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
	if o.Failed || !strings.HasPrefix(string(o.Payload), s.body) {
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
	if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Body, s.body) {
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
