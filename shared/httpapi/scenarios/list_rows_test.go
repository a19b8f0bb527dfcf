package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sorted are the names of a page, whatever its order.
func (l listed) sorted() string {
	names := strings.Fields(l.names())
	slices.Sort(names)
	return strings.Join(names, " ")
}

// madeFor makes an image for an owner, and takes it to the visibility in the end.
// Members are "project" for a pending row, or "project:status".
func (w *world) madeFor(owner, name, visibility string, members ...string) (id string) {
	w.t.Helper()
	id = w.made(fmt.Sprintf(`{"name":%q,"owner":%s,"visibility":"shared"}`, name, owner), as("admin"))
	for _, m := range members {
		project, status, answered := strings.Cut(m, ":")
		w.call("POST /v2/images/"+id+"/members", as("admin"), body(`{"member":"`+project+`"}`)).want(200)
		if answered {
			w.call("PUT /v2/images/"+id+"/members/"+project, as("admin"), body(`{"status":"`+status+`"}`)).want(200)
		}
	}
	if visibility != "shared" {
		w.seenAs(id, visibility)
	}
	return id
}

// hide hides an image from lists.
func (w *world) hide(id string) {
	w.t.Helper()
	w.call("PATCH /v2/images/"+id, as("admin"), body(`[{"op":"replace","path":"/os_hidden","value":true}]`),
		header("Content-Type", "application/openstack-images-v2.1-json-patch")).want(200)
}

// aCatalogue has an image of each kind: of demo (d-), other (o-) and nobody (n-),
// of every visibility, with demo a member of every status.
func (w *world) aCatalogue() (ids map[string]string) {
	w.t.Helper()
	ids = map[string]string{}
	for _, visibility := range []string{"public", "private", "shared", "community"} {
		short := visibility[:3]
		ids["d-"+short] = w.madeFor(`"demo"`, "d-"+short, visibility)
		ids["o-"+short] = w.madeFor(`"other"`, "o-"+short, visibility)
		ids["n-"+short] = w.madeFor("null", "n-"+short, visibility)
		ids["o-"+short+"-acc"] = w.madeFor(`"other"`, "o-"+short+"-acc", visibility, "demo:accepted")
	}
	ids["d-sha-own"] = w.madeFor(`"demo"`, "d-sha-own", "shared", "demo:accepted", "service")
	ids["o-sha-pen"] = w.madeFor(`"other"`, "o-sha-pen", "shared", "demo")
	ids["o-sha-rej"] = w.madeFor(`"other"`, "o-sha-rej", "shared", "demo:rejected")
	ids["d-hid"] = w.madeFor(`"demo"`, "d-hid", "private")
	ids["o-hid-acc"] = w.madeFor(`"other"`, "o-hid-acc", "shared", "demo:accepted")
	ids["x"] = w.madeFor(`"other"`, "x", "shared", "demo:accepted")
	w.hide(ids["d-hid"])
	w.hide(ids["o-hid-acc"])
	w.call("DELETE /v2/images/"+ids["x"], as("admin")).want(204)
	return ids
}

// What each caller is listed, by visibility and status as a member. Every list is
// read by creation, by name and by another order, whole and in pages of two.
func TestListRows(t *testing.T) {
	w := newWorld(t)
	w.aCatalogue()
	const (
		publics     = "d-pub n-pub o-pub o-pub-acc"
		communities = "d-com n-com o-com o-com-acc"
		demos       = "d-com d-pri d-pub d-sha d-sha-own"
		others      = "o-com o-com-acc o-pri o-pri-acc o-pub o-pub-acc o-sha o-sha-acc o-sha-pen o-sha-rej"
		shareds     = "d-sha d-sha-own n-sha o-sha o-sha-acc o-sha-pen o-sha-rej"
		privates    = "d-pri n-pri o-pri o-pri-acc"
	)
	for _, c := range []struct{ who, query, want string }{
		{"member", "", demos + " n-pub o-pub o-pub-acc o-sha-acc"},
		{"reader", "", demos + " n-pub o-pub o-pub-acc o-sha-acc"},
		{"member", "member_status=accepted", demos + " n-pub o-pub o-pub-acc o-sha-acc"},
		{"member", "member_status=pending", demos + " n-pub o-pub o-pub-acc o-sha-pen"},
		{"member", "member_status=rejected", demos + " n-pub o-pub o-pub-acc o-sha-rej"},
		{"member", "member_status=all", demos + " n-pub o-pub o-pub-acc o-sha-acc o-sha-pen o-sha-rej"},
		{"member", "visibility=public", publics},
		{"member", "visibility=public&member_status=all", publics},
		{"member", "visibility=private", "d-pri"},
		{"member", "visibility=shared", "d-sha d-sha-own o-sha-acc"},
		{"member", "visibility=shared&member_status=pending", "d-sha d-sha-own o-sha-pen"},
		{"member", "visibility=shared&member_status=all", "d-sha d-sha-own o-sha-acc o-sha-pen o-sha-rej"},
		{"member", "visibility=community", communities},
		{"member", "visibility=all", "d-com d-pri d-pub d-sha d-sha-own n-com n-pub o-com o-com-acc o-pub o-pub-acc o-sha-acc"},
		{"member", "visibility=", ""},
		{"member", "visibility=private&visibility=public", publics},
		{"member", "owner=demo", demos},
		{"member", "owner=other", "o-pub o-pub-acc o-sha-acc"},
		{"member", "owner=other&member_status=all", "o-pub o-pub-acc o-sha-acc o-sha-pen o-sha-rej"},
		{"member", "owner=other&visibility=all", "o-com o-com-acc o-pub o-pub-acc o-sha-acc"},
		{"member", "owner=other&visibility=private", ""},
		{"member", "owner=unheard", ""},
		{"member", "os_hidden=true", "d-hid o-hid-acc"},
		{"member", "os_hidden=True&visibility=all&member_status=pending", "d-hid"},
		{"member", "os_hidden=FALSE&visibility=private", "d-pri"},
		{"other", "", others + " d-pub n-pub"},
		{"other", "visibility=shared&member_status=all", "o-sha o-sha-acc o-sha-pen o-sha-rej"},
		{"other", "os_hidden=true", "o-hid-acc"},
		{"service", "", publics},
		{"service", "member_status=all", publics + " d-sha-own"},
		{"service", "visibility=shared", ""},
		{"service", "visibility=shared&member_status=pending", "d-sha-own"},
		{"service", "visibility=all", publics + " " + communities},
		{"service", "os_hidden=true", ""},
		{"admin", "", publics + " " + privates + " " + shareds},
		{"admin", "member_status=rejected", publics + " " + privates + " " + shareds},
		{"admin", "visibility=all", publics + " " + privates + " " + shareds + " " + communities},
		{"admin", "visibility=public", publics},
		{"admin", "visibility=private", privates},
		{"admin", "visibility=shared", shareds},
		{"admin", "visibility=community", communities},
		{"admin", "owner=other", strings.TrimPrefix(others, "o-com o-com-acc ")},
		{"admin", "owner=other&visibility=all", others},
		{"admin", "os_hidden=true", "d-hid o-hid-acc"},
	} {
		names := strings.Fields(c.want)
		slices.Sort(names)
		want := strings.Join(names, " ")
		for _, sort := range []string{"created_at", "name:asc", "status:asc"} {
			query := "/v2/images?limit=100&sort=" + sort + "&" + c.query
			if got := w.list(query, as(c.who)).sorted(); got != want {
				t.Errorf("%s lists %s: %s, not %s", c.who, query, got, want)
			}
		}
		if got := w.walked("/v2/images?limit=2&"+c.query, as(c.who)); got.sorted() != want {
			t.Errorf("%s walks %s: %s, not %s", c.who, c.query, got.sorted(), want)
		}
	}
}

// walked follows next to the end. Only the page without a next may be empty.
func (w *world) walked(path string, options ...option) (all listed) {
	w.t.Helper()
	for {
		page := w.list(path, options...)
		all.Images = append(all.Images, page.Images...)
		if page.Next == nil {
			return all
		}
		if len(page.Images) == 0 {
			w.t.Fatalf("%s: an empty page with a next", path)
		}
		path = *page.Next
	}
}

// A list follows each change of a row, of the image's visibility and of its being
// hidden, from one call to the next.
func TestListFollowsMembers(t *testing.T) {
	w := newWorld(t)
	id := w.madeFor(`"demo"`, "x", "shared")
	members := "/v2/images/" + id + "/members"
	answers := func(status string) func() {
		return func() {
			w.call("PUT "+members+"/other", as("other"), body(`{"status":"`+status+`"}`)).want(200)
		}
	}
	adds := func() { w.call("POST "+members, body(`{"member":"other"}`)).want(200) }
	removes := func() { w.call("DELETE " + members + "/other").want(204) }
	seen := func(visibility string) func() { return func() { w.seenAs(id, visibility) } }
	for _, step := range []struct {
		name   string
		do     func()
		listed string // by which member_status
	}{
		{"made", func() {}, ""},
		{"added", adds, "pending"},
		{"accepted", answers("accepted"), "accepted"},
		{"accepted again", answers("accepted"), "accepted"},
		{"rejected", answers("rejected"), "rejected"},
		{"pending again", answers("pending"), "pending"},
		{"removed", removes, ""},
		{"added again", adds, "pending"},
		{"accepted once more", answers("accepted"), "accepted"},
		{"private", seen("private"), ""},
		{"shared again", seen("shared"), "accepted"},
		{"community", seen("community"), ""},
		{"public", seen("public"), "accepted pending rejected"},
		{"shared at last", seen("shared"), "accepted"},
		{"hidden", func() { w.hide(id) }, ""},
		{"deleted", func() { w.call("DELETE /v2/images/" + id).want(204) }, ""},
	} {
		step.do()
		for _, status := range []string{"accepted", "pending", "rejected"} {
			for _, query := range []string{"", "&name=x", "&sort=name", "&id=" + id} {
				want := ""
				if strings.Contains(step.listed, status) {
					want = "x"
				}
				if got := w.list("/v2/images?member_status="+status+query, as("other")).names(); got != want {
					t.Errorf("%s: %s%s lists %q, not %q", step.name, status, query, got, want)
				}
			}
		}
	}
}

// Markers are looked up as images are by their ids: a member of any status may
// begin behind one, wherever it is listed.
func TestListMarkers(t *testing.T) {
	w := newWorld(t)
	ids := w.aCatalogue()
	for _, c := range []struct {
		marker, who string
		status      int
	}{
		{"o-sha-acc", "member", 200},
		{"o-sha-pen", "member", 200},
		{"o-sha-rej", "reader", 200},
		{"o-hid-acc", "member", 200},
		{"o-com", "member", 200},
		{"n-sha", "member", 200},
		{"o-sha", "member", 403},
		{"o-pri-acc", "member", 403},
		{"o-sha-acc", "service", 403},
		{"d-sha-own", "service", 200},
		{"d-hid", "other", 403},
		{"d-hid", "admin", 200},
		{"x", "other", 400},
		{"x", "member", 400},
		{"x", "admin", 200},
	} {
		for _, query := range []string{"", "&limit=0", "&sort=name", "&sort=size:asc", "&id=" + ids["d-pub"]} {
			w.refused("GET /v2/images?marker="+ids[c.marker]+query, as(c.who), asJSON).want(c.status)
		}
	}
	behind := w.list("/v2/images?limit=100&sort=created_at:asc&marker=" + ids["o-sha-pen"])
	if behind.names() != "" {
		t.Errorf("behind the last but hidden ones there is %s", behind.names())
	}
	behind = w.list("/v2/images?sort=name:asc&limit=2&marker=" + ids["o-pub-acc"])
	if behind.names() != "o-sha-acc" {
		t.Errorf("by name, behind o-pub-acc there is %s", behind.names())
	}
}
