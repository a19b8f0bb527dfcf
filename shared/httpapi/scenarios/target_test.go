package scenarios

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// forged are properties of a caller's own that bear names by which rules read
// attributes. They are properties like any other, and decide nothing.
const forged = `"project_id":"forged","member_id":"forged","member":"forged","creator_user_id":"forged","image_id":"forged"`

// forgeable are the names, each as a check that such a property would pass.
func forgeable(join, not string) string {
	var checks []string
	for _, name := range []string{"project_id", "owner", "member_id", "member", "creator_user_id", "image_id", "id", "locations", "visibility"} {
		checks = append(checks, not+"'forged':%("+name+")s")
	}
	return strings.Join(checks, join)
}

// Rules read what an image is, not what its owner wrote beside it: neither to be
// let in nor to be kept out.
func TestPropertiesDoNotPassForAttributes(t *testing.T) {
	w := ruled(t, `
"upload_image": "rule:context_is_admin or `+forgeable(" or ", "")+` or 'forged':%(plain)s"
"modify_image": "`+forgeable(" and ", "not ")+` and not 'forged':%(plain)s"
`)
	id := w.made(`{"disk_format":"raw","container_format":"bare",` + forged + `}`)
	shown := w.call("GET /v2/images/" + id).want(200).fields()
	for _, name := range []string{"project_id", "member_id", "member", "creator_user_id", "image_id"} {
		if shown[name] != "forged" {
			t.Errorf("the property %s is %v", name, shown[name])
		}
	}
	w.refused("PUT /v2/images/"+id+"/file", octets("x")).want(403)
	w.call("PATCH /v2/images/"+id, replaced("name", `"x"`)).want(200)
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/plain","value":"forged"}]`)).want(200)
	w.refused("PATCH /v2/images/"+id, replaced("name", `"y"`)).want(403)
	w.call("PUT /v2/images/"+id+"/file", octets("x")).want(204)
	for name, value := range map[string]string{"locations": `[]`, "direct_url": `"forged"`, "status": `"active"`, "self": `"forged"`} {
		w.refused("POST /v2/images", named(name), body(`{"`+name+`":`+value+`}`)).want(403)
		if name != "self" {
			w.refused("PATCH /v2/images/"+id, as("admin"), named(name), replaced(name, value)).want(403)
		}
	}
}

// Under the default rules, nobody gets a right to an image of another project by
// what is written on it, and no owner loses one.
func TestForgedPropertiesUnderTheDefaults(t *testing.T) {
	w := newWorld(t)
	claims := func(project, user string) string {
		return `,"project_id":"` + project + `","member_id":"` + project + `","member":"` + project + `","creator_user_id":"` + user + `"}`
	}
	bait := w.made(`{"visibility":"community","disk_format":"raw","container_format":"bare"`+claims("demo", "mia"), as("other"))
	shared := w.made(`{"visibility":"shared","disk_format":"raw","container_format":"bare"`+claims("demo", "mia"), as("other"))
	w.call("POST /v2/images/"+shared+"/members", as("other"), body(`{"member":"demo"}`)).want(200)
	private := w.made(`{"visibility":"private","disk_format":"raw","container_format":"bare"` + claims("other", "otto"))
	for id, status := range map[string]int{bait: 403, shared: 403, private: 404} {
		who, path := "member", "/v2/images/"+id
		if id == private {
			who = "other"
		}
		for _, c := range []struct {
			line string
			sent option
		}{
			{"PATCH " + path, replaced("name", `"x"`)},
			{"PATCH " + path, replaced("visibility", `"private"`)},
			{"PUT " + path + "/tags/x", nil},
			{"PUT " + path + "/file", octets("x")},
			{"POST " + path + "/actions/deactivate", nil},
			{"POST " + path + "/members", body(`{"member":"third"}`)},
			{"DELETE " + path, nil},
		} {
			options := []option{as(who)}
			if c.sent != nil {
				options = append(options, c.sent)
			}
			w.refused(c.line, options...).want(status)
		}
	}
	// The lookup shows an image of nobody to everybody; only the rules hide it.
	nobodys := w.made(`{"visibility":"private"`+claims("demo", "mia"), as("admin"))
	w.call("PATCH /v2/images/"+nobodys, as("admin"), replaced("owner", `""`)).want(200)
	w.refused("GET /v2/images/" + nobodys).want(404)
	w.refused("PATCH /v2/images/"+nobodys, replaced("name", `"x"`)).want(404)
	w.refused("GET /v2/images/"+private, as("other")).want(404)
	w.refused("GET /v2/images/"+private+"/file", as("other")).want(404)
	w.refused("GET /v1/images/"+private, as("other")).want(404)
	if listed := w.call("GET /v2/images?visibility=all", as("other")).want(200); strings.Contains(string(listed.body), private) {
		t.Error("a private image is listed for the project that it names")
	}
	w.call("PATCH /v2/images/"+private, replaced("name", `"x"`)).want(200)
	w.call("PUT /v2/images/"+private+"/file", octets("abc")).want(204)
	w.call("GET /v2/images/" + private + "/file").want(200).is("abc")
	w.call("DELETE /v2/images/" + private).want(204)
}

// Who made an image is known for as long as there is one, whoever changes what,
// and shown to nobody.
func TestCreatorStays(t *testing.T) {
	w := ruled(t, `
"download_image": "user_id:%(creator_user_id)s"
"restore_image": "rule:context_is_admin"
`)
	id := w.made(`{"disk_format":"raw","container_format":"bare","creator_user_id":"moe"}`)
	path := "/v2/images/" + id
	hold := func(after string, status int) {
		t.Helper()
		for who, want := range map[string]int{"member": status, "second": 403, "manager": 403} {
			w.call("GET "+path+"/file", as(who), named(who+", "+after)).want(want)
			if want == 200 {
				w.call("GET /v1/images/"+id, as(who), named(who+", "+after)).want(want)
			}
		}
	}
	w.call("PUT "+path+"/file", as("second"), octets("abc")).want(204)
	hold("an upload by another", 200)
	for _, c := range []struct {
		line, who string
		sent      option
	}{
		{"PATCH " + path, "second", replaced("name", `"x"`)},
		{"PATCH " + path, "second", v21(`[{"op":"remove","path":"/creator_user_id"}]`)},
		{"PATCH " + path, "admin", v21(`[{"op":"add","path":"/creator_user_id","value":"max"}]`)},
		{"PATCH " + path, "second", replaced("visibility", `"shared"`)},
		{"PUT " + path + "/tags/t", "manager", nil},
		{"POST " + path + "/members", "second", body(`{"member":"other"}`)},
		{"POST " + path + "/actions/deactivate", "second", nil},
		{"POST " + path + "/actions/reactivate", "second", nil},
		{"DELETE " + path, "second", nil},
		{"POST /gander/v1/images/" + id + "/restore", "admin", nil},
		{"PATCH " + path, "admin", replaced("owner", `"demo"`)},
	} {
		options := []option{as(c.who)}
		if c.sent != nil {
			options = append(options, c.sent)
		}
		if got := w.call(c.line, options...); got.status >= http.StatusBadRequest {
			t.Fatalf("%s: %d %s", c.line, got.status, got.body)
		}
		if strings.HasSuffix(c.line, "deactivate") || strings.HasPrefix(c.line, "DELETE") {
			continue
		}
		hold(c.line, 200)
	}
	w.call("PATCH "+path, as("admin"), v21(`[{"op":"remove","path":"/creator_user_id"}]`)).want(200)
	for _, line := range []string{"GET " + path, "GET /v2/images?id=" + id, "PATCH " + path, "HEAD /v1/images/" + id} {
		options := []option{}
		if strings.HasPrefix(line, "PATCH") {
			options = append(options, replaced("name", `"z"`))
		}
		got := w.call(line, options...).want(200)
		headers, err := json.Marshal(got.header)
		if err != nil || strings.Contains(string(got.body), "creator") || strings.Contains(strings.ToLower(string(headers)), "creator") {
			t.Errorf("%s: it tells who made the image: %v %s", line, got.header, got.body)
		}
	}
}

// Rules may read every attribute; one without a value is null, whose text is None.
func TestRulesReadEveryAttribute(t *testing.T) {
	w := ruled(t, `
"modify_image": "'None':%(name)s and 'None':%(size)s and 'None':%(virtual_size)s and 'None':%(checksum)s and 'None':%(os_hash_algo)s and 'None':%(os_hash_value)s and 'None':%(disk_format)s and 'None':%(container_format)s and 'None':%(member_id)s and 'None':%(member)s and False:%(protected)s and False:%(os_hidden)s and 0:%(min_ram)s and 0:%(min_disk)s and 'queued':%(status)s and 'shared':%(visibility)s and '[]':%(tags)s and project_id:%(owner)s and project_id:%(project_id)s and user_id:%(creator_user_id)s and '':%(empty)s and not '':%(absent)s and not 'None':%(absent)s and not 'None':%(locations)s"
"delete_image": "'n':%(name)s and 3:%(size)s and 'raw':%(disk_format)s and 'bare':%(container_format)s and '900150983cd24fb0d6963f7d28e17f72':%(checksum)s and 'sha512':%(os_hash_algo)s and not 'None':%(os_hash_value)s and 'None':%(virtual_size)s and True:%(os_hidden)s and 512:%(min_ram)s and 7:%(min_disk)s and 'active':%(status)s and 'community':%(visibility)s and '12':%(number)s and 12:%(number)s and 'true':%(flag)s and not True:%(flag)s"
`)
	id := w.made(`{"empty":""}`)
	w.call("PATCH /v2/images/"+id, replaced("name", `null`)).want(200)
	w.refused("DELETE /v2/images/" + id).want(403)
	id = w.made(`{"name":"n","disk_format":"raw","container_format":"bare","os_hidden":true,"min_ram":512,"min_disk":7,"visibility":"community","number":"12","flag":"true"}`)
	w.call("PUT /v2/images/"+id+"/file", octets("abc")).want(204)
	w.refused("PATCH /v2/images/"+id, replaced("name", `null`)).want(403)
	w.call("DELETE /v2/images/" + id).want(204)
}
