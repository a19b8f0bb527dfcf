//go:build !cloud

package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
)

// reasons returns what the owner reads of uploads that failed.
func (w *world) reasons(id string) []string {
	w.t.Helper()
	var list struct{ Tasks []struct{ Message string } }
	w.call("GET /v2/images/" + id + "/tasks").want(200).into(&list)
	var all []string
	for _, t := range list.Tasks {
		all = append(all, t.Message)
	}
	return all
}

// waitQueued waits until the image is queued again, and has nothing of any data.
func (w *world) waitQueued(id string) {
	w.t.Helper()
	for end := time.Now().Add(longWait); ; time.Sleep(5 * time.Millisecond) {
		if now := w.stored(); now.Records["image#"+id].Status == "queued" && len(now.Objects[w.store]) == 0 {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("the image stays %s", w.stored().Records["image#"+id].Status)
		}
	}
}

// later moves the service's clock.
func (w *inside) later(d time.Duration) {
	w.services.Images.Now = func() time.Time { return time.Now().Add(d) }
}

// mortal is a table of a process that dies after so many writes.
type mortal struct {
	table.Table
	writes atomic.Int64
}

var errDied = errors.New("the process is gone")

func (m *mortal) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if m.writes.Add(-1) < 0 {
		return table.Outcome{}, errDied
	}
	return m.Table.Transact(ctx, writes...)
}

// An upload whose worker was killed holds the image until its lease has run out;
// then the owner reads that, and may upload again.
func TestP6KilledWorkersLeaveTheirReason(t *testing.T) {
	w := newInside(t)
	id := w.made(bootable)
	dying := &mortal{Table: w.table}
	dying.writes.Store(1) // the one that begins the upload
	w.services.Images.Table = dying
	w.services.Images.Pause = func(time.Duration) { w.later(time.Hour) } // who cannot write gives up when the lease is over
	w.call("PUT /v2/images/"+id+"/file", octets("abc")).want(500)
	w.services.Images.Table = w.table
	w.later(0)

	if err := w.sweep(); err != nil {
		t.Fatal(err)
	}
	w.refused("PUT /v2/images/"+id+"/file", octets("abc")).want(409)
	w.call("GET /v2/images/" + id).want(200).says(`"status":"saving"`)
	if reasons := w.reasons(id); len(reasons) != 0 {
		t.Errorf("an upload that may still run has failed by %q", reasons)
	}
	w.later(w.services.Images.Lease + time.Second)
	if err := w.sweepAt(w.services.Images.Now); err != nil {
		t.Fatal(err)
	}
	w.waitQueued(id)
	if reasons := w.reasons(id); len(reasons) != 1 || !strings.Contains(reasons[0], "silent for 10m0s") {
		t.Errorf("the owner reads %q", reasons)
	}
	w.call("PUT /v2/images/"+id+"/file", octets("abc")).want(204)
	w.call("GET /v2/images/" + id + "/file").want(200).is("abc")
}

// begin sends the head of an upload of ten bytes, and the first three of them.
func (w *inside) begin(id string) net.Conn {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.url.Host)
	if err != nil {
		w.t.Fatal(err)
	}
	head := "PUT /v2/images/%s/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: %s\r\nContent-Type: %s\r\nContent-Length: 10\r\n\r\nabc"
	send(w.t, conn, fmt.Sprintf(head, id, tokenOf("member"), octetStream))
	return conn
}

// An upload whose connection breaks, or whose client stops sending, is over at
// once, and the owner reads how far it came.
func TestP6BrokenUploadsLeaveTheirReason(t *testing.T) {
	for name, c := range map[string]struct {
		stall time.Duration
		cut   bool
	}{
		"the connection is cut": {0, true},
		"the client stalls":     {50 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newInside(t)
			w.services.StallTimeout = c.stall
			id := w.made(bootable)
			conn := w.begin(id)
			defer conn.Close()
			for end := time.Now().Add(longWait); c.cut; time.Sleep(time.Millisecond) {
				if status := w.stored().Records["image#"+id].Status; status == "saving" {
					_ = conn.Close()
					break
				} else if time.Now().After(end) {
					t.Fatalf("the upload never begins: %s", status)
				}
			}
			for end := time.Now().Add(longWait); len(w.reasons(id)) == 0; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the upload goes on")
				}
			}
			w.waitQueued(id)
			if reasons := w.reasons(id); len(reasons) != 1 || !strings.Contains(reasons[0], "stopped coming after 3 bytes") {
				t.Errorf("the owner reads %q", reasons)
			}
			w.call("PUT /v2/images/"+id+"/file", octets("0123456789")).want(204)
		})
	}
}

// A task is shown until it expires, though nothing has removed it yet.
func TestTasksExpire(t *testing.T) {
	w := newInside(t)
	id := w.failedUpload("member", asJSON)
	var list struct{ Tasks []struct{ ID string } }
	w.call("GET /v2/images/" + id + "/tasks").want(200).into(&list)
	path := "GET /v2/tasks/" + list.Tasks[0].ID
	w.later(48*time.Hour - time.Minute)
	w.call(path, as("admin")).want(200)
	w.later(48*time.Hour + time.Second)
	w.call(path, as("admin")).want(404)
	w.call("GET /v2/images/" + id + "/tasks").want(200).is(`{"tasks":[]}`)
	if err := w.sweepAt(w.services.Images.Now); err != nil {
		t.Fatal(err)
	}
	for key := range w.stored().Items {
		if strings.Contains(key.Partition+key.Sort, "task") {
			t.Errorf("%v outlives its task", key)
		}
	}
}

// Operators may open the task calls to everybody; each project then reads its own.
func TestTasksOfOthersStayHidden(t *testing.T) {
	w := newInside(t)
	id := w.failedUpload("member", asJSON)
	var list struct{ Tasks []struct{ ID string } }
	w.call("GET /v2/images/" + id + "/tasks").want(200).into(&list)
	rules, err := policy.New(map[string]any{"tasks_api_access": ""})
	if err != nil {
		t.Fatal(err)
	}
	w.services.Policy = rules
	for who, status := range map[string]int{"member": 200, "reader": 200, "admin": 200, "other": 404} {
		w.call("GET /v2/tasks/"+list.Tasks[0].ID, as(who)).want(status)
	}
}
