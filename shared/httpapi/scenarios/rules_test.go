package scenarios

import "testing"

// ruled starts a service with an operator's own rules.
func ruled(t *testing.T, rules string) *world {
	t.Helper()
	return newWorld(t, "GANDER_POLICY_FILE="+fileOf(t, "policy.yaml", rules))
}

// What an image says of itself decides who may change it, as it is stored: not as
// the change would have it.
func TestP8PolicyReadsTheStoredImage(t *testing.T) {
	w := ruled(t, `"modify_image": "rule:context_is_admin or (role:member and project_id:%(project_id)s and not 'true':%(frozen)s)"`)
	id := w.made(`{"name":"a","tags":["t"]}`)
	path := "/v2/images/" + id
	w.call("PATCH "+path, v21(`[{"op":"add","path":"/frozen","value":"true"},{"op":"replace","path":"/name","value":"b"}]`)).want(200).says(`"name":"b"`)
	for _, sent := range []string{
		`[{"op":"remove","path":"/frozen"}]`,
		`[{"op":"replace","path":"/frozen","value":"false"},{"op":"replace","path":"/name","value":"c"}]`,
		`[{"op":"replace","path":"/visibility","value":"private"}]`,
	} {
		w.refused("PATCH "+path, v21(sent)).want(403)
	}
	w.refused("PUT " + path + "/tags/u").want(403)
	w.refused("DELETE " + path + "/tags/t").want(403)
	w.call("POST "+path+"/members", body(`{"member":"other"}`)).want(200) // another rule's
	w.call("PATCH "+path, as("admin"), v21(`[{"op":"remove","path":"/frozen"}]`)).want(200)
	w.call("PATCH "+path, v21(`[{"op":"replace","path":"/name","value":"d"}]`)).want(200)
}

// Each visibility that many see has a rule of its own, for new images and others.
func TestRulesOfVisibilities(t *testing.T) {
	w := ruled(t, "\"communitize_image\": \"rule:context_is_admin\"\n\"publicize_image\": \"role:member\"\n")
	w.refused("POST /v2/images", body(`{"visibility":"community"}`)).want(403).says("communitize_image")
	id := w.made(`{"visibility":"public"}`)
	w.refused("PATCH /v2/images/"+id, replaced("visibility", `"community"`)).want(403).says("communitize_image")
	w.call("PATCH /v2/images/"+id, as("admin"), replaced("visibility", `"community"`)).want(200)
	w.refused("PATCH /v2/images/"+id, replaced("visibility", `"community"`)).want(403) // nor may it be said again
	w.call("PATCH /v2/images/"+id, replaced("visibility", `"shared"`)).want(200)
	w.call("PATCH /v2/images/"+id, replaced("visibility", `"public"`)).want(200)
}

// Only admins are told where the bytes of a deactivated image are, by whatever
// call shows it.
func TestStoresOfDeactivatedImages(t *testing.T) {
	w := ruled(t, `"restore_image": "rule:context_is_admin or (role:member and project_id:%(project_id)s)"`)
	id := w.filled("abc")
	tells := func(line, who string, want bool, sent ...option) {
		t.Helper()
		fields := w.call(line, append(sent, as(who))...).want(200).fields()
		if _, told := fields["stores"]; told != want {
			t.Errorf("%s as %s: the stores are %v", line, who, fields["stores"])
		}
	}
	path := "/v2/images/" + id
	tells("GET "+path, "member", true)
	w.call("POST " + path + "/actions/deactivate").want(204)
	for who, want := range map[string]bool{"member": false, "reader": false, "admin": true} {
		tells("GET "+path, who, want)
		if who != "reader" {
			tells("PATCH "+path, who, want, replaced("name", `"x"`))
			w.call("DELETE "+path, as(who)).want(204)
			tells(w.restore(id), who, want)
		}
	}
	w.call("POST " + path + "/actions/reactivate").want(204)
	tells("GET "+path, "member", true)
}

// Who is an admin may be asked of the caller in either form: to context_is_admin the
// target is who asks. An empty patch asks no other rule.
func TestRulesOfAdmins(t *testing.T) {
	for text, isAdmin := range map[string]bool{
		"role:manager and 'demo':%(project_id)s":                                            true,
		"role:manager and user_id:%(user_id)s and project_id:%(project_id)s":                true,
		"role:manager and user_domain_id:%(user_domain_id)s and not 'all':%(system_scope)s": true,
		"role:manager and 'other':%(project_id)s":                                           false,
		"role:manager and 'demo':%(owner)s":                                                 false,
		"role:admin":                                                                        false,
	} {
		w := ruled(t, `"context_is_admin": "`+text+`"`)
		id := w.made(`{"visibility":"private"}`, as("other"))
		want := 404
		if isAdmin {
			want = 200
		}
		w.refused("PATCH /v2/images/"+id, v21(`[]`), as("manager"), named(text)).want(want)
		w.refused("PATCH /v2/images/"+id, v21(`[]`), named(text)).want(404)
	}
}
