package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/boot/account/chain"
	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

// asService makes the test binary be the service.
const asService = "TEST_AS_GANDER"

func TestMain(m *testing.M) {
	if os.Getenv(asService) != "" {
		boot.Standalone(chain.Load)
	}
	os.Exit(m.Run())
}

// A world is a service, the journal of what it was asked, and its folder.
type world struct {
	t       *testing.T
	data    string
	process *outside.Process
	service *service
	lines   []journal.Line
	images  map[string]string // by what they are in the tests: their ids
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, data: filepath.Join(t.TempDir(), "data"), images: map[string]string{}}
	w.start()
	t.Cleanup(w.stop)
	return w
}

func (w *world) start() {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(w.t.Context()), self, "serve")
	cmd.Env = append(os.Environ(), asService+"=1", "GANDER_DATA="+w.data, "GANDER_LISTEN=127.0.0.1:0", "GANDER_LOG_FORMAT=json")
	var log bytes.Buffer
	if w.process, err = outside.Start(w.t.Context(), cmd, &log); err != nil {
		w.t.Fatalf("%v\n%s", err, log.Bytes())
	}
	w.service = &service{}
	if err := w.service.login(w.t.Context(), options{clouds: filepath.Join(w.data, "clouds.yaml"), url: w.process.URL}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stop() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), time.Minute)
	defer cancel()
	w.service.leave()
	if err := w.process.Stop(ctx); err != nil {
		w.t.Error(err)
	}
}

// faults compares the service with a journal.
func (w *world) faults(lines []journal.Line) string {
	w.t.Helper()
	c := &comparison{service: w.service, past: readPast(lines)}
	if err := errors.Join(c.all(w.t.Context(), 0), c.allKeys(w.t.Context(), 0)); err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(c.faults, "\n")
}

// note adds an answered request to the journal.
func (w *world) note(call, image string, status int, sets map[string]*string) {
	n := len(w.lines)
	w.lines = append(
		w.lines, journal.Line{Request: n, Kind: journal.Ask, Call: call, Image: image, Sets: sets},
		journal.Line{Request: n, Kind: journal.Answer, Status: status},
	)
}

// do makes a request and notes it.
func (w *world) do(by *outside.User, call, image, line, body string, sets map[string]*string) *outside.Answer {
	w.t.Helper()
	method, path, _ := strings.Cut(line, " ")
	c := outside.Call{Method: method, Path: path, Header: map[string]string{"Content-Type": "application/json"}}
	if body != "" {
		c.Body, c.Length = strings.NewReader(body), int64(len(body))
	}
	switch {
	case method == http.MethodPatch:
		c.Header["Content-Type"] = "application/openstack-images-v2.1-json-patch"
	case strings.HasSuffix(path, "/file"):
		c.Header["Content-Type"] = "application/octet-stream"
	}
	a, err := by.Do(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	if a.Status >= 300 {
		w.t.Fatalf("%s is answered %d: %s", line, a.Status, a.Body)
	}
	w.note(call, image, a.Status, sets)
	return a
}

func text(s string) *string { return &s }

// create makes an image under a name that tests use.
func (w *world) create(name string) string {
	w.t.Helper()
	body := `{"name": "` + name + `", "disk_format": "raw", "container_format": "bare", "mark": "` + name + `"}`
	a := w.do(w.service.member, "create", "", "POST /v2/images", body, created(name))
	var img struct{ ID string }
	if err := json.Unmarshal(a.Body, &img); err != nil {
		w.t.Fatal(err)
	}
	w.lines[len(w.lines)-1].Image = img.ID
	w.images[name] = img.ID
	return img.ID
}

// created is what a create sets.
func created(name string) map[string]*string {
	return map[string]*string{
		journal.Exists: text(journal.Yes), journal.Name: &name, mark: &name,
		journal.Visibility: text("shared"), journal.Hidden: text("false"),
	}
}

// live gives the world one image of every kind.
func (w *world) live() {
	w.t.Helper()
	member, admin, project := w.service.member, w.service.admin, w.service.other.Project
	w.create("queued")
	id := w.create("changed")
	path := "/v2/images/" + id
	w.do(member, "patch", id, "PATCH "+path, `[{"op": "add", "path": "/a", "value": "first"}, {"op": "add", "path": "/b", "value": "first b"}]`,
		map[string]*string{journal.Property + "a": text("first"), journal.Property + "b": text("first b")})
	w.do(member, "patch", id, "PATCH "+path, `[{"op": "add", "path": "/a", "value": "second"}]`, map[string]*string{journal.Property + "a": text("second")})
	w.do(member, "tag add", id, "PUT "+path+"/tags/red", "", map[string]*string{journal.Tag + "red": text(journal.Yes)})
	w.do(member, "member add", id, "POST "+path+"/members", `{"member": "`+project+`"}`, map[string]*string{journal.Member + project: text("pending")})
	w.do(admin, "member status", id, "PUT "+path+"/members/"+project, `{"status": "accepted"}`, map[string]*string{journal.Member + project: text("accepted")})
	id = w.create("filled")
	sum := sha256.Sum256([]byte("some data"))
	w.do(member, "upload", id, "PUT /v2/images/"+id+"/file", "some data", map[string]*string{journal.Data: text(journal.Digest(9, sum[:]))})
	w.do(member, "deactivate", id, "POST /v2/images/"+id+"/actions/deactivate", "", map[string]*string{journal.Blocked: text(journal.Yes)})
	id = w.create("private")
	w.do(member, "patch", id, "PATCH /v2/images/"+id, `[{"op": "replace", "path": "/visibility", "value": "private"}]`,
		map[string]*string{journal.Visibility: text("private")})
	id = w.create("deleted")
	w.do(member, "delete", id, "DELETE /v2/images/"+id, "", map[string]*string{journal.Exists: nil})
}

// hang begins an upload that does not end before the test does.
func (w *world) hang(id string) {
	w.t.Helper()
	body, client := io.Pipe()
	w.t.Cleanup(func() { _ = client.Close() })
	go func() {
		_, _ = w.service.member.Do(context.WithoutCancel(w.t.Context()), outside.Call{
			Method: http.MethodPut, Path: "/v2/images/" + id + "/file", Body: body, Length: -1,
			Header: map[string]string{"Content-Type": "application/octet-stream"},
		})
	}()
	for {
		i, err := w.service.show(w.t.Context(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		if i.text("status") == "saving" {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
