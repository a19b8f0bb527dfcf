//go:build !cloud

package scenarios

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/identity"
)

// A plainSource takes tokens that are a project and roles, "demo:member,reader",
// and adds nothing to them.
type plainSource struct{}

func (plainSource) Validate(_ context.Context, token string, _ identity.Ask) (identity.Verdict, error) {
	project, roles, _ := strings.Cut(token, ":")
	return identity.Verdict{Caller: caller.Caller{
		UserID: "u", ProjectID: project, Roles: strings.Split(roles, "+"), IsAdminProject: true, ExpiresAt: time.Now().Add(time.Hour),
	}}, nil
}

// TestRolesImplyNothingHere: a role is what the source of identity says, and brings
// no other with it. One that Keystone's own data implies is missing where the
// source leaves it out.
//
// Source: glance/policies/base.py; keystone/cmd/bootstrap.py, which makes the
// implications.
func TestRolesImplyNothingHere(t *testing.T) {
	w := newInside(t)
	w.services.Identity = identity.New(plainSource{}, identity.Options{})
	by := func(roles string) option { return header("X-Auth-Token", "demo:"+roles) }
	id := w.made(bootable, by("member+reader"))
	path := "/v2/images/" + id
	w.call("PUT "+path+"/file", by("member"), octets("abc")).want(204)

	// A member that is no reader sees nothing, and may do what it cannot see.
	w.refused("GET "+path, by("member")).want(404)
	w.refused("GET /v2/images", by("member")).want(403)
	w.call("GET "+path+"/file", by("member")).want(200).is("abc")
	w.made(`{}`, by("member"))

	// A manager alone, and Keystone's older role, are nothing.
	for _, role := range []string{"manager", "_member_", "service"} {
		w.refused("GET "+path, by(role)).want(404)
		w.refused("POST /v2/images", by(role), body(`{}`)).want(403)
		w.refused("DELETE "+path, by(role)).want(404)
	}
	w.refused("DELETE "+path, by("reader")).want(403)
	w.call("GET "+path, by("READER")).want(200)

	// An administrator alone is let in as such, and by no other role.
	w.call("GET "+path, by("admin")).want(200)
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte("get_images: role:member\nget_image: role:member\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.set("GANDER_POLICY_FILE=" + file)
	w.refused("GET "+path, by("admin")).want(404)
	w.refused("GET /v2/images", by("admin")).want(403)
	w.call("GET /v2/images", by("admin+member")).want(200)
}
