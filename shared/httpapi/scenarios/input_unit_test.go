//go:build !cloud

package scenarios

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// tally counts how much of an endless body is read.
type tally struct{ n int }

func (c *tally) Read(p []byte) (int, error) {
	c.n += len(p)
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A body that is too long is not read to its end, whether it says so or not.
func TestLongBodiesAreLeft(t *testing.T) {
	w := newInside(t)
	for _, said := range []int64{10 << 20, -1} {
		endless := &tally{}
		r := httptest.NewRequest(http.MethodPost, "/v2/images", endless)
		r.ContentLength = said
		as("member")(r)
		out := httptest.NewRecorder()
		w.handler.ServeHTTP(out, r)
		if out.Code != 413 || !strings.Contains(out.Body.String(), "longer than") {
			t.Errorf("said %d: %d %s", said, out.Code, out.Body)
		}
		if said > 0 && endless.n > 0 || endless.n > 2*maxJSON {
			t.Errorf("said %d: %d bytes were read", said, endless.n)
		}
	}
}

func TestBrokenBody(t *testing.T) {
	w := newInside(t)
	r := httptest.NewRequest(http.MethodPost, "/v2/images", io.MultiReader(strings.NewReader("{"), broken{}))
	r.ContentLength = 100
	as("member")(r)
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	if out.Code != 400 || !strings.Contains(out.Body.String(), "read to its end") || strings.Contains(out.Body.String(), "10.0.0.1") {
		t.Errorf("%d %s", out.Code, out.Body)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("read tcp 10.0.0.1: reset") }
