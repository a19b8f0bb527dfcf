//go:build !cloud

package httpapi

import "testing"

func TestQuery(t *testing.T) {
	for raw, want := range map[string]string{
		"":                         "",
		"a=1&b=2&a=3":              "a=1&a=3&b=2",
		"a&b=":                     "a=&b=",
		"a=%zz&b=100%&c=%4":        "a=%25zz&b=100%25&c=%254",
		"a=x+y%2B%20":              "a=x+y%2B+",
		"&&a=1&&":                  "a=1",
		"a=b=c;d=e":                "a=b%3Dc%3Bd%3De",
		"%C3%BC=%f0%9f%90%a7":      "%C3%BC=%F0%9F%90%A7",
		"name=in:%22a%2Cb%22&tag=": "name=in%3A%22a%2Cb%22&tag=",
	} {
		got, err := parseQuery(raw)
		if err != nil || got.Encode() != want {
			t.Errorf("%q: %q, %v, want %q", raw, got.Encode(), err, want)
		}
	}
	for _, raw := range []string{"a=%ff", "%c3=1", "a=\xff", "a=%ed%a0%80"} {
		if got, err := parseQuery(raw); err == nil {
			t.Errorf("%q: %v", raw, got)
		}
	}
}
