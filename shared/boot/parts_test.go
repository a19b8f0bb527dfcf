package boot

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/httpapi"
)

// only starts gander serve -only PART on the folder.
func (d *installation) only(part string, environ ...string) *running {
	d.t.Helper()
	return run(d.t, "", func(p *process) int {
		p.args = []string{"serve", "-only", part, "-listen", "127.0.0.1:0"}
		return p.command()
	}, usualPatience, append(slices.Clone(d.environ), environ...)...)
}

// alone runs one function over HTTP for as long as use takes.
func (d *installation) alone(op httpapi.Operation, use func(*running), environ ...string) {
	d.t.Helper()
	environ = append(append(slices.Clone(d.environ), environ...), "GANDER_LISTEN=127.0.0.1:0")
	r := run(d.t, "", func(p *process) int { return p.serve(op) }, usualPatience, environ...)
	use(r)
	if code := r.stop(); code != 0 {
		d.t.Fatalf("%s: exit %d: %s", op.Name, code, r.stderr)
	}
}

// image makes one without data, and returns its path.
func (d *installation) image() (path string) {
	d.t.Helper()
	d.alone(httpapi.ImageCreate, func(r *running) {
		var image struct{ ID string }
		body := r.call(d.tokens["gander"], "POST", "/v2/images", `{"disk_format":"raw","container_format":"bare"}`, 201)
		if err := json.Unmarshal([]byte(body), &image); err != nil {
			d.t.Fatal(err)
		}
		path = "/v2/images/" + image.ID
	})
	return path
}

// TestDataPlane: the calls that carry image data, of any size, and nothing else.
func TestDataPlane(t *testing.T) {
	d := deploy(t)
	path, token := d.image(), d.tokens["gander"]
	r := d.only("data")
	data := strings.Repeat("0123456789abcdef", 1<<20) // more than any gateway passes
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+r.address+path+"/file", strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", token)
	q.Header.Set("Content-Type", "application/octet-stream")
	answer, err := http.DefaultClient.Do(q)
	if err != nil || answer.StatusCode != http.StatusNoContent {
		t.Fatalf("%v, %v", answer, err)
	}
	_ = answer.Body.Close()
	if got := r.call(token, "GET", path+"/file", "", 200); got != data {
		t.Errorf("%d bytes came back", len(got))
	}
	if got := r.call("", "GET", "/healthcheck", "", 200); got != "OK" {
		t.Errorf("%q", got)
	}
	r.call(token, "GET", "/v2/images", "", 404)
	r.call(token, "POST", "/v2/images", "{}", 404)
	r.call(token, "DELETE", path, "", 404)
	r.call(token, "GET", path+"/nothing", "", 404)
	r.call("", "GET", path+"/file", "", 401)
	if r.stdout.String() != "" {
		t.Errorf("it printed %q", r.stdout)
	}
}

// begin sends the first half of an upload of ten bytes, and waits until the
// data plane is at work on it.
func (d *installation) begin(r *running, path string) (finish func() (*http.Response, error)) {
	d.t.Helper()
	before := d.files("images")
	conn := dial(d.t, r)
	fmt.Fprintf(conn, "PUT %s/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: %s\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n12345",
		path, d.tokens["gander"])
	for d.files("images") == before {
		time.Sleep(time.Millisecond) // the next look sees more
	}
	return func() (*http.Response, error) {
		fmt.Fprint(conn, "67890")
		return http.ReadResponse(bufio.NewReader(conn), nil)
	}
}

// TestDataPlaneDrains: after the signal a running upload ends well, while new
// requests and the load balancer are told to go elsewhere.
func TestDataPlaneDrains(t *testing.T) {
	d := deploy(t)
	path, token := d.image(), d.tokens["gander"]
	r := d.only("data")
	finish := d.begin(r, path)
	r.signals <- syscall.SIGTERM
	r.closes()
	for _, line := range []string{"GET /healthcheck", "GET " + path + "/file", "PUT " + path + "/file"} {
		method, to, _ := strings.Cut(line, " ")
		if body := r.call(token, method, to, "", 503); !strings.Contains(body, "is stopping") {
			t.Errorf("%s: %s", line, body)
		}
	}
	answer, err := finish()
	if err != nil || answer.StatusCode != http.StatusNoContent {
		t.Fatalf("%v, %v", answer, err)
	}
	if code := r.wait(); code != 0 || strings.Contains(r.stderr.String(), "cut off") {
		t.Fatalf("exit %d: %s", code, r.stderr)
	}
	refusing(t, r)
	again := d.only("data")
	if data := again.call(token, "GET", path+"/file", "", 200); data != "1234567890" {
		t.Errorf("%q", data)
	}
}

// closes waits until the health check says that the process goes.
func (r *running) closes() {
	r.t.Helper()
	for end := time.Now().Add(longWait); ; time.Sleep(time.Millisecond) {
		answer, err := http.Get("http://" + r.address + "/healthcheck")
		if err != nil || time.Now().After(end) {
			r.t.Fatalf("%v, %s", err, r.stderr)
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusServiceUnavailable {
			return
		}
	}
}

// says waits for a line of the log.
func (r *running) says(text string) {
	r.t.Helper()
	r.stderr.says(r.t, text)
}

// TestDrainingEnds: a second signal, and the time that the operator gave.
func TestDrainingEnds(t *testing.T) {
	for name, again := range map[string]bool{"second signal": true, "time": false} {
		d := deploy(t)
		path := d.image()
		environ := "GANDER_STOP_TIMEOUT=1ms"
		if again {
			environ = "GANDER_STOP_TIMEOUT=1h"
		}
		r := d.only("data", environ)
		finish := d.begin(r, path)
		r.signals <- syscall.SIGTERM
		if again {
			r.says(`"msg":"stopping`)
			r.signals <- syscall.SIGINT
		}
		if code := r.wait(); code != 0 || !strings.Contains(r.stderr.String(), "running requests are cut off") {
			t.Errorf("%s: exit %d: %s", name, code, r.stderr)
		}
		if _, err := finish(); err == nil {
			t.Errorf("%s: the upload was answered", name)
		}
		d.alone(httpapi.ImageShow, func(r *running) {
			if shown := r.call(d.tokens["gander"], "GET", path, "", 200); !strings.Contains(shown, `"queued"`) {
				t.Errorf("%s: left behind %s", name, shown)
			}
		})
	}
}

// TestRefusalsWhileStopping: what is refused says so to people, to programs and in
// the log, and nothing of it is a secret.
func TestRefusalsWhileStopping(t *testing.T) {
	d := deploy(t)
	path := d.image()
	r := d.only("data")
	finish := d.begin(r, path)
	r.signals <- syscall.SIGTERM
	r.closes()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.address+path+"/file?token=s3cr3t", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", "s3cr3t")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	id := answer.Header.Get("X-Openstack-Request-Id")
	if answer.StatusCode != 503 || !strings.HasPrefix(id, "req-") || answer.Header.Get("Retry-After") != "1" || !answer.Close || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
	if _, err := finish(); err != nil {
		t.Error(err)
	}
	r.wait()
	if log := r.stderr.String(); strings.Contains(log, "s3cr3t") || !strings.Contains(log, id) {
		t.Errorf("logged %s", log)
	}
}

// TestConsumersAlone does what is due, answers the health check, and nothing else.
func TestConsumersAlone(t *testing.T) {
	d := deploy(t)
	path, token := d.image(), d.tokens["gander"]
	d.alone(httpapi.ImageDataUpload, func(r *running) {
		finish := d.begin(r, path)
		if answer, err := finish(); err != nil || answer.StatusCode != http.StatusNoContent {
			t.Fatalf("%v, %v", answer, err)
		}
	})
	d.alone(httpapi.ImageDelete, func(r *running) { r.call(token, "DELETE", path, "", 204) }, "GANDER_RETENTION=0s")
	if n := d.files("images/objects"); n != 1 {
		t.Fatalf("%d objects before", n)
	}
	r := d.only("consumers", "GANDER_SWEEP_INTERVAL=1h")
	for d.files("images/objects") > 0 {
		time.Sleep(time.Millisecond)
	}
	if got := r.call("", "GET", "/healthcheck", "", 200); got != "OK" {
		t.Errorf("%q", got)
	}
	r.call(token, "GET", "/v2/images", "", 404)
	if code := r.stop(); code != 0 {
		t.Errorf("exit %d: %s", code, r.stderr)
	}
}
