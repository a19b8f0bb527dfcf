package scenarios

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// commas joins n of them by commas.
func commas(n int, text func(int) string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = text(i)
	}
	return strings.Join(all, ",")
}

func nthProperty(i int) string { return fmt.Sprintf(`"p%d":"v"`, i) }
func nthTag(i int) string      { return fmt.Sprintf(`"t%d"`, i) }

// As many as the limits say, by every way to add, and not one more; what is there
// can be set again and taken away.
func TestDefaultLimits(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{` + commas(128, nthProperty) + `,"tags":[` + commas(128, nthTag) + `]}`)
	path := "/v2/images/" + id
	const propertiesFull, tagsFull = "Attempted: 129, Maximum: 128", "Attempted: 129, Maximum: 128"
	for _, sent := range []string{
		`[{"op":"add","path":"/new","value":""}]`,
		`[{"op":"add","path":"/os_distro","value":"x"}]`, // the site's properties count
		`[{"op":"add","path":"/kernel_id","value":"` + noImage + `"}]`,
		`[{"op":"add","path":"/new","value":"v"},{"op":"add","path":"/new2","value":"v"},{"op":"remove","path":"/p0"}]`,
	} {
		w.refused("PATCH "+path, v21(sent)).want(413).says(propertiesFull)
	}
	w.refused("PATCH "+path, v20(`[{"add":"/new","value":"v"}]`)).want(413)
	w.refused("PATCH "+path, v21(`[{"op":"replace","path":"/tags","value":[`+commas(129, nthTag)+`]}]`)).want(413).says(tagsFull)
	w.refused("PUT " + path + "/tags/new").want(413).says(tagsFull)
	w.call("PUT " + path + "/tags/t0").want(204)
	w.call("PATCH "+path, v21(`[{"op":"add","path":"/p0","value":"w"},{"op":"replace","path":"/name","value":"full"}]`)).want(200).says(`"p0":"w"`)
	w.call("PATCH "+path, v21(`[{"op":"remove","path":"/p0"},{"op":"add","path":"/new","value":"v"}]`)).want(200).says(`"new":"v"`)
	w.call("DELETE " + path + "/tags/t0").want(204)
	w.call("PUT " + path + "/tags/new").want(204)
	for i := range 128 {
		w.call("POST "+path+"/members", body(fmt.Sprintf(`{"member":"project %d"}`, i))).want(200)
	}
	w.refused("POST "+path+"/members", body(`{"member":"project 128"}`)).want(413).says("Attempted: 129, Maximum: 128")
	w.call("DELETE " + path + "/members/project%200").want(204)
	w.call("POST "+path+"/members", body(`{"member":"project 128"}`)).want(200)
	for _, one := range []string{"tags", "properties"} {
		full := map[string]string{"tags": `{"tags":[` + commas(129, nthTag) + `]}`, "properties": `{` + commas(129, nthProperty) + `}`}[one]
		w.refused("POST /v2/images", named(one), body(full)).want(413).says("Attempted: 129")
	}
}

// A negative limit is none, and one of 0 leaves room for nothing.
func TestNoLimitsAndNoRoom(t *testing.T) {
	names := []string{"GANDER_IMAGE_PROPERTY_QUOTA", "GANDER_IMAGE_TAG_QUOTA", "GANDER_IMAGE_MEMBER_QUOTA"}
	set := func(value string) (settings []string) {
		for _, name := range names {
			settings = append(settings, name+"="+value)
		}
		return settings
	}
	w := newWorld(t, set("-1")...)
	id := w.made(`{` + commas(200, nthProperty) + `,"tags":[` + commas(200, nthTag) + `]}`)
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/new","value":"v"},{"op":"replace","path":"/tags","value":[`+commas(300, nthTag)+`]}]`)).want(200)
	w.call("PUT /v2/images/" + id + "/tags/new").want(204)
	w.call("POST /v2/images/"+id+"/members", body(`{"member":"other"}`)).want(200)

	w = newWorld(t, set("0")...)
	id = w.made(`{"name":"plain"}`)
	w.refused("POST /v2/images", named("a property"), body(`{"a":"b"}`)).want(413)
	w.refused("POST /v2/images", named("a tag"), body(`{"tags":["a"]}`)).want(413)
	w.refused("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/a","value":"b"}]`)).want(413)
	w.refused("PATCH /v2/images/"+id, v21(`[{"op":"replace","path":"/tags","value":["a"]}]`)).want(413)
	w.refused("PUT /v2/images/" + id + "/tags/a").want(413)
	w.refused("POST /v2/images/"+id+"/members", body(`{"member":"other"}`)).want(413)
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"replace","path":"/tags","value":[]},{"op":"replace","path":"/name","value":"other"}]`)).want(200)
}

// Names have up to 255 characters, however many bytes each takes, and are found
// by all of them.
func TestNamesOfLargeCharacters(t *testing.T) {
	w := newWorld(t)
	const last = "🦆"
	long := strings.Repeat("🐧", 254) + last
	twin, more := strings.Repeat("🐧", 254)+"🦢", long+"x"
	id := w.made(fmt.Sprintf(`{"name":%[1]q,"owner":%[1]q,"tags":[%[1]q],%[1]q:"v"}`, long), as("admin"))
	w.made(fmt.Sprintf(`{"name":%[1]q,"owner":%[1]q,"tags":[%[1]q],%[1]q:"v"}`, twin), as("admin"))
	for _, name := range []string{"name", "owner", "tag", long} {
		value := long
		if name == long {
			value = "v"
		}
		var list struct{ Images []struct{ ID string } }
		w.call("GET /v2/images?"+url.QueryEscape(name)+"="+url.QueryEscape(value), as("admin")).want(200).into(&list)
		if len(list.Images) != 1 || list.Images[0].ID != id {
			t.Errorf("by %.5s: listed %v", name, list.Images)
		}
	}
	shared := w.made(`{"a":"b"}`)
	path := "/v2/images/" + shared
	w.call("POST "+path+"/members", body(fmt.Sprintf(`{"member":%q}`, long))).want(200)
	w.refused("POST "+path+"/members", named("again"), body(fmt.Sprintf(`{"member":%q}`, long))).want(409)
	w.call("POST "+path+"/members", named("a twin"), body(fmt.Sprintf(`{"member":%q}`, twin))).want(200)
	w.call("GET " + path + "/members/" + url.PathEscape(long)).want(200).says(last)
	w.call("PUT " + path + "/tags/" + url.PathEscape(long)).want(204)
	w.call("PATCH "+path, v21(fmt.Sprintf(`[{"op":"replace","path":"/name","value":%[1]q},{"op":"add","path":"/%[2]s","value":"v"},
		{"op":"replace","path":"/tags","value":[%[1]q]}]`, long, long))).want(200).says(last)
	w.call("PATCH "+path, as("admin"), v21(fmt.Sprintf(`[{"op":"replace","path":"/owner","value":%q}]`, long))).want(200).says(last)
	w.call("DELETE "+path+"/tags/"+url.PathEscape(long), as("admin")).want(204)
	w.call("PATCH "+path, as("admin"), v21(`[{"op":"replace","path":"/owner","value":"demo"}]`)).want(200)

	for field, sent := range map[string]string{
		"name": `{"name":%q}`, "owner": `{"owner":%q}`, "tag": `{"tags":[%q]}`, "property": `{%q:"v"}`,
	} {
		w.refused("POST /v2/images", named(field), as("admin"), body(fmt.Sprintf(sent, more))).want(400)
	}
	for field, sent := range map[string]string{
		"name": `"replace","path":"/name","value":%q`, "owner": `"replace","path":"/owner","value":%q`, "tags": `"replace","path":"/tags","value":[%q]`,
		"property": `"add","path":"/%s","value":"v"`,
	} {
		w.refused("PATCH "+path, named(field), as("admin"), v21(fmt.Sprintf(`[{"op":`+sent+`}]`, more))).want(400)
	}
	w.refused("PUT " + path + "/tags/" + url.PathEscape(more)).want(400)
	w.refused("POST "+path+"/members", named("too long"), body(fmt.Sprintf(`{"member":%q}`, more))).want(400)
	w.refused("GET " + path + "/members/" + url.PathEscape(more)).want(404)
}

// What admins alone may do, and what even they may not.
func TestAdminsAlone(t *testing.T) {
	w := newWorld(t)
	mine, data, gone := w.made(bootable), w.filled("abc"), w.made(`{}`)
	theirs := w.made(`{"visibility":"private"}`, as("other"))
	nobodys := w.made(`{"owner":null,"visibility":"public"}`, as("admin"))
	w.call("POST /v2/images/" + data + "/actions/deactivate").want(204)
	w.call("DELETE /v2/images/" + gone).want(204)
	replace := func(name, value string) option {
		return v21(fmt.Sprintf(`[{"op":"replace","path":"/%s","value":%s}]`, name, value))
	}
	for _, c := range []struct {
		line           string
		sent           option
		member, admins int
	}{
		{"POST /v2/images", body(`{"visibility":"public"}`), 403, 201},
		{"POST /v2/images", body(`{"owner":"other"}`), 403, 201},
		{"POST /v2/images", body(`{"owner":null}`), 403, 201},
		{"PATCH /v2/images/" + mine, replace("visibility", `"public"`), 403, 200},
		{"PATCH /v2/images/" + mine, replace("owner", `"other"`), 403, 200},
		{"PATCH /v2/images/" + mine, replace("owner", `null`), 403, 200}, // mine no more, but public
		{"PATCH /v2/images/" + mine, replace("owner", `"demo"`), 403, 200},
		{"PATCH /v2/images/" + nobodys, replace("name", `"x"`), 403, 200},
		{"PATCH /v2/images/" + theirs, replace("name", `"x"`), 404, 200},
		{"PUT /v2/images/" + theirs + "/tags/x", nil, 404, 204},
		{"PUT /v2/images/" + nobodys + "/tags/x", nil, 403, 204},
		{"DELETE /v2/images/" + theirs, nil, 404, 204},
		{"DELETE /v2/images/" + nobodys, nil, 403, 204},
		{"GET /v2/images/" + data + "/file", nil, 403, 200},
		{"GET /v2/tasks/" + noImage, nil, 403, 404},
		{"GET /v2/info/stores/detail", nil, 403, 200},
		{"GET /gander/v1/images/deleted", nil, 403, 200},
		{"POST /gander/v1/images/" + gone + "/restore", nil, 403, 200},

		{"PATCH /v2/images/" + mine, replace("id", `"`+noImage+`"`), 403, 403},
		{"PATCH /v2/images/" + mine, replace("status", `"active"`), 403, 403},
		{"PATCH /v2/images/" + mine, replace("size", `1`), 403, 403},
		{"PATCH /v2/images/" + mine, replace("created_at", `"2026-07-01T09:00:00Z"`), 403, 403},
		{"PATCH /v2/images/" + mine, replace("os_glance_x", `"y"`), 403, 403},
		{"PATCH /v2/images/" + data, replace("disk_format", `"iso"`), 403, 403},
		{"POST /v2/images", body(`{"status":"active"}`), 403, 403},
		{"POST /v2/images", body(`{"os_glance_x":"y"}`), 403, 403},
		{"POST /v2/images/" + mine + "/actions/deactivate", nil, 403, 403},
		{"PUT /v2/images/" + data + "/file", octets("other"), 409, 409},
	} {
		options := []option{}
		if c.sent != nil {
			options = append(options, c.sent)
		}
		w.refused(c.line, append(options, named("a member"))...).want(c.member)
		if c.admins >= 400 {
			w.refused(c.line, append(options, as("admin"), named("an admin"))...).want(c.admins)
			continue
		}
		w.call(c.line, append(options, as("admin"), named("an admin"))...).want(c.admins)
	}
}

// A protected image changes as others do, but cannot be deleted until it is not
// protected any more.
func TestProtectedImages(t *testing.T) {
	w := newWorld(t)
	id := w.filled("abc")
	protect := func(value string) option {
		return v21(`[{"op":"replace","path":"/protected","value":` + value + `}]`)
	}
	w.call("PATCH /v2/images/"+id, protect("true")).want(200)
	for _, who := range []string{"member", "admin"} {
		w.refused("DELETE /v2/images/"+id, as(who)).want(403).says("is protected and cannot be deleted")
	}
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"replace","path":"/name","value":"changed"}]`)).want(200)
	w.call("PUT /v2/images/" + id + "/tags/x").want(204)
	w.call("POST /v2/images/" + id + "/actions/deactivate").want(204)
	w.refused("DELETE /v2/images/" + id).want(403)
	w.call("PATCH /v2/images/"+id, protect("false")).want(200)
	w.call("DELETE /v2/images/" + id).want(204)
	w.call(w.restore(id), as("admin")).want(200).says(`"protected":false`).says(`"status":"deactivated"`)
}

// Hidden images and those of the community are got by their ids by whoever may
// see them, and listed for those alone who ask for such.
func TestHiddenAndCommunityImages(t *testing.T) {
	w := newWorld(t)
	hidden := w.made(`{"visibility":"public","os_hidden":true,"owner":"demo","disk_format":"raw","container_format":"bare"}`, as("admin"))
	community := w.made(`{"visibility":"community","disk_format":"raw","container_format":"bare"}`)
	listed := func(who, query, id string) bool {
		return strings.Contains(string(w.call("GET /v2/images"+query, as(who)).want(200).body), id)
	}
	for _, c := range []struct {
		who, query        string
		hidden, community bool
	}{
		{"member", "", false, true}, // its own
		{"other", "", false, false},
		{"admin", "", false, false},
		{"member", "?os_hidden=true", true, false},
		{"other", "?os_hidden=true", true, false},
		{"admin", "?os_hidden=true", true, false},
		{"other", "?visibility=community", false, true},
		{"admin", "?visibility=community", false, true},
		{"other", "?visibility=all", false, true},
		{"other", "?visibility=all&os_hidden=true", true, false},
		{"other", "?visibility=public", false, false},
		{"other", "?visibility=community&os_hidden=true", false, false},
	} {
		if got := listed(c.who, c.query, hidden); got != c.hidden {
			t.Errorf("%s, %q: the hidden image is listed: %t", c.who, c.query, got)
		}
		if got := listed(c.who, c.query, community); got != c.community {
			t.Errorf("%s, %q: the community's is listed: %t", c.who, c.query, got)
		}
	}
	for _, id := range []string{hidden, community} {
		w.call("PUT /v2/images/"+id+"/file", as("admin"), octets("abc")).want(204)
		for _, who := range []string{"member", "other", "reader", "admin"} {
			w.call("GET /v2/images/"+id, as(who)).want(200)
		}
		w.call("GET /v2/images/"+id+"/file", as("other")).want(200).is("abc")
		w.refused("PATCH /v2/images/"+id, as("other"), v21(`[{"op":"replace","path":"/os_hidden","value":false}]`)).want(403)
		w.refused("DELETE /v2/images/"+id, as("other")).want(403)
		w.refused("PUT /v2/images/"+id+"/tags/x", as("other")).want(403)
	}
}

// Whatever an operator's rules allow, a record is changed by its owner and by
// admins alone.
func TestOpenRulesChangeNobodysImages(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	var rules strings.Builder
	for _, rule := range []string{"modify_image", "delete_image", "upload_image", "deactivate", "reactivate", "publicize_image", "communitize_image"} {
		fmt.Fprintf(&rules, "%q: \"\"\n", rule)
	}
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "GANDER_POLICY_FILE="+file)
	queued, active := w.made(`{"visibility":"public","tags":["a"],"disk_format":"raw","container_format":"bare"}`), w.filled("abc")
	w.call("PATCH /v2/images/"+active, v21(`[{"op":"replace","path":"/visibility","value":"public"}]`)).want(200)
	for _, c := range []struct {
		line string
		sent option
	}{
		{"PATCH /v2/images/" + queued, v21(`[{"op":"replace","path":"/name","value":"x"}]`)},
		{"PATCH /v2/images/" + queued, v21(`[{"op":"replace","path":"/visibility","value":"public"}]`)},
		{"PUT /v2/images/" + queued + "/tags/b", named("a tag")},
		{"DELETE /v2/images/" + queued + "/tags/a", named("a tag")},
		{"PUT /v2/images/" + queued + "/file", octets("abc")},
		{"POST /v2/images/" + active + "/actions/deactivate", named("an action")},
		{"DELETE /v2/images/" + active, named("the image")},
	} {
		w.refused(c.line, as("other"), c.sent).want(403).says("You do not own this image")
		w.refused(c.line, as("other"), c.sent, asJSON).want(403)
	}
}
