//go:build clients && !cloud

package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/applicationcredentials"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/users"

	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/identity/keystone"
	"github.com/gander-images/gander/shared/problem"
)

// TestKeystoneTokens shows every kind of token to the service, which asks a real
// Keystone as a user of its own, and then with no user at all.
func TestKeystoneTokens(t *testing.T) {
	k := startKeystone(t)
	a := k.admin()
	a.user("mia", "mia's", "demo", "member")
	a.user("rob", "rob's", "demo", "reader")
	a.user("otto", "otto's", "other", "member")
	a.user("nova", "nova's", "service", "service", "reader")
	t.Run("not in the catalogue", func(t *testing.T) {
		k := k.in(t)
		s := k.gander(a, false)
		s.with(k.credential(by("mia", "demo"), "early", rule("GET", "/v2/images"))).call("GET /v2/images", nil).want(401)
	})
	a.publish("image", "http://image.example")
	a.onDomain("admin", "admin")
	for _, c := range []struct {
		name string
		own  bool
	}{{"as a user", true}, {"each token about itself", false}} {
		t.Run(c.name, func(t *testing.T) {
			k := k.in(t)
			playTokens(t, &tokenStage{k: k, a: a, s: k.gander(a, c.own), own: c.own, shown: new([]string)})
		})
	}
	t.Run("revocation window", func(t *testing.T) { revocationWindow(t, k.in(t)) })
}

// A tokenStage is the service before Keystone.
type tokenStage struct {
	k   *realKeystone
	a   *keystoneAdmin
	s   *service
	own bool // it has a user of its own there

	shown *[]string // tokens, of which none is to be logged
}

func playTokens(t *testing.T, w *tokenStage) {
	type part struct {
		name string
		play func(*testing.T, *tokenStage)
	}
	parts := []part{
		{"scopes", playScopes},
		{"projects", playProjects},
		{"headers", playHeaders},
		{"service tokens", playServiceTokens},
		{"access rules", playAccessRules},
		{"revoked and disabled", playRevoked},
		{"expired", playExpired},
		{"stopped", playStopped},
	}
	if w.own {
		parts = append(parts, part{"password changed", playPassword})
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.play(t, &tokenStage{w.k.in(t), w.a.in(t), w.s, w.own, w.shown}) })
	}
	logged := w.s.logged.String()
	for _, token := range *w.shown {
		if len(token) > 20 && strings.Contains(logged, token[:20]) {
			t.Error("a token is in the log")
		}
	}
}

// with is somebody with this token at the image service.
func (w *tokenStage) with(token string) *user {
	u := w.s.with(token)
	u.t = w.k.t
	*w.shown = append(*w.shown, token)
	return u
}

func (w *tokenStage) as(name, project string) *user { return w.with(w.k.token(by(name, project))) }

func rule(method, path string) applicationcredentials.AccessRule {
	return applicationcredentials.AccessRule{Service: "image", Method: method, Path: path}
}

// playScopes: only tokens of a project get anywhere with images.
func playScopes(_ *testing.T, w *tokenStage) {
	admin := gophercloud.AuthOptions{Username: "admin", Password: adminPassword, DomainID: "default"}
	scoped := func(scope *gophercloud.AuthScope) string {
		o := admin
		o.Scope = scope
		return w.k.token(o)
	}
	for token, status := range map[string]int{
		scoped(onProject("admin")): 200,
		scoped(nil):                403,
		scoped(&gophercloud.AuthScope{System: true}):        403,
		scoped(&gophercloud.AuthScope{DomainID: "default"}): 403,
		"gAAAAABnobody":                  401,
		"nobody":                         401,
		strings.Repeat("x", 64<<10):      401,
		w.k.token(by("nova", "service")): 200,
		w.k.token(by("rob", "demo")):     200,
		w.k.token(by("mia", "demo"))[:20] + "AAAAAAAAAAAAAA": 401,
	} {
		w.with(token).call("GET /v2/images", nil).want(status)
	}
	refused := w.with("nobody").call("GET /v2/images", nil).want(401)
	if got := refused.header.Get("Www-Authenticate"); got != fmt.Sprintf("Keystone uri=%q", w.k.url) {
		w.k.t.Errorf("a 401 sends callers to %s", got)
	}
}

// playProjects: an image is its project's.
func playProjects(t *testing.T, w *tokenStage) {
	mia := w.as("mia", "demo")
	id := mia.create("mia's")
	img := mia.call("GET /v2/images/"+id, nil).want(200).image()
	if img["owner"] != w.a.project("demo") {
		t.Errorf("the owner is %v", img["owner"])
	}
	w.as("otto", "other").call("GET /v2/images/"+id, nil).want(404)
	w.as("rob", "demo").call("GET /v2/images/"+id, nil).want(200)
	w.as("rob", "demo").call("DELETE /v2/images/"+id, nil).want(403)
	mia.call("DELETE /v2/images/"+id, nil).want(204)
}

// playHeaders: who callers say they are is of no interest.
func playHeaders(_ *testing.T, w *tokenStage) {
	forged := []string{
		"X-Identity-Status: Confirmed", "X-User-Id: " + w.a.users["mia"], "X-Project-Id: " + w.a.projects["demo"], "X-Roles: admin,member",
		"X-Role: admin", "X-Tenant: demo", "X-Is-Admin-Project: True", "Openstack-System-Scope: all", "X-Service-Roles: service",
		"X-Service-Identity-Status: Confirmed", "X-Domain-Id: default",
	}
	w.with("").call("GET /v2/images", nil, forged...).want(401)
	w.as("rob", "demo").call("POST /v2/images", strings.NewReader("{}"), forged...).want(403)
}

// playServiceTokens: none stands in for the user's, and a bad one harms nothing.
func playServiceTokens(_ *testing.T, w *tokenStage) {
	nova, rob := w.k.token(by("nova", "service")), w.as("rob", "demo")
	for _, token := range []string{nova, "nobody", w.k.token(by("mia", "demo"))} {
		rob.call("GET /v2/images", nil, "X-Service-Token: "+token).want(200)
		rob.call("POST /v2/images", strings.NewReader("{}"), "X-Service-Token: "+token).want(403)
	}
	w.with("nobody").call("GET /v2/images", nil, "X-Service-Token: "+nova).want(401)
}

// playAccessRules: an application credential is good for the calls it names.
func playAccessRules(t *testing.T, w *tokenStage) {
	mia := by("mia", "demo")
	id := w.as("mia", "demo").create("to be seen")
	name := func(n string) string { return fmt.Sprint(n, " ", w.own) }
	limited := w.with(w.k.credential(mia, name("limited"), rule("GET", "/v2/images"), rule("GET", "/v2/images/{id}")))
	first := w.k.costs(func() { limited.call("GET /v2/images", nil).want(200) })
	if first.validations != 1 || first.catalogs != 1 {
		t.Errorf("a token with rules costs %+v", first)
	}
	limited.call("GET /v2/images?limit=1", nil).want(200)
	limited.call("GET /v2.9/images/"+id, nil).want(200)
	limited.call("GET /v2/images/"+id+"/file", nil).want(401)
	limited.call("GET /v2/images/"+id+"%2Ffile", nil).want(401)
	limited.call("DELETE /v2/images/"+id, nil).want(401)
	limited.call("POST /v2/images", strings.NewReader("{}")).want(401)
	limited.call("POST /v2/images", strings.NewReader("{}"), "X-Service-Token: nobody").want(401)
	limited.call("POST /v2/images", strings.NewReader(`{"name":"vouched for"}`), "X-Service-Token: "+w.k.token(by("nova", "service"))).want(201)
	w.with(w.k.credential(mia, name("elsewhere"), applicationcredentials.AccessRule{Service: "compute", Method: "GET", Path: "/v2/images"})).
		call("GET /v2/images", nil).want(401)
	whole := w.with(w.k.credential(mia, name("unrestricted")))
	whole.call("POST /v2/images", strings.NewReader("{}")).want(201)
	whole.call("DELETE /v2/images/"+id, nil).want(204)
}

// playRevoked: what Keystone has taken back by the first time it is shown.
func playRevoked(_ *testing.T, w *tokenStage) {
	revoked, ofUser, ofProject := w.k.token(by("mia", "demo")), w.k.token(by("mia", "demo")), w.k.token(by("otto", "other"))
	w.a.revoke(revoked)
	w.with(revoked).call("GET /v2/images", nil).want(401)
	w.a.enable("mia", false)
	w.with(ofUser).call("GET /v2/images", nil).want(401)
	w.a.enable("mia", true)
	w.a.enableProject("other", false)
	w.with(ofProject).call("GET /v2/images", nil).want(401)
	w.a.enableProject("other", true)
	w.back("mia", "demo")
	w.back("otto", "other")
}

// back wants somebody who was shut out to be let in again by a new token. Keystone
// tells the times of tokens and of revocations in whole seconds, and takes a token
// for revoked that it gave within the second of the revocation.
func (w *tokenStage) back(name, project string) {
	w.k.t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if w.as(name, project).call("GET /v2/images", nil).status == 200 {
			return
		}
	}
	w.as(name, project).call("GET /v2/images", nil).want(200)
}

// playExpired: a token that has ended is good where a service vouches for the
// request, and nowhere else, remembered or not.
func playExpired(_ *testing.T, w *tokenStage) {
	nova := w.k.token(by("nova", "service"))
	const life = 5 * time.Second
	w.k.restart(life)
	known, fresh := w.as("mia", "demo"), w.as("mia", "demo")
	short := w.k.token(by("nova", "service"))
	ended := time.Now().Add(life + time.Second)
	w.k.restart(time.Hour)
	known.call("GET /v2/images", nil, "X-Service-Token: "+short) // remembered, if it was quick enough
	time.Sleep(time.Until(ended))
	for _, u := range []*user{known, fresh} {
		u.call("GET /v2/images", nil).want(401)
		u.call("GET /v2/images", nil, "X-Service-Token: nobody").want(401)
		u.call("GET /v2/images", nil, "X-Service-Token: "+short).want(401)
		u.call("GET /v2/images", nil, "X-Service-Token: "+w.k.token(by("rob", "demo"))).want(401)
		u.call("GET /v2/images", nil, "X-Service-Token: "+nova).want(200)
		u.call("GET /v2/images", nil, "X-Service-Token: "+nova).want(200)
		u.call("GET /v2/images", nil).want(401)
	}
	w.with(nova).call("GET /v2/images", nil).want(200)
}

// restart has Keystone give tokens of this life.
func (k *realKeystone) restart(life time.Duration) {
	k.t.Helper()
	k.stop()
	k.configure(life)
	k.start()
}

// playPassword: the service's own password may be changed while it runs, which
// ends its own token.
func playPassword(t *testing.T, w *tokenStage) {
	_, err := users.Update(t.Context(), w.a.client, w.a.users["gander"], users.UpdateOpts{Password: "another"}).Extract()
	w.a.want(err)
	w.as("mia", "demo").call("GET /v2/images", nil).want(503)
	comesTrue(t, func() bool { return strings.Contains(w.s.logged.String(), "do not log in") })
	w.a.want(os.WriteFile(w.k.path("password"), []byte("another\n"), 0o600))
	comesTrue(t, func() bool {
		return w.as("mia", "demo").call("GET /v2/images", nil).status == http.StatusOK
	})
	if logged := w.s.logged.String(); strings.Contains(logged, ganderPassword) || strings.Contains(logged, "another") {
		t.Error("the log tells a password")
	}
}

func comesTrue(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come to pass")
		}
	}
}

// playStopped: without Keystone, those whom the service knows go on.
func playStopped(_ *testing.T, w *tokenStage) {
	known, unknown := w.as("mia", "demo"), w.as("mia", "demo")
	known.call("GET /v2/images", nil).want(200)
	w.k.stop()
	defer func() {
		if w.k.server == nil { // what failed is no reason for the rest to fail
			w.k.start()
		}
	}()
	known.call("GET /v2/images", nil).want(200)
	unknown.call("GET /v2/images", nil).want(503)
	known.call("GET /healthcheck", nil).want(200)
	w.k.start()
	unknown.call("GET /v2/images", nil).want(200)
}

// revocationWindow holds how long a revoked token goes on where it was known.
func revocationWindow(t *testing.T, k *realKeystone) {
	skew := time.Duration(0)
	front := identity.New(keystone.New(keystone.Options{URL: k.url}), identity.Options{
		Now: func() time.Time { return time.Now().Add(skew) },
	})
	client := k.session(by("mia", "demo"))
	shown := identity.Credentials{Token: client.Token()}
	who, err := front.Authenticate(t.Context(), shown)
	if err != nil || who.UserID == "" {
		t.Fatalf("%+v, %v", who, err)
	}
	k.admin().revoke(client.Token())
	for after, good := range map[time.Duration]bool{0: true, 290 * time.Second: true} {
		skew = after
		if _, err := front.Authenticate(t.Context(), shown); (err == nil) != good {
			t.Errorf("%s after it was revoked: %v", after, err)
		}
	}
	skew = 300 * time.Second
	if _, err := front.Authenticate(t.Context(), shown); !problem.Is(err, problem.Unauthorized) {
		t.Errorf("300 s after it was revoked: %v", err)
	}
}
