package scenarios

import (
	"fmt"
	"strings"
	"testing"
)

// Who may change what, and who learns of what.
func TestUpdateRights(t *testing.T) {
	w := newWorld(t)
	private := w.made(`{"visibility":"private"}`)
	public := w.made(`{"visibility":"public","owner":"demo"}`, as("admin"))
	community := w.made(`{"visibility":"community"}`)
	replace := func(name, value string) string {
		return fmt.Sprintf(`[{"op":"replace","path":"/%s","value":%s}]`, name, value)
	}
	for _, c := range []struct {
		who, id, sent string
		status        int
	}{
		{"member", private, replace("name", `"b"`), 200},
		{"admin", private, replace("name", `"c"`), 200},
		{"reader", private, replace("name", `"d"`), 403},
		{"other", private, replace("name", `"d"`), 404},
		{"nobody", private, replace("name", `"d"`), 404},
		{"service", private, replace("name", `"d"`), 404},
		{"other", public, replace("name", `"d"`), 403},
		{"reader", public, replace("name", `"d"`), 403},
		{"other", community, replace("name", `"d"`), 403},
		{"other", public, `[{"op":"remove","path":"/absent"}]`, 403},
		{"other", public, replace("locations", `[]`), 403},
		{"member", noImage, replace("name", `"d"`), 404},
		{"admin", noImage, `[]`, 404},
		{"other", private, `[]`, 404},
		{"other", public, `[]`, 200},

		// Without any change no rule is asked, and whoever the lookup shows the image
		// to is answered.
		{"reader", private, `[]`, 200},
		{"nobody", private, `[]`, 200},
		{"nobody", public, `[]`, 200},
		{"system", public, `[]`, 200},
		{"service", private, `[]`, 404},

		// Rules of visibilities, and that of owners, are 403 also to who may not see
		// the image by the rules.
		{"nobody", private, replace("visibility", `"public"`), 403},
		{"nobody", private, replace("visibility", `"community"`), 403},
		{"nobody", private, replace("visibility", `"shared"`), 404},
		{"nobody", private, replace("owner", `"other"`), 403},
		{"nobody", private, replace("locations", `[]`), 404},

		// Visibility has a rule for each direction that makes an image widely seen.
		{"member", private, replace("visibility", `"public"`), 403},
		{"member", public, replace("visibility", `"public"`), 403},
		{"member", private, replace("visibility", `"community"`), 200},
		{"member", private, replace("visibility", `"community"`), 200},
		{"member", private, replace("visibility", `"shared"`), 200},
		{"member", private, replace("visibility", `"private"`), 200},
		{"reader", private, replace("visibility", `"shared"`), 403},
		{"reader", private, replace("visibility", `"community"`), 403},
		{"other", private, replace("visibility", `"public"`), 404},
		{"other", community, replace("visibility", `"community"`), 403},
		{"admin", private, replace("visibility", `"public"`), 200},
		{"member", private, replace("name", `"public"`), 200},
		{"member", private, replace("visibility", `"private"`), 200},

		// Only an admin gives an image away.
		{"member", private, replace("owner", `"other"`), 403},
		{"member", private, replace("owner", `"demo"`), 403},
		{"member", private, replace("owner", `null`), 403},
		{"member", private, `[{"op":"add","path":"/owner","value":"other"}]`, 403},
		{"reader", private, replace("owner", `"other"`), 403},
		{"other", private, replace("owner", `"other"`), 404},
		{"other", public, replace("owner", `"other"`), 403},
		{"admin", private, replace("owner", `"demo"`), 200},
		{"admin", private, `[{"op":"add","path":"/owner","value":"other"}]`, 200},
		{"member", private, replace("name", `"d"`), 404},
		{"other", private, replace("name", `"e"`), 200},
		{"admin", private, replace("owner", `""`), 200},
		{"other", private, `[]`, 200},                   // the lookup shows an image of nobody to everybody,
		{"other", private, replace("name", `"f"`), 404}, // get_image does not
		{"admin", private, replace("owner", `"demo"`), 200},
		{"member", private, replace("name", `"g"`), 200},
	} {
		line := fmt.Sprintf("%s: %s", c.who, c.sent)
		if c.status == 200 && c.sent != `[]` {
			w.call("PATCH /v2/images/"+c.id, named(line), as(c.who), v21(c.sent)).want(200)
			continue
		}
		w.refused("PATCH /v2/images/"+c.id, named(line), as(c.who), v21(c.sent)).want(c.status)
	}
	w.call("GET /v2/images/" + private).want(200).says(`"owner":"demo"`).says(`"name":"g"`).says(`"visibility":"private"`)
	w.call("DELETE /v2/images/" + private).want(204)
	w.refused("PATCH /v2/images/"+private, v21(`[]`)).want(404)
}

// An image is found where its name, owner, visibility and hidden flag put it.
func TestUpdateMovesInLists(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"name":"b"}`)
	w.made(`{"name":"c"}`)
	lists := func(who, query string) bool {
		t.Helper()
		return strings.Contains(string(w.call("GET /v2/images?"+query, as(who)).want(200).body), id)
	}
	change := func(who, name, value string) {
		t.Helper()
		w.call("PATCH /v2/images/"+id, as(who), named(name+value), v21(fmt.Sprintf(`[{"op":"replace","path":"/%s","value":%s}]`, name, value))).want(200)
	}
	for _, c := range []struct {
		name, value, who, query string
		listed                  bool
	}{
		{"name", `"d"`, "member", "name=d", true},
		{"name", `"d"`, "member", "name=b", false},
		{"visibility", `"public"`, "other", "", true},
		{"os_hidden", `true`, "other", "", false},
		{"os_hidden", `true`, "other", "os_hidden=true", true},
		{"os_hidden", `false`, "other", "", true},
		{"visibility", `"community"`, "other", "", false},
		{"visibility", `"community"`, "other", "visibility=community", true},
		{"visibility", `"private"`, "other", "visibility=all", false},
		{"visibility", `"private"`, "member", "", true},
		{"owner", `"other"`, "member", "", false},
		{"owner", `"other"`, "other", "", true},
	} {
		change("admin", c.name, c.value)
		if lists(c.who, c.query) != c.listed {
			t.Errorf("with %s %s, listed for %s by %q is %t", c.name, c.value, c.who, c.query, !c.listed)
		}
	}
	w.call("GET /v2/images?sort=name:asc", as("other")).want(200).says(`"name":"d"`)
}
