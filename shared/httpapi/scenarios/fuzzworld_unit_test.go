//go:build !cloud

package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

// A fuzzed world takes whatever a fuzzer makes up, straight into the handler: no
// caller's words may be our fault, and what is refused must change nothing. One
// serves all inputs of a process: what one leaves is taken back before the next.
type fuzzed struct {
	*inside
	kept *remembering
	said bytes.Buffer // the log of the request at hand
	t    *testing.T   // of the input at hand
}

func newFuzzed(f *testing.F) *fuzzed {
	f.Helper()
	w := &fuzzed{inside: newInside(f)}
	w.kept = &remembering{Table: w.services.Images.Table, before: map[table.Key]*table.Item{}}
	w.services.Images.Table = w.kept
	w.services.Log = slog.New(slog.NewJSONHandler(&w.said, nil))
	return w
}

// begin is the start of an input. What it stores is taken back at its end.
func (w *fuzzed) begin(t *testing.T) {
	w.t = t
	clear(w.kept.before) // what was there before any input stays
	t.Cleanup(func() {
		if err := w.kept.back(); err != nil {
			t.Error(err)
		}
	})
}

// send makes a request of somebody. The target goes as it is: also what no URL
// may have.
func (w *fuzzed) send(who, method, path, query, sent string, options ...option) *httptest.ResponseRecorder {
	w.t.Helper()
	w.said.Reset()
	r := httptest.NewRequest(method, "/", strings.NewReader(sent))
	r.URL.Path, r.URL.RawQuery = path, query
	as(who)(r)
	asJSON(r)
	for _, o := range options {
		o(r)
	}
	writes, out := w.kept.writes, httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	if out.Code >= http.StatusInternalServerError {
		w.t.Fatalf("%s %s?%s with %q is answered %d %s\n%s", method, path, query, sent, out.Code, out.Body, &w.said)
	}
	if refused := out.Code >= http.StatusBadRequest; refused && w.kept.writes != writes {
		w.t.Errorf("%s %s?%s with %q is answered %d, and something was stored", method, path, query, sent, out.Code)
	}
	return out
}

// image makes one, and returns its id.
func (w *fuzzed) image(properties string) string {
	w.t.Helper()
	out := w.send("member", "POST", "/v2/images", "", properties)
	var shown struct{ ID string }
	if err := json.Unmarshal(out.Body.Bytes(), &shown); err != nil || out.Code != http.StatusCreated {
		w.t.Fatalf("%s makes no image: %d %s", properties, out.Code, out.Body)
	}
	return shown.ID
}

// shown is an image as an admin sees it.
func (w *fuzzed) shown(id string) string {
	w.t.Helper()
	out := w.send("admin", "GET", "/v2/images/"+id, "", "")
	if out.Code != http.StatusOK {
		w.t.Fatalf("image %q is answered %d %s", id, out.Code, out.Body)
	}
	return out.Body.String()
}

// among wants one of the statuses.
func (w *fuzzed) among(out *httptest.ResponseRecorder, what string, statuses ...int) {
	w.t.Helper()
	for _, status := range statuses {
		if out.Code == status {
			return
		}
	}
	w.t.Errorf("%q is answered %d, none of %v: %s", what, out.Code, statuses, out.Body)
}

// A remembering table counts what is written, and knows what was there before.
type remembering struct {
	table.Table
	writes int
	before map[table.Key]*table.Item // nil: nothing
}

// Transact implements table.Table.
func (r *remembering) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	for _, w := range writes {
		if _, known := r.before[w.Key]; known || w.Kind == table.Check {
			continue
		}
		items, err := r.Get(ctx, w.Key)
		if err != nil {
			return table.Outcome{}, fmt.Errorf("remembering: %w", err)
		}
		r.before[w.Key] = items[0]
	}
	outcome, err := r.Table.Transact(ctx, writes...)
	if err == nil && outcome.OK() {
		r.writes++
	}
	return outcome, err
}

// back puts everything back as it was.
func (r *remembering) back() error {
	ctx := context.Background()
	var writes []table.Write
	for key, before := range r.before {
		items, err := r.Get(ctx, key)
		if err != nil {
			return fmt.Errorf("taking back what an input stored: %w", err)
		}
		if w, needed := restored(key, before, items[0]); needed {
			writes = append(writes, w)
		}
	}
	clear(r.before)
	for len(writes) > 0 {
		n := min(len(writes), 100)
		if outcome, err := r.Table.Transact(ctx, writes[:n]...); err != nil || !outcome.OK() {
			return fmt.Errorf("taking back what an input stored: %v, %w", outcome.Failed, err)
		}
		writes = writes[n:]
	}
	return nil
}

// restored is the write that makes an item what it was before.
func restored(key table.Key, before, now *table.Item) (w table.Write, needed bool) {
	w = table.Write{Kind: table.Delete, Key: key}
	if before != nil {
		w = table.Write{Kind: table.Put, Key: key, Schema: before.Schema, Body: before.Body, If: table.IfAbsent()}
	}
	if now != nil {
		w.If = table.IfRevision(now.Revision)
	}
	return w, before != nil || now != nil
}
