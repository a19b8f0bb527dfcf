package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const everyOther = "[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n"

// protected starts a service with property protections.
func protected(t *testing.T, protections string, settings ...string) *world {
	t.Helper()
	return newWorld(t, append(settings, "GANDER_PROPERTY_PROTECTION_FILE="+fileOf(t, "protections.conf", protections))...)
}

func fileOf(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// wider is a policy that lets whoever is of the project see and change images,
// whatever the role.
const wider = `"get_image": "role:admin or project_id:%(project_id)s"
"get_images": "role:admin or project_id:%(project_id)s"
"add_image": "role:admin or project_id:%(project_id)s"
"modify_image": "role:admin or project_id:%(project_id)s"
"restore_image": "role:admin or project_id:%(project_id)s"
`

// hides starts a service in which members may make a property "secret", and admins
// alone see and change it.
func hides(t *testing.T, more ...string) *world {
	t.Helper()
	const secret = "[^secret$]\ncreate = admin,member\nread = admin\nupdate = admin\ndelete = admin\n"
	return protected(t, strings.Join(more, "")+secret+everyOther, "GANDER_POLICY_FILE="+fileOf(t, "policy.yaml", wider))
}

func added(name, value string) option {
	return v21(`[{"op":"add","path":"/` + name + `","value":"` + value + `"}]`)
}

func removed(name string) option { return v21(`[{"op":"remove","path":"/` + name + `"}]`) }

// The protections that came with the proposal of download rules, as they were
// written there: the role that is to be kept out may change the code itself.
func TestProtectionsOfTheProposal(t *testing.T) {
	w := protected(t, `[^x_billing_code_.*]
create = admin,member
read = admin,member,_member_
update = admin,member
delete = admin,member
`, "GANDER_POLICY_FILE="+fileOf(t, "policy.yaml", wider))
	const code = "x_billing_code_ntt"
	for _, c := range []struct {
		who                    string
		shown                  bool
		update, remove, create int
	}{
		{"admin", true, 200, 200, 200},
		{"member", true, 200, 200, 200},
		{"MemBer", true, 200, 200, 200},
		{"legacy", true, 403, 403, 403},
		{"reader", false, 409, 409, 403},
	} {
		path := "/v2/images/" + w.made(`{"`+code+`":"ntt_3251"}`)
		if _, shown := w.call("GET "+path, as(c.who)).want(200).fields()[code]; shown != c.shown {
			t.Errorf("%s is shown the code: %t", c.who, shown)
		}
		w.call("PATCH "+path, as(c.who), named(c.who), replaced(code, `"ntt_3252"`)).want(c.update)
		w.call("PATCH "+path, as(c.who), named(c.who+" removes"), removed(code)).want(c.remove)
		w.call("PATCH "+path, as("admin"), named("cleared for "+c.who), v21(`[{"op":"add","path":"/`+code+`","value":"x"},{"op":"remove","path":"/`+code+`"}]`)).want(200)
		w.call("PATCH "+path, as(c.who), named(c.who+" adds"), added(code, "ntt_3251")).want(c.create)
		w.refused("PATCH "+path, as(c.who), named(c.who+" and another"), added("os_distro", "x")).want(403).says("Attribute 'os_distro' is reserved.")
		w.refused("POST /v2/images", as(c.who), named(c.who+" makes"), body(`{"os_distro":"x"}`)).want(403).says("Attribute 'os_distro' is reserved.")
	}
}

// What is shipped keeps the billing code in the hands of admins, and leaves all
// other properties to everybody.
func TestShippedProtections(t *testing.T) {
	for format, file := range map[string]string{"roles": "property-protections-roles.conf", "policies": "property-protections-policies.conf"} {
		shipped, err := filepath.Abs("../../../docs/examples/" + file)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, "GANDER_PROPERTY_PROTECTION_FORMAT="+format, "GANDER_PROPERTY_PROTECTION_FILE="+shipped)
		const code = "x_billing_code_ntt"
		path := "/v2/images/" + w.made(`{"os_distro":"x"}`)
		w.refused("POST /v2/images", named(format), body(`{"`+code+`":"x"}`)).want(403)
		w.refused("PATCH "+path, named(format), added(code, "x")).want(403)
		w.call("PATCH "+path, named(format), as("admin"), added(code, "ntt_3251")).want(200)
		w.call("GET "+path, named(format), as("reader")).want(200).says(`"x_billing_code_ntt":"ntt_3251"`)
		w.refused("PATCH "+path, named(format), replaced(code, `"x"`)).want(403)
		w.refused("PATCH "+path, named(format), replaced(code, `"ntt_3251"`)).want(403)
		w.refused("PATCH "+path, named(format), removed(code)).want(403)
		w.call("PATCH "+path, named(format), replaced("os_distro", `"y"`)).want(200)
		w.call("PATCH "+path, named(format), removed("os_distro")).want(200)
		w.call("PATCH "+path, named(format), as("admin"), removed(code)).want(200)
	}
}

// Nobody is shown what may not be read, by whatever call an image is shown.
func TestHiddenPropertiesAreNeverShown(t *testing.T) {
	w := hides(t)
	made := w.call("POST /v2/images", body(`{"secret":"hush","plain":"p","disk_format":"raw","container_format":"bare"}`)).want(201)
	var shown struct{ ID string }
	made.into(&shown)
	path := "/v2/images/" + shown.ID
	w.call("PUT "+path+"/file", octets("abc")).want(204)
	tells := func(a *answer, want bool) {
		t.Helper()
		text := string(a.body)
		for name, values := range a.header {
			text += strings.ToLower(name) + strings.Join(values, "")
		}
		if strings.Contains(text, "secret") != want || strings.Contains(text, "hush") != want || !strings.Contains(text, "plain") {
			t.Errorf("%s: want the secret told: %t\n%v\n%s", a.line, want, a.header, a.body)
		}
	}
	tells(made, false)
	for who, want := range map[string]bool{"member": false, "reader": false, "admin": true} {
		tells(w.call("GET "+path, as(who)).want(200), want)
		tells(w.call("GET /v2/images", as(who)).want(200), want)
		tells(w.call("GET /v2/images?id="+shown.ID, as(who)).want(200), want)
		tells(w.call("HEAD /v1/images/"+shown.ID, as(who)).want(200), want)
		tells(w.call("PATCH "+path, as(who), replaced("plain", `"q"`)).want(200), want)
		tells(w.call("PATCH "+path, as(who), v21(`[]`)).want(200), want)
		w.call("DELETE "+path, as("admin")).want(204)
		tells(w.call("GET /gander/v1/images/deleted", as(who)).want(200), want)
		tells(w.call(w.restore(shown.ID), as(who)).want(200), want)
	}
}

// TestP8HiddenPropertiesSurviveEverySave: who changes an image loses nothing of
// it that it cannot see.
func TestP8HiddenPropertiesSurviveEverySave(t *testing.T) {
	w := hides(t)
	id := w.made(`{"secret":"hush","plain":"p","disk_format":"raw","container_format":"bare"}`)
	path := "/v2/images/" + id
	for _, change := range []struct {
		line   string
		sent   option
		status int
	}{
		{"PATCH " + path, replaced("name", `"n"`), 200},
		{"PATCH " + path, v21(`[{"op":"remove","path":"/plain"},{"op":"add","path":"/plain","value":"x"},{"op":"replace","path":"/visibility","value":"shared"}]`), 200},
		{"PUT " + path + "/tags/t", nil, 204},
		{"DELETE " + path + "/tags/t", nil, 204},
		{"POST " + path + "/members", body(`{"member":"other"}`), 200},
		{"DELETE " + path + "/members/other", nil, 204},
		{"PUT " + path + "/file", octets("abc"), 204},
		{"POST " + path + "/actions/deactivate", nil, 204},
		{"POST " + path + "/actions/reactivate", nil, 204},
		{"DELETE " + path, nil, 204},
		{w.restore(id), nil, 200},
	} {
		options := []option{named("survives")}
		if change.sent != nil {
			options = append(options, change.sent)
		}
		w.call(change.line, options...).want(change.status)
		if left := w.call("GET "+path, as("admin")); left.status == 200 && left.fields()["secret"] != "hush" || left.status != 200 && !strings.HasPrefix(change.line, "DELETE "+path) {
			t.Errorf("after %s an admin is shown %s", change.line, left.body)
		}
	}
}

// Each change needs its right, an unchanged value too, and one that is refused
// takes all of its request with it.
func TestChangesOfProtectedProperties(t *testing.T) {
	w := hides(t, "[^kept$]\ncreate = @\nread = @\nupdate = admin\ndelete = admin\n",
		"[^lost$]\ncreate = admin\nread = @\nupdate = @\ndelete = admin\n", "[^blind$]\ncreate = !\nread = !\nupdate = @\ndelete = @\n")
	id := w.made(`{"kept":"k","secret":"hush","plain":"p"}`)
	path := "/v2/images/" + id
	w.call("PATCH "+path, as("admin"), added("lost", "l")).want(200)
	const first = `[{"op":"replace","path":"/plain","value":"changed"},`
	for name, c := range map[string]struct {
		sent   string
		status int
		says   string
	}{
		"update":                 {`{"op":"replace","path":"/kept","value":"x"}`, 403, "Attribute 'kept' is reserved."},
		"update by adding":       {`{"op":"add","path":"/kept","value":"x"}`, 403, "Attribute 'kept' is reserved."},
		"unchanged":              {`{"op":"replace","path":"/kept","value":"k"}`, 403, "Attribute 'kept' is reserved."},
		"delete":                 {`{"op":"remove","path":"/kept"}`, 403, "Attribute 'kept' is reserved."},
		"delete what is updated": {`{"op":"remove","path":"/lost"}`, 403, "Attribute 'lost' is reserved."},
		"hidden, replaced":       {`{"op":"replace","path":"/secret","value":"x"}`, 409, "Property 'secret' does not exist."},
		"hidden, removed":        {`{"op":"remove","path":"/secret"}`, 409, "Property 'secret' does not exist."},
		"hidden, made anew":      {`{"op":"add","path":"/secret","value":"x"}`, 403, "Attribute 'secret' is reserved."},
		"absent":                 {`{"op":"replace","path":"/blind","value":"x"}`, 409, "Property 'blind' does not exist."},
		"absent, removed":        {`{"op":"remove","path":"/blind"}`, 409, "Property 'blind' does not exist."},
		"nobody's":               {`{"op":"add","path":"/blind","value":"x"}`, 403, "Attribute 'blind' is reserved."},
		"again after removal":    {`{"op":"replace","path":"/lost","value":"x"},{"op":"remove","path":"/lost"}`, 403, "Attribute 'lost' is reserved."},
	} {
		got := w.refused("PATCH "+path, named(name), v21(first+c.sent+`]`)).want(c.status).says(c.says)
		if strings.Contains(string(got.body), "hush") {
			t.Errorf("%s: the refusal tells the value", name)
		}
	}
	w.refused("PATCH "+path, named("v2.0"), v20(`[{"add":"/kept","value":"x"}]`)).want(409).says("already present")
	w.refused("PATCH "+path, named("v2.0, hidden"), v20(`[{"add":"/secret","value":"x"}]`)).want(403)
	w.refused("POST /v2/images", body(`{"lost":"x","plain":"p"}`)).want(403).says("Attribute 'lost' is reserved.")
	w.refused("POST /v2/images", named("by an admin"), as("admin"), body(`{"blind":"x"}`)).want(403).says("Attribute 'blind' is reserved.")
	w.call("PATCH "+path, v21(`[{"op":"replace","path":"/lost","value":"x"},{"op":"add","path":"/lost","value":"y"}]`)).want(200).says(`"lost":"y"`)
	w.call("PATCH "+path, as("admin"), v21(`[{"op":"replace","path":"/kept","value":"x"},{"op":"remove","path":"/secret"},{"op":"remove","path":"/lost"}]`)).want(200)
	w.call("PATCH "+path, added("secret", "again")).want(200)
}

// A filter by what may not be read finds nothing, however it is put, so that no
// value can be guessed.
func TestFiltersByHiddenProperties(t *testing.T) {
	w := hides(t)
	hidden, other := w.made(`{"secret":"hush","plain":"p"}`), w.made(`{"plain":"p"}`)
	for _, query := range []string{"secret=hush", "secret=wrong", "plain=p&secret=hush", "secret=hush&id=" + hidden, "secret=hush&sort=name:asc", "secret=hush&limit=1", "secret=hush&marker=" + other} {
		for _, who := range []string{"member", "reader"} {
			found := w.call("GET /v2/images?"+query, as(who), named(who)).want(200)
			if found.listed() != 0 || found.fields()["next"] != nil {
				t.Errorf("%s asks for %s, and is answered %s", who, query, found.body)
			}
		}
	}
	found := w.call("GET /v2/images?secret=hush", as("admin")).want(200)
	if found.listed() != 1 {
		t.Errorf("an admin finds %s", found.body)
	}
	if n := w.call("GET /v2/images?plain=p&limit=5").want(200).listed(); n != 2 {
		t.Errorf("a member finds %d images by a property that may be read", n)
	}
}

// Properties that a caller does not see count, and are not named.
func TestHiddenPropertiesCount(t *testing.T) {
	const secret = "[^secret]\ncreate = admin\nread = admin\nupdate = admin\ndelete = admin\n"
	w := protected(t, secret+everyOther, "GANDER_IMAGE_PROPERTY_QUOTA=3")
	id := w.made(`{"plain":"p"}`)
	w.call("PATCH /v2/images/"+id, as("admin"), v21(`[{"op":"add","path":"/secret1","value":"hush"},{"op":"add","path":"/secret2","value":"hush"}]`)).want(200)
	got := w.refused("PATCH /v2/images/"+id, added("more", "m")).want(413)
	if strings.Contains(string(got.body), "secret") {
		t.Errorf("the refusal names what is hidden: %s", got.body)
	}
}

// TestP8PolicyReadsHiddenProperties: a rule decides by what is stored, whoever
// may read it.
func TestP8PolicyReadsHiddenProperties(t *testing.T) {
	const policy = `"restricted": "'ntt_3251':%(x_billing_code_ntt)s"
"download_image": "role:admin or (role:member and not rule:restricted)"
`
	const code = "[^x_billing_code_]\ncreate = admin\nread = admin\nupdate = admin\ndelete = admin\n"
	w := protected(t, code+everyOther, "GANDER_POLICY_FILE="+fileOf(t, "policy.yaml", policy))
	id := w.filled("abc")
	w.call("GET /v2/images/" + id + "/file").want(200)
	w.call("PATCH /v2/images/"+id, as("admin"), added("x_billing_code_ntt", "ntt_3251")).want(200)
	w.call("GET /v2/images/"+id+"/file", named("restricted")).want(403)
	w.call("PATCH /v2/images/"+id, replaced("name", `"n"`)).want(200)
	w.call("GET /v2/images/"+id+"/file", named("still restricted")).want(403)
	w.call("GET /v2/images/"+id+"/file", as("admin")).want(200)
}

// The roles of a service that vouches for a caller count beside the caller's own,
// in either format and in this request alone.
func TestProtectionsByServiceRoles(t *testing.T) {
	const roles = "[^noted$]\ncreate = service\nread = service\nupdate = service\ndelete = service\n"
	const policies = "[^noted$]\ncreate = vouched\nread = vouched\nupdate = vouched\ndelete = vouched\n"
	for format, sections := range map[string]string{"roles": roles, "policies": policies} {
		w := protected(t, sections+everyOther, "GANDER_PROPERTY_PROTECTION_FORMAT="+format,
			"GANDER_POLICY_FILE="+fileOf(t, "policy.yaml", `"vouched": "service_roles:service"`))
		vouched := header("X-Service-Token", tokenOf("service"))
		w.refused("POST /v2/images", named(format), body(`{"noted":"n"}`)).want(403)
		path := "/v2/images/" + w.made(`{"noted":"n"}`, vouched)
		w.call("GET "+path, named(format), vouched).want(200).says(`"noted":"n"`)
		if got := w.call("GET "+path, named(format+", alone")).want(200).fields(); got["noted"] != nil {
			t.Errorf("%s: without the service the property is %v", format, got["noted"])
		}
		w.call("GET "+path, named(format+", in X-Auth-Token"), as("service")).want(404)
	}
}

// listed is how many images a list shows; less than none where it is no list.
func (a *answer) listed() int {
	images, ok := a.fields()["images"].([]any)
	if !ok {
		return -1
	}
	return len(images)
}
