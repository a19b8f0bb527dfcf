//go:build !cloud

package httpapi

import "testing"

// TestLinkForms writes queries anew as Python does.
func TestLinkForms(t *testing.T) {
	for raw, want := range map[string]string{
		"":                          "",
		"a":                         "a=",
		"a=":                        "a=",
		"&&a=1&&":                   "a=1",
		"=1":                        "=1",
		"a=1&marker=x&a=2&marker=y": "a=1&a=2",
		"m%61rker=x":                "",
		"marker":                    "",
		"a=%zz&b=%":                 "a=%25zz&b=%25",
		"a=x+y%20z%2B":              "a=x+y+z%2B",
		"a=b=c;d":                   "a=b%3Dc%3Bd",
		"a=\"<>":                    "a=%22%3C%3E",
		"a=%00":                     "a=%00",
		"name=%E4%B8%AD":            "name=%E4%B8%AD",
	} {
		if got := withoutMarker(raw); got != want {
			t.Errorf("%s is written %s, not %s", raw, got, want)
		}
	}
}
