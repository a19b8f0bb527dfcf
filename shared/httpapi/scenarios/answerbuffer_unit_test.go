//go:build !cloud

package scenarios

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// slowWriter takes an answer a byte at a time, and lets others run in between.
type slowWriter struct {
	*httptest.ResponseRecorder
	yield func()
}

func (w slowWriter) Write(p []byte) (int, error) {
	for i := range p {
		if i%64 == 0 {
			w.yield()
		}
		if _, err := w.ResponseRecorder.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

// TestAnswersAtOnceStayApart: a buffer is used again only when the answer that was
// built in it has gone out. While one is written, others are built and written.
func TestAnswersAtOnceStayApart(t *testing.T) {
	w := newInside(t)
	paths := []string{"/v2/images?limit=3"}
	for i := range 4 {
		paths = append(paths, "/v2/images/"+w.made(fmt.Sprintf(`{"name":"image-%d","filler":%q}`, i, strings.Repeat(fmt.Sprint(i), 200))))
	}
	answer := func(path string, yield func()) string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://service"+path, nil)
		as("member")(r)
		out := slowWriter{httptest.NewRecorder(), yield}
		w.handler.ServeHTTP(out, r)
		return out.Body.String()
	}
	alone := map[string]string{}
	for _, path := range paths {
		alone[path] = answer(path, func() {})
	}
	var wait sync.WaitGroup
	defer wait.Wait()
	for _, path := range paths {
		wait.Go(func() {
			for range 5 {
				got := answer(path, func() { answer(paths[1], func() {}) })
				if got != alone[path] {
					t.Errorf("%s: answered %s, want %s", path, got, alone[path])
				}
			}
		})
	}
}
