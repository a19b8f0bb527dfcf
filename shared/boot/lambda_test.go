package boot

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// TestFunctionsAreToldOfTheirEnd: a Lambda asks for the signal, closes what it
// has open, says so, and ends well.
func TestFunctionsAreToldOfTheirEnd(t *testing.T) {
	d := deploy(t)
	for _, f := range functions() {
		logs := &logBuffer{}
		run := d.startLogged(f.name, logs)
		<-run.Polled()
		select {
		case <-run.Registered():
		default:
			t.Errorf("%s asks for work before it asks for the signal", f.name)
		}
		if o := invokeFunction(t, run, d.recorded(f.name, "gander")); o.Init {
			t.Fatalf("%s: %s", f.name, o.Payload)
		}
		select {
		case <-run.Exited():
			t.Errorf("%s ended untold", f.name)
		default:
		}
		run.Stop(longWait)
		if state := run.State(); !state.Success() {
			t.Errorf("%s: %v", f.name, state)
		}
		text := logs.String()
		for _, want := range []string{`"msg":"stopping"`, `"msg":"stopped"`} {
			if strings.Count(text, want) != 1 {
				t.Errorf("%s: no %s, or several, in\n%s", f.name, want, text)
			}
		}
	}
}

// untilSignalled starts what waits for the signal, over a resource that is closed last.
func untilSignalled(t *testing.T) (signals chan os.Signal, turns *turnstile, logs *logBuffer, code func() int) {
	t.Helper()
	signals, turns, logs = make(chan os.Signal, 1), newTurnstile(), &logBuffer{}
	log := slog.New(slog.NewJSONHandler(logs, nil))
	s := &services{log: log, closers: []func() error{func() error { log.Info("closed"); return nil }}}
	p := &process{signals: signals}
	ended := make(chan int, 1)
	go func() { ended <- p.endLambda("test", s, turns) }()
	return signals, turns, logs, func() int {
		select {
		case c := <-ended:
			return c
		case <-time.After(longWait):
			t.Fatal("it does not end")
			return -1
		}
	}
}

type handlerFunc func(context.Context, []byte) ([]byte, error)

func (f handlerFunc) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return f(ctx, payload)
}

var _ lambda.Handler = handlerFunc(nil)

// TestRunningInvocationsEndFirst: what runs when the signal comes still answers,
// before anything is closed, and nothing new begins.
func TestRunningInvocationsEndFirst(t *testing.T) {
	signals, turns, logs, code := untilSignalled(t)
	started, answered := make(chan struct{}), make(chan error, 1)
	h := counted{handlerFunc(func(context.Context, []byte) ([]byte, error) {
		close(started)
		for turns.enter() { // until the turnstile is closed
			turns.leave()
			time.Sleep(time.Millisecond)
		}
		if strings.Contains(logs.String(), "closed") {
			return nil, errors.New("it was closed meanwhile")
		}
		return nil, nil
	}), turns}
	go func() {
		_, err := h.Invoke(t.Context(), nil)
		answered <- err
	}()
	<-started
	signals <- syscall.SIGTERM
	if c := code(); c != 0 {
		t.Errorf("exit %d", c)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if _, err := h.Invoke(t.Context(), nil); err == nil {
		t.Error("an invocation began after the signal")
	}
	if text := logs.String(); !strings.Contains(text, `"msg":"closed"`) || strings.Contains(text, "cut off") {
		t.Errorf("logged %s", text)
	}
}

// TestHangingInvocationsAreCutOff: the platform waits half a second, and no
// longer.
func TestHangingInvocationsAreCutOff(t *testing.T) {
	signals, turns, logs, code := untilSignalled(t)
	if !turns.enter() { // and never leaves
		t.Fatal("no way in")
	}
	begin := time.Now()
	signals <- syscall.SIGTERM
	if c := code(); c != 0 || !strings.Contains(logs.String(), "cut off") || !strings.Contains(logs.String(), `"msg":"closed"`) {
		t.Errorf("exit %d, logged %s", c, logs)
	}
	if took := time.Since(begin); took < killReserve {
		t.Errorf("cut off after %v", took)
	}
}

// TestInvocationsThatRunOutOfTimeAreAnswered: before the platform ends the
// invocation the caller gets a 503 with an id, also if the operation does not
// look at the clock at all.
func TestInvocationsThatRunOutOfTimeAreAnswered(t *testing.T) {
	logs, release, left := &logBuffer{}, make(chan struct{}), make(chan struct{})
	h := gatewayHandler{
		handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			defer close(left)
			<-release
			w.WriteHeader(http.StatusTeapot)
		}),
		log: slog.New(slog.NewJSONHandler(logs, nil)),
	}
	end := time.Now().Add(500 * time.Millisecond)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	raw, err := h.Invoke(ctx, []byte(getEvent))
	if err != nil || !time.Now().Before(end) {
		t.Fatalf("%v, at %v of %v", err, time.Now(), end)
	}
	close(release) // what comes later goes nowhere
	<-left
	var answer gatewayAnswer
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != 503 || !strings.Contains(answer.Body, "ran out of time") || answer.MultiValueHeaders.Get("X-Openstack-Request-Id") != "req-1" {
		t.Errorf("%s", raw)
	}
	if text := logs.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"request_id":"req-1"`) {
		t.Errorf("logged %s", text)
	}
}

// TestPanicsReachThePlatform: what nobody expected ends the environment, as the
// platform wants it, in the invocation's own goroutine.
func TestPanicsReachThePlatform(t *testing.T) {
	h := gatewayHandler{handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("on fire") })}
	defer func() {
		if cause := recover(); cause != "on fire" {
			t.Errorf("recovered %v", cause)
		}
	}()
	_, _ = h.Invoke(t.Context(), []byte(getEvent))
	t.Error("nothing happened")
}

// A question is one request of one caller.
type question struct {
	function, method, path, as string
	header                     map[string]string
	query                      map[string][]string
	body                       string
}

func (q question) event(t *testing.T, d *installation, id string) []byte {
	t.Helper()
	header := map[string]string{"X-Openstack-Request-Id": id}
	for name, value := range q.header {
		header[name] = value
	}
	if q.as != "" {
		header["X-Auth-Token"] = d.tokens[q.as]
	}
	payload, err := json.Marshal(map[string]any{
		"httpMethod": q.method, "path": q.path, "headers": header, "multiValueQueryStringParameters": q.query,
		"requestContext": map[string]any{"stage": "gander"}, "body": q.body,
	})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// TestNothingLeaksBetweenInvocations: one process that serves callers and
// requests in turn gives each the bytes that a process of its own would.
func TestNothingLeaksBetweenInvocations(t *testing.T) {
	d := deploy(t)
	for _, f := range []string{"image-create", "image-data-upload"} {
		if a := parseAnswer(t, f, d.feed(f, d.recorded(f, "gander"))); a.StatusCode/100 != 2 {
			t.Fatalf("%s: %+v", f, a)
		}
	}
	const image = "/v2/images/2f9c1d3e-7a54-4b0e-9d61-0c8f5e3b7a10"
	html, part := map[string]string{"Accept": "text/html"}, map[string]string{"Range": "bytes=1-2"}
	patch := map[string]string{"Content-Type": "application/openstack-images-v2.1-json-patch"}
	asked := map[string][]question{}
	for _, q := range []question{
		{function: "image-show", method: "GET", path: image, as: "gander"},
		{function: "image-show", method: "GET", path: image, as: "gander-other"},
		{function: "image-show", method: "GET", path: image},
		{function: "image-show", method: "GET", path: image, header: map[string]string{"X-Auth-Token": "none"}},
		{function: "image-show", method: "GET", path: image, as: "gander-reader", header: html},
		{function: "image-show", method: "GET", path: image + "x", as: "gander", header: html},
		{function: "image-show", method: "GET", path: image, as: "gander", body: "{}"},
		{function: "image-list", method: "GET", path: "/v2/images", as: "gander", query: map[string][]string{"limit": {"1"}, "sort_key": {"name", "size"}}},
		{function: "image-list", method: "GET", path: "/v2/images", as: "gander-other"},
		{function: "image-list", method: "GET", path: "/v2/images", as: "gander", query: map[string][]string{"limit": {"none"}}},
		{function: "image-list", method: "GET", path: "/v2/images", as: "gander-admin", query: map[string][]string{"visibility": {"all"}}},
		{function: "image-data-download", method: "GET", path: image + "/file", as: "gander"},
		{function: "image-data-download", method: "GET", path: image + "/file", as: "gander", header: part},
		{function: "image-data-download", method: "GET", path: image + "/file", as: "gander-other"},
		{function: "image-data-download", method: "GET", path: image + "/file", as: "gander-reader"},
		{function: "image-create", method: "POST", path: "/v2/images", as: "gander", body: `{"name":5}`},
		{function: "image-create", method: "POST", path: "/v2/images", as: "gander-reader", body: `{"name":"n"}`},
		{function: "image-create", method: "POST", path: "/v2/images", as: "gander", header: html, body: `{`},
		{function: "image-update", method: "PATCH", path: image, as: "gander", header: patch, body: `[]`},
		{function: "image-update", method: "PATCH", path: image, as: "gander-reader", header: patch, body: `[{"op":"replace","path":"/name","value":"n"}]`},
		{function: "image-update", method: "PATCH", path: image, as: "gander-other", header: patch, body: `[{"op":"replace","path":"/name","value":"n"}]`},
		{function: "image-update", method: "PATCH", path: image, as: "gander", header: patch, body: `[{"op":"replace","path":"/id","value":"n"}]`},
		{function: "image-update", method: "PATCH", path: image, as: "gander", body: `[]`},
		{function: "member-list", method: "GET", path: image + "/members", as: "gander"},
		{function: "member-list", method: "GET", path: image + "/members", as: "gander-other"},
		{function: "member-list", method: "GET", path: image + "/members", as: "gander-reader", header: html},
		{function: "task-show", method: "GET", path: "/v2/tasks/" + taskInEvents, as: "gander"},
		{function: "task-show", method: "GET", path: "/v2/tasks/" + taskInEvents, as: "gander-admin", header: html},
		{function: "info-stores-detail", method: "GET", path: "/v2/info/stores/detail", as: "gander-admin"},
		{function: "info-stores-detail", method: "GET", path: "/v2/info/stores/detail", as: "gander"},
		{function: "fallback", method: "PUT", path: image, as: "gander"},
		{function: "fallback", method: "GET", path: "/v2/nothing", as: "gander-other", header: html},
		{function: "fallback", method: "GET", path: "/v3", header: html},
	} {
		asked[q.function] = append(asked[q.function], q)
	}
	for name, questions := range asked {
		fresh := make([]string, len(questions))
		for i, q := range questions {
			fresh[i] = string(d.feed(name, q.event(t, d, "req-fixed")).Payload)
		}
		one := d.start(name)
		for round := range 3 {
			for i := range questions {
				i = (i*(round+1) + round) % len(questions) // another order each time
				if got := string(invokeFunction(t, one, questions[i].event(t, d, "req-fixed")).Payload); got != fresh[i] {
					t.Errorf("%s: %+v:\n%s\nand by itself\n%s", name, questions[i], got, fresh[i])
				}
			}
		}
		one.Kill()
	}
}
