package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/table/bolt"
	"github.com/gander-images/gander/shared/vault"
)

// stream is an event with these due entries of the kind "test", one a record.
func stream(t *testing.T, ids ...string) []byte {
	t.Helper()
	var records []any
	for i, id := range ids {
		e := due.New("test", time.Now().Add(-time.Minute), id, struct{}{})
		image := map[string]any{
			"pk": map[string]string{"S": e.Key().Partition}, "sk": map[string]string{"S": e.Key().Sort},
			"rev": map[string]string{"N": "1"}, "v": map[string]string{"N": "1"}, "d": map[string]any{"B": []byte(e.Body)},
		}
		if id == "broken" {
			image["rev"] = map[string]string{"S": "one"}
		}
		records = append(records, map[string]any{
			"eventSource": "aws:dynamodb", "eventName": "INSERT",
			"dynamodb": map[string]any{"SequenceNumber": fmt.Sprint(100 + i), "NewImage": image},
		})
	}
	payload, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// recorder is a runner that notes the entries it is given.
func recorder(done *[]string, handle func(id string) error) *due.Runner {
	return &due.Runner{
		Handlers: map[string]due.Handler{"test": func(_ context.Context, e due.Entry) error {
			*done = append(*done, e.ID)
			return handle(e.ID)
		}},
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// consuming is what a consumer works with, over a recorder and a table of its own.
func consuming(t *testing.T, done *[]string, handle func(id string) error) *services {
	t.Helper()
	tab, err := bolt.Open(filepath.Join(t.TempDir(), "table.db"), bolt.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tab.Close() })
	s := &services{runner: recorder(done, handle), table: tab, log: slog.New(slog.DiscardHandler), api: &httpapi.Services{}}
	s.runner.Table = tab
	s.keepLetters()
	return s
}

func well(string) error { return nil }

// TestReaperReportsTheFirstThatItCannotWorkOn: it comes again with those after it, and
// keeps none of them from their turn.
func TestReaperReportsTheFirstThatItCannotWorkOn(t *testing.T) {
	for _, test := range []struct {
		ids, done []string
		failed    string
	}{
		{[]string{"a", "b", "c"}, []string{"a", "b", "c"}, ""},
		{[]string{"a", "broken", "c"}, []string{"a", "c"}, "101"},
		{[]string{"broken", "c"}, []string{"c"}, "100"},
		{[]string{"a", "bad", "broken", "bad"}, []string{"a", "bad", "bad"}, "101"},
		{[]string{"a", "busy", "b"}, []string{"a", "busy", "b"}, ""}, // the sweeper looks again, and soon
		{[]string{"busy", "bad", "b"}, []string{"busy", "bad", "b"}, "101"},
	} {
		var done []string
		s := consuming(t, &done, func(id string) error {
			return map[string]error{"bad": errors.New("no"), "busy": fmt.Errorf("asking: %w", vault.ErrBusy)}[id]
		})
		answer, err := reap(t.Context(), s, stream(t, test.ids...))
		if err != nil {
			t.Fatal(err)
		}
		report, _ := json.Marshal(answer)
		want := `{"batchItemFailures":[]}`
		if test.failed != "" {
			want = `{"batchItemFailures":[{"itemIdentifier":"` + test.failed + `"}]}`
		}
		if string(report) != want || !slices.Equal(done, test.done) {
			t.Errorf("%v: %s, done %v", test.ids, report, done)
		}
	}
}

// TestReaperReportsWhatItHadNoTimeFor: the record during which the time ran out
// comes again, and so do those after it.
func TestReaperReportsWhatItHadNoTimeFor(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var done []string
	s := consuming(t, &done, func(id string) error {
		if id == "b" {
			cancel()
		}
		return nil
	})
	answer, err := reap(ctx, s, stream(t, "a", "b", "c"))
	if want := (batchFailures{[]failedItem{{"101"}}}); err != nil || !reflect.DeepEqual(answer, want) || !slices.Equal(done, []string{"a", "b"}) {
		t.Errorf("%v, %v, done %v", answer, err, done)
	}
}

func TestConsumersRefuseOtherEvents(t *testing.T) {
	var done []string
	s := consuming(t, &done, well)
	for _, payload := range []string{``, `null`, `{}`, `[]`, `{"Records":[]}`, `{"Records":[{"eventSource":"aws:s3"}]}`, `{"Records":[{"eventSource":"aws:sqs"}]}`, `{"httpMethod":"GET","path":"/"}`} {
		for _, c := range append(Consumers(), Authorizer) {
			if answer, err := c.take(t.Context(), s, []byte(payload)); err == nil {
				t.Errorf("%s took %q: %v", c.Name, payload, answer)
			}
		}
	}
}

func TestConsumersOverHTTP(t *testing.T) {
	var done []string
	h := postHandler{consumer: Reaper, services: consuming(t, &done, well)}
	event, err := os.ReadFile("../../events/sweeper.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{"POST", "/", string(stream(t, "a")), 200, `{"batchItemFailures":[]}`},
		{"POST", "/", string(event), 500, "The event could not be worked on."},
		{"GET", "/", "", 405, "Events come by POST."},
		{"POST", "/v2/images", "{}", 404, "404 page not found"},
		{"POST", "/", strings.Repeat(" ", maxEvent+1), 400, "at most 6291456 bytes"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(test.method, test.path, strings.NewReader(test.body)))
		if body, _ := io.ReadAll(w.Body); w.Code != test.status || !strings.Contains(string(body), test.answer) {
			t.Errorf("%s %s: %d %s", test.method, test.path, w.Code, body)
		}
	}
	if !slices.Equal(done, []string{"a"}) {
		t.Errorf("done %v", done)
	}
}

func invoke(t *testing.T, handler http.HandlerFunc, payload string) (status int, header http.Header, body string, err error) {
	t.Helper()
	h := gatewayHandler{handler: handler, log: slog.New(slog.DiscardHandler)}
	raw, err := h.Invoke(t.Context(), []byte(payload))
	if err != nil {
		return 0, nil, "", err
	}
	var answer struct {
		StatusCode        int
		MultiValueHeaders http.Header
		Body              string
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.MultiValueHeaders, answer.Body, nil
}

const getEvent = `{"httpMethod":"GET","path":"/v2/images/1/file","headers":{"Accept":"application/json","X-Openstack-Request-Id":"req-1"}}`

func TestLambdaRefusesAnswersThatDoNotFit(t *testing.T) {
	for name, size := range map[string]int{"in the middle": 7 << 20, "only once encoded": 5 << 20} {
		status, header, body, err := invoke(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Disposition", "attachment")
			if _, err := w.Write(make([]byte, size)); err != nil {
				panic(http.ErrAbortHandler)
			}
		}, getEvent)
		if err != nil || status != 413 || !strings.Contains(body, "Range header") || header.Get("X-Openstack-Request-Id") != "req-1" || header.Get("Content-Disposition") != "" {
			t.Errorf("%s: %d, %v, %.200s, %v", name, status, header, body, err)
		}
	}
}

func TestLambdaDoesNotPassOnHalfAnAnswer(t *testing.T) {
	_, _, _, err := invoke(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "the first half")
		panic(http.ErrAbortHandler)
	}, getEvent)
	if !errors.Is(err, errBroken) {
		t.Error(err)
	}
}

func TestLambdaAnswersForMaimedBodies(t *testing.T) {
	status, _, body, err := invoke(t, func(http.ResponseWriter, *http.Request) { t.Error("the operation was reached") },
		`{"httpMethod":"PUT","path":"/v2/images/1/file","body":"abc","headers":{"Content-Length":"9","Accept":"application/json"}}`)
	if err != nil || status != 400 || !strings.Contains(body, "passed on 3 bytes of a body of 9") {
		t.Errorf("%d %s %v", status, body, err)
	}
}

// TestLambdaKeepsTimeForItsAnswer: what the handler is told to keep to ends
// before the invocation does.
func TestLambdaKeepsTimeForItsAnswer(t *testing.T) {
	end := time.Now().Add(time.Minute)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	h := gatewayHandler{handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if d, ok := r.Context().Deadline(); !ok || !d.Equal(end.Add(-answerReserve)) {
			t.Errorf("deadline %v", d)
		}
	})}
	if _, err := h.Invoke(ctx, []byte(getEvent)); err != nil {
		t.Error(err)
	}
}
