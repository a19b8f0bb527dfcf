package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestBodiesTooLargeToRead refuses JSON of any size before it is all taken in.
func TestBodiesTooLargeToRead(t *testing.T) { eachFront(t, refusesBodies) }

func refusesBodies(t *testing.T, f front) {
	u := f.start(t).as("gander")
	for _, c := range []struct {
		name string
		body io.Reader
	}{
		{"10 MB of a name", strings.NewReader(`{"name": "` + strings.Repeat("x", 10<<20) + `"}`)},
		{"10,000 properties", strings.NewReader(properties(10_000))},
		{"deep nesting", strings.NewReader(strings.Repeat("[", 5<<20))},
		{"wrong UTF-8", strings.NewReader("{\"name\": \"\xff\xfe\"}")},
		{"cut off", strings.NewReader(`{"name": `)},
	} {
		a, err := u.try("POST /v2/images", c.body)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if a.status != http.StatusBadRequest && a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s is answered %d: %s", c.name, a.status, tail(string(a.body), 500))
		}
	}
	if list := u.call("GET /v2/images", nil).want(http.StatusOK).image()["images"].([]any); len(list) > 0 {
		t.Errorf("refused bodies made %d images", len(list))
	}
}

func properties(n int) string {
	var b strings.Builder
	b.WriteString(`{"name": "many"`)
	for i := range n {
		fmt.Fprintf(&b, `, "p%d": "v"`, i)
	}
	return b.String() + "}"
}
