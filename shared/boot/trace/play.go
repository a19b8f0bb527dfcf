package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gander-images/gander/shared/boot/outside"
)

// longest is the most bytes of one read or write that strace writes out: a page
// of the table that overflows is one write.
const longest = "131072"

// large is an upload of which some is written past the system's cache, in bytes.
const large = 17<<20 + 5

// traced are the system calls that matter.
const traced = "trace=openat,mkdir,mkdirat,read,write,writev,pwrite64,copy_file_range,fsync,fdatasync,rename,renameat,renameat2,ftruncate,linkat,unlinkat"

// play starts the service under strace and writes. It returns how many writes
// were answered.
func play(ctx context.Context, binary, data, file string, write func(context.Context, *outside.User) (int, error)) (made int, err error) {
	cmd := exec.CommandContext(ctx, "strace", "-D", "-f", "-ttt", "-yy", "--seccomp-bpf", "-s", longest, "-e", traced, "-e", "signal=none", "-o", file,
		binary, "serve")
	cmd.Env = append(os.Environ(), "GANDER_DATA="+data, "GANDER_LISTEN=127.0.0.1:0", "GANDER_LOG_FORMAT=json", "GANDER_SWEEP_INTERVAL=1s")
	var log bytes.Buffer
	p, err := outside.Start(ctx, cmd, &log)
	if err != nil {
		return 0, fmt.Errorf("%w; it wrote:\n%s", err, log.Bytes())
	}
	user, err := outside.Login(ctx, filepath.Join(data, "clouds.yaml"), "gander-admin")
	if err == nil {
		made, err = write(ctx, user.At(p.URL))
	}
	if user != nil {
		user.Leave()
	}
	if stopped := p.Stop(ctx); err == nil {
		err = stopped
	}
	return made, err
}

// crowd is how many writers share syncs in the end.
const crowd = 8

// everyWrite makes writes of every kind one by one, and then some at once.
func everyWrite(ctx context.Context, user *outside.User) (made int, err error) {
	one := &writer{user: user, name: 'z'}
	if err := one.all(ctx); err != nil {
		return 0, err
	}
	if err := one.keys(ctx); err != nil {
		return 0, err
	}
	others, err := fewWrites(ctx, user)
	return one.made + others, err
}

// fewWrites has some writers write at once.
func fewWrites(ctx context.Context, user *outside.User) (made int, err error) {
	var wait sync.WaitGroup
	var others [crowd]writer
	var errs [crowd]error
	for i := range crowd {
		others[i] = writer{user: user, name: rune('a' + i)}
		wait.Go(func() { errs[i] = others[i].few(ctx) })
	}
	wait.Wait()
	for i := range others {
		made += others[i].made
	}
	return made, errors.Join(errs[:]...)
}

// A writer makes one write after another. What it writes is marked, so that it
// can be found in the table's file.
type writer struct {
	user  *outside.User
	name  rune
	made  int
	marks int
}

func (w *writer) all(ctx context.Context) error {
	for _, size := range []int{0, 1, 70_000, 300_000, large} {
		for _, chunked := range []bool{false, true} {
			id, err := w.create(ctx, "")
			if err == nil {
				err = w.upload(ctx, id, size, chunked)
			}
			if err == nil && chunked {
				err = w.do(ctx, "DELETE /v2/images/"+id, "", "", http.StatusNoContent)
			}
			if err != nil {
				return err
			}
		}
	}
	// More than a page of the table's file holds.
	id, err := w.create(ctx, strings.Repeat("long ", 5_000))
	if err != nil {
		return err
	}
	return w.change(ctx, id)
}

// few makes writes that meet those of others.
func (w *writer) few(ctx context.Context) error {
	for range 4 {
		id, err := w.create(ctx, "")
		if err == nil {
			err = w.upload(ctx, id, 1_000, true)
		}
		if err == nil {
			err = w.do(ctx, "PUT /v2/images/"+id+"/tags/"+w.mark(), "", "", http.StatusNoContent)
		}
		if err != nil {
			return err
		}
	}
	return w.fewKeys(ctx)
}

// change makes every write that changes an image which has data.
func (w *writer) change(ctx context.Context, id string) error {
	if err := w.upload(ctx, id, 1, false); err != nil {
		return err
	}
	tag, member := w.mark(), w.mark()
	image := "/v2/images/" + id
	for _, s := range []struct {
		line, body, mediaType string
		want                  int
	}{
		{"PATCH " + image, `[{"op": "add", "path": "/key", "value": "` + w.mark() + `"}]`, patchType("2.1"), 200},
		{"PATCH " + image, `[{"replace": "/name", "value": "` + w.mark() + `"}]`, patchType("2.0"), 200},
		{"PUT " + image + "/tags/" + tag, "", "", 204},
		{"DELETE " + image + "/tags/" + tag, "", "", 204},
		{"POST " + image + "/members", `{"member": "` + member + `"}`, jsonType, 200},
		{"PUT " + image + "/members/" + member, `{"status": "accepted"}`, jsonType, 200},
		{"DELETE " + image + "/members/" + member, "", "", 204},
		{"POST " + image + "/actions/deactivate", "", "", 204},
		{"POST " + image + "/actions/reactivate", "", "", 204},
		{"DELETE " + image, "", "", 204},
		{"POST /gander/v1/images/" + id + "/restore", "", "", 200},
	} {
		if err := w.do(ctx, s.line, s.body, s.mediaType, s.want); err != nil {
			return err
		}
	}
	return nil
}

const jsonType = "application/json"

func patchType(version string) string {
	return "application/openstack-images-v" + version + "-json-patch"
}

// mark returns a text that no other write has.
func (w *writer) mark() string {
	w.marks++
	return fmt.Sprintf("mark-%c%04d", w.name, w.marks) // none is part of another
}

func (w *writer) create(ctx context.Context, text string) (id string, err error) {
	body := map[string]any{"name": w.mark(), "disk_format": "raw", "container_format": "bare", "text": text}
	var img struct{ ID string }
	if err := w.user.JSON(ctx, http.MethodPost, "/v2/images", body, &img, http.StatusCreated); err != nil {
		return "", err
	}
	w.made++
	return img.ID, nil
}

func (w *writer) upload(ctx context.Context, id string, size int, chunked bool) error {
	c := outside.Call{
		Method: http.MethodPut, Path: "/v2/images/" + id + "/file", Length: int64(size),
		Body: io.LimitReader(zeros{}, int64(size)), Header: map[string]string{"Content-Type": "application/octet-stream"},
	}
	if chunked {
		c.Length = -1
	}
	_, err := w.call(ctx, c, http.StatusNoContent)
	return err
}

// do makes a call, written "METHOD /path".
func (w *writer) do(ctx context.Context, line, body, mediaType string, want int) error {
	_, err := w.answered(ctx, line, body, mediaType, want)
	return err
}

// answered is do with the answer.
func (w *writer) answered(ctx context.Context, line, body, mediaType string, want int) (*outside.Answer, error) {
	method, path, _ := strings.Cut(line, " ")
	c := outside.Call{Method: method, Path: path}
	if body != "" {
		c.Body, c.Length = strings.NewReader(body), int64(len(body))
		c.Header = map[string]string{"Content-Type": mediaType}
	}
	return w.call(ctx, c, want)
}

func (w *writer) call(ctx context.Context, c outside.Call, want int) (*outside.Answer, error) {
	a, err := w.user.Do(ctx, c)
	if err != nil {
		return nil, err
	}
	if a.Status != want {
		return nil, fmt.Errorf("%s %s is answered %d, want %d: %.300s", c.Method, c.Path, a.Status, want, a.Body)
	}
	w.made++
	return a, nil
}

// zeros never end.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
