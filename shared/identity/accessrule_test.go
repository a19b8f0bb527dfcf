package identity

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// TestPathPatterns walks the patterns that Keystone knows: whole paths, one
// segment, anything, and everything else for itself.
func TestPathPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"/v2/images", "/v2/images", true},
		{"/v2/images", "/v2/images/", false},
		{"/v2/images", "/v2/images\n", false},
		{"/v2/images", "/x/v2/images", false},
		{"/v2/images/{image_id}", "/v2/images/a.b-c", true},
		{"/v2/images/{image_id}", "/v2/images/", false},
		{"/v2/images/{image_id}", "/v2/images/a/file", false},
		{"/v2/images/{}/file", "/v2/images/a/file", true},
		{"/v2/images/*/file", "/v2/images/a/file", true},
		{"/v2/images/*/file", "/v2/images//file", false},
		{"/v2/images/*/file", "/v2/images/a/b/file", false},
		{"/v2/images/**", "/v2/images/a/b/file", true},
		{"/v2/images/**", "/v2/images/", true},
		{"/v2/images/**", "/v2/images", false},
		{"/v2/images**", "/v2/images", true},
		{"/v2/**/file", "/v2/images/a/file", true},
		{"/v2/***", "/v2/images/a", true},
		{"/v2/***", "/v2/", false},
		{"/v2.images", "/v2/images", false},
		{"/v2.images/*", "/v2/images/a", false},
		{"/v2/(images|tasks)", "/v2/images", false},
		{"/v2/{images", "/v2/{images", true},
		{"/v2/image+", "/v2/imagee", false},
		{"", "", true},
		{"", "/v2/images", false},
		{"/v2/\xff", "/v2/\xff", true},
		{"**", "", true},
		{"*", "", false},
		{"**/file", "/v2/file", true},
		{"/v2/images/{id}/file/longer", "/v2", false},
		{"/a*a", "/aaa", true},
		{"/a*a", "/aa", false},
		{"/*/*", "/a/b", true},
		{"/**/**/x", "/a/x", false},
		{"/**/**/x", "/a/b/x", true},
		{"**", "/" + strings.Repeat("a", maxPath-1), true},
		{"**", "/" + strings.Repeat("a", maxPath), false},
	} {
		rule := NewAccessRule("image", "GET", c.pattern)
		if got := rule.allows("image", Credentials{Method: "GET", Path: c.path}); got != c.want {
			t.Errorf("%q on %q: %t", c.pattern, c.path, got)
		}
	}
}

// FuzzPathPatterns holds matching to regular expressions of the same meaning.
func FuzzPathPatterns(f *testing.F) {
	for _, pattern := range []string{"/v2/images/{id}/file", "/v2/**", "/*/a*", "***", "{", "/v2.9/**/x{}", "\n*"} {
		f.Add(pattern, "/v2/images/a/file")
	}
	for pattern, path := range map[string]string{
		"/v2.images": "/v2/images", "/v2.images/*": "/v2/images/a", "/images/**": "/v2/images/a", "/images": "/v2/images", "/v2/*": "/v2/images/a", "/v2/**": "/v2/", "*": "",
	} {
		f.Add(pattern, path)
	}
	f.Fuzz(func(t *testing.T, pattern, path string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(path) || len(pattern) > 200 {
			return // no rule and no path is such a text
		}
		var expression strings.Builder
		expression.WriteString(`(?s)\A`)
		rest := pattern
		for at := wildcards.FindStringIndex(rest); at != nil; at = wildcards.FindStringIndex(rest) {
			kind := map[bool]string{true: `.*`, false: `[^/]+`}[rest[at[0]:at[1]] == "**"]
			expression.WriteString(regexp.QuoteMeta(rest[:at[0]]) + kind)
			rest = rest[at[1]:]
		}
		expression.WriteString(regexp.QuoteMeta(rest) + `\z`)
		if want := regexp.MustCompile(expression.String()).MatchString(path); matches(pattern, path) != want {
			t.Errorf("%q on %q: not %t", pattern, path, want)
		}
	})
}

// TestAccessRules holds what a token with rules is good for, on the first call
// and on those that are answered from memory.
func TestAccessRules(t *testing.T) {
	list := NewAccessRule("image", "GET", "/v2/images")
	elsewhere := NewAccessRule("compute", "POST", "/v2/images")
	for name, c := range map[string]struct {
		rules        []AccessRule
		services     []string
		method, path string
		service      string
		want         bool
	}{
		"none":               {nil, nil, "GET", "/v2/images", "", true},
		"one that matches":   {[]AccessRule{elsewhere, list}, []string{"image"}, "GET", "/v2/images", "", true},
		"another method":     {[]AccessRule{list}, []string{"image"}, "POST", "/v2/images", "", false},
		"another path":       {[]AccessRule{list}, []string{"image"}, "GET", "/v2/images/1", "", false},
		"another service":    {[]AccessRule{elsewhere}, []string{"image", "compute"}, "POST", "/v2/images", "", false},
		"not in catalogue":   {[]AccessRule{list}, []string{"compute"}, "GET", "/v2/images", "", false},
		"empty catalogue":    {[]AccessRule{list}, nil, "GET", "/v2/images", "", false},
		"empty rules":        {[]AccessRule{}, []string{"image"}, "GET", "/v2/images", "", false},
		"vouched for":        {[]AccessRule{list}, []string{"image"}, "POST", "/v2/images", "service", true},
		"vouched by nobody":  {[]AccessRule{list}, []string{"image"}, "POST", "/v2/images", "nobody", false},
		"vouched, elsewhere": {[]AccessRule{list}, []string{"compute"}, "GET", "/v2/images", "service", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(Options{})
			w.judge = func(token string, _ Ask) (Verdict, error) {
				who, err := w.validate(t.Context(), token)
				if token != "user" {
					return Verdict{Caller: who}, err
				}
				return Verdict{Caller: who, AccessRules: c.rules, Services: c.services}, err
			}
			shown := Credentials{Token: "user", ServiceToken: c.service, Method: c.method, Path: c.path}
			for range 2 {
				who, err := w.front.Authenticate(t.Context(), shown)
				if (err == nil) != c.want || err != nil && !problem.Is(err, problem.Unauthorized) {
					t.Errorf("%+v, %v", who, err)
				}
				if err != nil && (who.UserID != caller.Caller{}.UserID || who.Roles != nil) {
					t.Errorf("refused, and yet %+v", who)
				}
			}
		})
	}
}

// TestManyAccessRules holds that a user who makes tokens with endless rules fills
// no memory: they are good, and asked about each time.
func TestManyAccessRules(t *testing.T) {
	for rules, asked := range map[int]int64{maxRules: 1, maxRules + 1: 2} {
		w := newWorld(Options{})
		w.judge = func(token string, _ Ask) (Verdict, error) {
			who, err := w.validate(t.Context(), token)
			many := slices.Repeat([]AccessRule{NewAccessRule("image", "GET", "/v2/images")}, rules)
			return Verdict{Caller: who, AccessRules: many, Services: []string{"image"}}, err
		}
		for range 2 {
			if _, err := w.front.Authenticate(t.Context(), Credentials{Token: "user", Method: "GET", Path: "/v2/images"}); err != nil {
				t.Error(err)
			}
		}
		w.wantAsked(t, asked)
	}
}
