package keystone

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/problem"
)

var _ identity.Validator = (*Validator)(nil)

// TestQuestion holds what Keystone is asked, with a login and without.
func TestQuestion(t *testing.T) {
	for _, c := range []struct {
		login                 bool
		voucher, asker, query string
	}{
		{false, "", "user-token", "nocatalog=1"},
		{false, "voucher", "user-token", "allow_expired=1&nocatalog=1"},
		{true, "", "own-1", "nocatalog=1"},
		{true, "voucher", "own-1", "allow_expired=1&nocatalog=1"},
	} {
		w := newWorld(t, c.login)
		if _, err := w.ask("user-token", c.voucher); err != nil {
			t.Fatal(err)
		}
		w.wantAsked(1, map[bool]int{true: 1}[c.login])
		r := w.asked[0]
		got := fmt.Sprint(r.Method, " ", r.URL, " ", r.Header.Get("X-Auth-Token"), " ", r.Header.Get("X-Subject-Token"), " ", r.Header.Get("OpenStack-Identity-Access-Rules"))
		want := "GET https://keystone.test/identity/v3/auth/tokens?" + c.query + " " + c.asker + " user-token 1.0"
		if got != want {
			t.Errorf("asked\n%s, not\n%s", got, want)
		}
	}
}

// TestAnswers walks what Keystone may answer, and what that is to our callers.
func TestAnswers(t *testing.T) {
	status := func(code int, text string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); fmt.Fprint(w, text) }
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		want   problem.Code // problem.Internal: nobody could tell
		alarm  bool
	}{
		"not found":            {func(w http.ResponseWriter, _ *http.Request) { notFound(w) }, problem.Unauthorized, false},
		"not found by a proxy": {status(404, "<h1>404</h1>"), problem.Internal, false},
		"forbidden":            {status(403, `{"error":{"code":403}}`), problem.Internal, true},
		"bad request":          {status(400, `{"error":{"code":400}}`), problem.Internal, false},
		"broken":               {status(500, `{"error":{"code":500}}`), problem.Internal, false},
		"overloaded":           {status(503, ""), problem.Internal, false},
		"multiple choices":     {status(300, `{"versions":{}}`), problem.Internal, false},
		"created":              {status(201, body("")), problem.Internal, false},
		"empty":                {status(200, ""), problem.Internal, false},
		"no JSON":              {status(200, "<html>"), problem.Internal, false},
		"other JSON":           {status(200, `{"access":{}}`), problem.Internal, false},
		"a list":               {status(200, `[]`), problem.Internal, false},
		"null":                 {status(200, `{"token":null}`), problem.Internal, false},
		"no user":              {status(200, `{"token":{"expires_at":"2027-01-15T09:00:00.000000Z"}}`), problem.Internal, false},
		"no end":               {status(200, `{"token":{"user":{"id":"u"}}}`), problem.Internal, false},
		"end that is none":     {status(200, `{"token":{"user":{"id":"u"},"expires_at":"soon"}}`), problem.Internal, false},
		"two scopes":           {status(200, body(`"project":`+project+`,"system":{"all":true}`)), problem.Internal, false},
		"scope without id":     {status(200, body(`"project":{}`)), problem.Internal, false},
		"more follows":         {status(200, body("")+body("")), problem.Internal, false},
		"oversized":            {status(200, body("")+strings.Repeat(" ", largest)), problem.Internal, false},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/identity/v3/auth/tokens?elsewhere", http.StatusTemporaryRedirect)
		}, problem.Internal, false},
	} {
		for _, login := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, login %t", name, login), func(t *testing.T) {
				w := newWorld(t, login)
				w.answer = c.answer
				verdict, err := w.ask("user-token", "")
				if err == nil || problem.CodeOf(err) != c.want || verdict.Caller.UserID != "" {
					t.Fatalf("%+v, %v", verdict, err)
				}
				w.wantAsked(1, map[bool]int{true: 1}[login])
				if alarmed := strings.Contains(w.log.String(), "level=ERROR"); alarmed != c.alarm {
					t.Errorf("alarm: %t: %s", alarmed, w.log)
				}
				w.wantNoSecrets(err)
			})
		}
	}
}

// wantNoSecrets holds what callers and logs are told.
func (w *world) wantNoSecrets(err error) {
	w.t.Helper()
	for _, secret := range []string{"user-token", "voucher", "own-", "first", "second"} {
		if told := fmt.Sprint(err) + w.log.String(); strings.Contains(told, secret) {
			w.t.Errorf("%q was told: %s", secret, told)
		}
	}
}

// TestTokensThatCannotBe are refused without a question.
func TestTokensThatCannotBe(t *testing.T) {
	w := newWorld(t, true)
	for _, token := range []string{"", "two words", "line\nfeed", "\x00", "\xff\xfe", "żeton", strings.Repeat("x", longest+1), strings.Repeat("x", 64<<10)} {
		if _, err := w.ask(token, ""); !problem.Is(err, problem.Unauthorized) {
			t.Errorf("%.20q: %v", token, err)
		}
	}
	w.wantAsked(0, 0)
	if _, err := w.ask(strings.Repeat("x", longest), ""); err != nil {
		t.Error(err)
	}
}

// TestCallers reads what the body says of who asks, and nothing from elsewhere.
func TestCallers(t *testing.T) {
	roles := `,"roles":[{"id":"r1","name":"Member"},{"id":"r2","name":"reader"},{"id":"r3","name":"a, b"}]`
	mia := caller.Caller{
		UserID: "u1", UserDomainID: "default", IsAdminProject: true, ExpiresAt: time.Unix(start, 0).UTC().Add(time.Hour),
	}
	with := func(change func(*caller.Caller)) caller.Caller { who := mia; change(&who); return who }
	named := []string{"Member", "reader", "a, b"}
	for fields, want := range map[string]caller.Caller{
		"":                     mia,
		roles[1:]:              mia, // of no scope
		`"project":` + project: with(func(c *caller.Caller) { c.ProjectID, c.ProjectDomainID = "p1", "default" }),
		`"project":{"id":"p1","domain":{"id":"other"}},"is_domain":false` + roles: with(func(c *caller.Caller) {
			c.ProjectID, c.ProjectDomainID, c.Roles = "p1", "other", named
		}),
		`"project":` + project + `,"is_admin_project":false`: with(func(c *caller.Caller) {
			c.ProjectID, c.ProjectDomainID, c.IsAdminProject = "p1", "default", false
		}),
		`"domain":{"id":"d1","name":"D"}` + roles: with(func(c *caller.Caller) { c.DomainID, c.Roles = "d1", named }),
		`"system":{"all":true}` + roles:           with(func(c *caller.Caller) { c.SystemScope, c.Roles = "all", named }),
		`"system":{"all":false}` + roles:          mia,
		`"application_credential":{"id":"a","restricted":true},"project":` + project: with(func(c *caller.Caller) {
			c.ProjectID, c.ProjectDomainID = "p1", "default"
		}),
	} {
		w := newWorld(t, false)
		w.answer = func(out http.ResponseWriter, _ *http.Request) { fmt.Fprint(out, body(fields)) }
		verdict, err := w.ask("user-token", "")
		if diff := cmp.Diff(want, verdict.Caller); err != nil || diff != "" || verdict.AccessRules != nil {
			t.Errorf("%s: %v\n%s", fields, err, diff)
		}
	}
}

// TestAccessRules holds that the catalogue is asked for where it is needed.
func TestAccessRules(t *testing.T) {
	for rules, want := range map[string]int{
		`{"id":"a","access_rules":[{"id":"1","path":"/v2/images","method":"GET","service":"image"}]}`: 1,
		`{"id":"a","access_rules":[]}`: 0,
	} {
		w := newWorld(t, true)
		w.answer = func(out http.ResponseWriter, r *http.Request) {
			fields := `"project":` + project + `,"application_credential":` + rules
			if !r.URL.Query().Has("nocatalog") {
				fields += `,"catalog":[{"type":"image","endpoints":[]},{"type":"compute"}]`
			}
			fmt.Fprint(out, body(fields))
		}
		verdict, err := w.ask("user-token", "")
		if err != nil || verdict.AccessRules == nil || len(verdict.AccessRules) != want || !slices.Equal(verdict.Services, []string{"image", "compute"}) {
			t.Errorf("%+v, %v", verdict, err)
		}
		w.wantAsked(2, 1)
	}
}

// TestVouchedFor holds that, without a login, the service that vouches asks
// about a token that cannot ask about itself.
func TestVouchedFor(t *testing.T) {
	for name, c := range map[string]struct {
		voucher string
		knows   []string // whose questions Keystone answers
		may     bool
		want    string
		asked   int
	}{
		"token is good":       {"voucher", []string{"user-token", "voucher"}, true, "good", 1},
		"token has expired":   {"voucher", []string{"voucher"}, true, "good", 2},
		"both have":           {"voucher", nil, true, "bad", 2},
		"nobody vouches":      {"", nil, true, "bad", 1},
		"voucher may not ask": {"voucher", []string{"voucher"}, false, "unknown", 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, false)
			w.answer = func(out http.ResponseWriter, r *http.Request) {
				asker := r.Header.Get("X-Auth-Token")
				switch {
				case !slices.Contains(c.knows, asker):
					out.WriteHeader(http.StatusUnauthorized)
				case !c.may:
					out.WriteHeader(http.StatusForbidden)
				default:
					fmt.Fprint(out, body(""))
				}
			}
			_, err := w.ask("user-token", c.voucher)
			got := "unknown"
			switch {
			case err == nil:
				got = "good"
			case problem.Is(err, problem.Unauthorized):
				got = "bad"
			}
			if got != c.want {
				t.Errorf("%s: %v", got, err)
			}
			w.wantAsked(c.asked, 0)
			w.wantNoSecrets(err)
		})
	}
}

// TestURLs are taken as operators write them.
func TestURLs(t *testing.T) {
	for _, address := range []string{"http://k/identity", "http://k/identity/", "http://k/identity/v3", "http://k/identity/v3/"} {
		if c := newClient(address, nil); c.base != "http://k/identity/v3" {
			t.Errorf("%s: %s", address, c.base)
		}
	}
}

// TestHangs ends a question that gets no answer with the caller's patience, and
// does not repeat it.
func TestHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		v := New(Options{URL: "http://k", Transport: transport(func(r *http.Request) (*http.Response, error) {
			tries++
			<-r.Context().Done()
			return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: r.Context().Err()}
		})})
		before := time.Now()
		_, err := v.Validate(t.Context(), "user-token", identity.Ask{})
		if took := time.Since(before); err == nil || problem.CodeOf(err) != problem.Internal || took != patience || tries != 1 {
			t.Errorf("%v after %s in %d tries", err, took, tries)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := v.Validate(ctx, "user-token", identity.Ask{}); err == nil || tries != 2 {
			t.Errorf("%v in %d tries", err, tries)
		}
	})
}

type transport func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
