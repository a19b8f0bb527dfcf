package identity

import (
	"testing"

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
		{"/v2/\xff", "/v2/\xff", false},
	} {
		rule := NewAccessRule("image", "GET", c.pattern)
		if got := rule.allows("image", Credentials{Method: "GET", Path: c.path}); got != c.want {
			t.Errorf("%q on %q: %t", c.pattern, c.path, got)
		}
	}
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
