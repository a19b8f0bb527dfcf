//go:build !cloud

package httpapi

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/problem"
)

// TestMicroversion holds which version a header asks for.
func TestMicroversion(t *testing.T) {
	for _, c := range []struct {
		header string
		minor  int
		fails  problem.Code
	}{
		{"", 0, 0},
		{"key-manager 1.0", 0, 0},
		{"key-manager 1.1", 1, 0},
		{"KEY-Manager   1.2 ", 2, 0},
		{"key-manager latest", newestMicroversion, 0},
		{"key-manager 1.1, key-manager 1.2", 2, 0},
		{"key-manager 9.9, key-manager 1.2", 2, 0},
		{"compute 2.1,key-manager 1.1", 1, 0},
		{"key-managers 1.1", 0, 0},
		{"1.1", 0, 0},
		{"key-manager 1.3", 0, problem.NotAcceptable},
		{"key-manager 0.1", 0, problem.NotAcceptable},
		{"key-manager 1", 0, problem.Invalid},
		{"key-manager 1.1 beta", 0, problem.Invalid},
		{"key-manager -1.1", 0, problem.Invalid},
		{"key-manager 1.99999999", 0, problem.Invalid},
	} {
		minor, err := microversion([]string{c.header})
		if minor != c.minor || problem.CodeOf(err) != c.fails || (err == nil) != (c.fails == 0) {
			t.Errorf("%q: 1.%d, %v", c.header, minor, err)
		}
	}
}

// TestPayloadType holds the names of content types that payloads have.
func TestPayloadType(t *testing.T) {
	for form, want := range map[string]string{
		"text/plain": plainText, "Text/Plain": plainText, "text/plain;charset=utf-8": plainText, "text/plain; charset=UTF-8": plainText,
		"application/octet-stream": octetStream, "application/pkcs8": pkcs8,
		"text/plain; charset=latin-1": "", "text/plain;": "", "application/octet-stream; charset=utf-8": "", "text/html": "", "plain": "", "": "",
	} {
		if got, ok := payloadType(form); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t", form, got, ok)
		}
	}
}

// TestExpirations holds the forms of a time, and that those without an offset are of
// UTC.
func TestExpirations(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2030-01-02T03:04:05":       "2030-01-02T03:04:05",
		" 2030-01-02T03:04:05.678 ": "2030-01-02T03:04:05",
		"2030-01-02T03:04:05Z":      "2030-01-02T03:04:05",
		"2030-01-02T03:04:05+02:00": "2030-01-02T01:04:05",
		"2030-01-02T03:04:05-0200":  "2030-01-02T05:04:05",
		"2030-01-02 03:04:05":       "2030-01-02T03:04:05",
		"2030-01-02T03:04":          "2030-01-02T03:04:00",
		"2030-01-02":                "2030-01-02T00:00:00",
		"2026-01-01T00:00:00":       "before current time",
		"2025-12-31T23:59:59Z":      "before current time",
		"2030-13-01":                "Invalid date",
		"1893456000":                "Invalid date",
	} {
		at, err := readExpiration([]byte(`"`+text+`"`), "expiration", now)
		switch {
		case err != nil && !strings.Contains(err.Error(), want):
			t.Errorf("%q: %v", text, err)
		case err == nil && momentText(*at) != want:
			t.Errorf("%q: %s", text, momentText(*at))
		}
	}
	if at, err := readExpiration([]byte(`""`), "expiration", now); at != nil || err != nil {
		t.Errorf("an empty one is %v, %v", at, err)
	}
}

// TestPageOf holds what a page is where the query does not say it well.
func TestPageOf(t *testing.T) {
	for query, want := range map[string][2]int{
		"":                            {10, 0},
		"limit=5&offset=7":            {5, 7},
		"limit=0":                     {1, 0},
		"limit=-1":                    {1, 0},
		"limit=101":                   {100, 0},
		"limit=&offset=":              {10, 0},
		"limit=1.5&offset=-1":         {10, 0},
		"limit=1&limit=2":             {2, 0},
		"offset=99999999999999999999": {10, 0},
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if limit, offset := pageOf(values); [2]int{limit, offset} != want {
			t.Errorf("%q: %d from %d on", query, limit, offset)
		}
	}
}

// TestAddPage holds that no offset, however large, makes a link to nowhere.
func TestAddPage(t *testing.T) {
	s := &Services{PublicEndpoint: "https://x"}
	values := url.Values{"offset": {"9223372036854775807"}, "limit": {"100"}}
	r := &Request{Query: values}
	document := map[string]any{}
	s.addPage(document, r, "/p", 0, 5)
	if len(document) != 1 || document["total"] != 5 {
		t.Errorf("%v", document)
	}
}
