package scenarios

import (
	"fmt"
	"strings"
	"testing"
)

// TestSecretHeld holds that a secret which something needs is deleted by nobody but
// those who may overrule that.
func TestSecretHeld(t *testing.T) {
	w := newWorld(t)
	at := func(id string) string { return secretsURL + "/" + id }

	byOwn := w.secret(payloadMark)
	w.encrypted(byOwn)
	w.encrypted(byOwn, as("other"))
	w.refused("DELETE " + at(byOwn)).want(409).says("Secret cannot be deleted as it has consumers.").says("2")
	w.refused("DELETE " + at(byOwn) + "?force=1").want(409).says("1")
	w.refused("DELETE "+at(byOwn), as("admin"), named("admin")).want(409)
	w.payload("member", byOwn).want(200)
	w.call("DELETE "+at(byOwn)+"?force=true", as("admin")).want(204)
	w.swept()
	w.refused("GET " + at(byOwn)).want(404)

	consumed := w.secret(payloadMark)
	w.call("POST "+at(consumed)+"/consumers", jsonBody(someConsumer)).want(200)
	w.refused("DELETE " + at(consumed)).want(409).says("has consumers")
	w.refused("DELETE " + at(consumed) + "?force=1").want(409)
	w.call("DELETE "+at(consumed)+"/consumers", jsonBody(someConsumer)).want(200)
	w.call("DELETE " + at(consumed)).want(204)
	w.swept()

	// An image of another project keeps nobody from deleting what is theirs.
	hostage := w.secret(payloadMark)
	w.encrypted(hostage, as("other"))
	w.refused("DELETE " + at(hostage)).want(409)
	w.refused("DELETE " + at(hostage) + "?force=false").want(409)
	for _, wrong := range []string{"2", "yes", "", "force", "1&force=no"} {
		w.refused("DELETE " + at(hostage) + "?force=" + wrong).want(400).says("'force' is not valid")
	}
	w.refused("DELETE "+at(hostage)+"?force=1", as("other"), named("other")).want(404)
	w.refused("DELETE "+at(hostage)+"?force=1", as("reader"), named("reader")).want(403)
	w.call("DELETE " + at(hostage) + "?force=TRUE").want(204)
}

// TestSecretList holds that a list has the project's own secrets, page by page.
func TestSecretList(t *testing.T) {
	w := newWorld(t)
	w.call("GET " + secretsURL).want(200).is(`{"secrets":[],"total":0}`)
	for i := range 12 {
		w.storedSecret(fmt.Sprintf(`{"name":"s%d","algorithm":"aes","bit_length":%d,"mode":"m%d","secret_type":"symmetric"}`, i, 128+i%2*128, i%3))
	}
	w.secret(payloadMark, as("other"))
	gone := w.secret(payloadMark)
	w.call("DELETE " + secretsURL + "/" + gone).want(204)
	w.swept()
	plain := w.secret(payloadMark) // opaque, called s
	list := func(query string, options ...option) (names string, page map[string]any) {
		t.Helper()
		w.call("GET "+secretsURL+query, options...).want(200).into(&page)
		var all []string
		for _, s := range page["secrets"].([]any) {
			all = append(all, s.(map[string]any)["name"].(string))
		}
		return strings.Join(all, " "), page
	}
	const ref = publicEndpoint + secretsURL
	for _, c := range []struct {
		query, names   string
		total          int
		previous, next string
	}{
		{"", "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9", 13, "", ref + "?limit=10&offset=10"},
		{"?limit=10&offset=10", "s10 s11 s", 13, ref + "?limit=10&offset=0", ""},
		{"?offset=5&limit=2", "s5 s6", 13, ref + "?limit=2&offset=3", ref + "?limit=2&offset=7"},
		{"?limit=1000", "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 s", 13, "", ""},
		{"?limit=0", "s0", 13, "", ref + "?limit=1&offset=1"},
		{"?limit=x&offset=-3", "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9", 13, "", ref + "?limit=10&offset=10"},
		{"?offset=13", "", 13, "", ""},
		{"?name=s3", "s3", 1, "", ""},
		{"?name=s%33", "s3", 1, "", ""},
		{"?bits=256&limit=2", "s1 s3", 6, "", ref + "?limit=2&offset=2&bits=256"},
		{"?alg=aes&mode=m1&bits=128", "s4 s10", 2, "", ""},
		{"?secret_type=opaque", "s", 1, "", ""},
		{"?alg=des", "", 0, "", ""},
		{"?sort=created:desc&limit=3", "s s11 s10", 13, "", ref + "?limit=3&offset=3&sort=created%3Adesc"},
	} {
		names, page := list(c.query)
		link := func(name string) string { text, _ := page[name].(string); return text }
		if names != c.names || page["total"] != float64(c.total) || link("previous") != c.previous || link("next") != c.next {
			t.Errorf("GET ...%s: %q, %v of %v, previous %q, next %q", c.query, names, len(page["secrets"].([]any)), page["total"], link("previous"), link("next"))
		}
	}
	for _, query := range []string{"?sort=name", "?bits=many", "?created=gt:2020-01-01", "?expiration=lt:2020-01-01", "?acl_only=true"} {
		w.refused("GET " + secretsURL + query).want(400)
	}
	w.refused("GET "+secretsURL, as("nobody")).want(403)
	w.call("GET "+secretsURL+"?offset=12", newest).want(200).says(`"consumers":[]`)
	w.call("POST "+secretsURL+"/"+plain+"/consumers", jsonBody(someConsumer)).want(200)
	w.call("GET "+secretsURL+"?offset=12", newest, named("consumed")).want(200).says(`"consumers":[` + someConsumer + `]`)
	if names, _ := list("?limit=2", as("admin")); names != "" {
		t.Errorf("an administrator's own list has %q", names)
	}
}

// TestSecretConsumers holds that consumers are registered once, told, and removed once.
func TestSecretConsumers(t *testing.T) {
	w := newWorld(t)
	id := w.secret(payloadMark)
	at := secretsURL + "/" + id + "/consumers"
	const second = `{"service":"volume","resource_type":"volume","resource_id":"v-1"}`
	for _, bad := range []string{
		`{}`, `[]`, `{"service":"s","resource_type":"t"}`, `{"service":"","resource_type":"t","resource_id":"i"}`, `{"service":1,"resource_type":"t","resource_id":"i"}`,
		`{"service":"` + strings.Repeat("s", 256) + `","resource_type":"t","resource_id":"i"}`, `{"service":"s","resource_type":"t","resource_id":"i","name":"n"}`,
	} {
		w.refused("POST "+at, jsonBody(bad), named(bad[:min(len(bad), 40)])).want(400)
		w.refused("DELETE "+at, jsonBody(bad), named(bad[:min(len(bad), 40)])).want(400)
	}
	w.refused("POST "+at, body(someConsumer)).want(415)
	w.refused("DELETE "+at, body(someConsumer)).want(415)
	w.refused("DELETE "+at, header("Content-Type", "application/json"), named("no body")).want(400)
	w.refused("DELETE "+at, jsonBody(someConsumer), named("not there")).want(404).says("Consumer not found.")

	w.call("POST "+at, jsonBody(someConsumer)).want(200).has("Location", publicEndpoint+at).
		says(`"consumers":[` + someConsumer + `]`).says(`"secret_ref":"` + publicEndpoint + secretsURL + "/" + id + `"`)
	w.refused("POST "+at, jsonBody(someConsumer), named("again")).want(200).says(`"consumers":[` + someConsumer + `]`)
	w.call("POST "+at, jsonBody(second)).want(200).says(`"consumers":[` + someConsumer + `,` + second + `]`)
	w.call("GET "+secretsURL+"/"+id, newest).want(200).says(`"consumers":[` + someConsumer + `,` + second + `]`)

	page := w.call("GET " + at + "?limit=1").want(200).fields()
	if list, _ := page["consumers"].([]any); len(list) != 1 || page["total"] != 2.0 || page["next"] != publicEndpoint+at+"?limit=1&offset=1" ||
		list[0].(map[string]any)["status"] != "ACTIVE" || list[0].(map[string]any)["service"] != "compute" {
		t.Errorf("the first page of consumers is %v", page)
	}
	w.call("GET " + at + "?offset=5").want(200).is(`{"consumers":[],"total":2}`)

	// A service registers for secrets that it does not see, and is not shown them.
	w.call("POST "+at, as("robot"), jsonBody(strings.Replace(second, "v-1", "v-2", 1))).want(200).
		is(`{"secret_ref":"` + publicEndpoint + secretsURL + `/` + id + `","status":"ACTIVE"}`)
	w.refused("GET "+at, as("robot")).want(404)
	w.call("DELETE "+at, as("robot"), jsonBody(strings.Replace(second, "v-1", "v-2", 1))).want(200)
	w.refused("POST "+at, as("reader"), jsonBody(second)).want(403)
	w.refused("DELETE "+at, as("reader"), jsonBody(second)).want(403)

	w.call("DELETE "+at, jsonBody(someConsumer)).want(200).says(`"consumers":[` + second + `]`)
	w.refused("DELETE "+at, jsonBody(someConsumer), named("twice")).want(404)
}

// TestSecretACL holds who reads a secret beside its project, and instead of it.
func TestSecretACL(t *testing.T) {
	w := newWorld(t)
	id := w.secret(payloadMark)
	at := secretsURL + "/" + id
	ref := `{"acl_ref":"` + publicEndpoint + at + `/acl"}`
	const usual = `{"read":{"project-access":true}}`
	w.call("GET " + at + "/acl").want(200).is(usual)
	for _, bad := range []string{
		`[]`, `{"write":{"users":["otto"]}}`, `{"list":{}}`, `{"read":[]}`, `{"read":{"users":"otto"}}`, `{"read":{"users":[1]}}`, `{"read":{"users":[""]}}`,
		`{"read":null}`, `{"read":{"users":null}}`, `{"read":{"project-access":null}}`,
		`{"read":{"project-access":"no"}}`, `{"read":{"project_access":true}}`, `{"read":{"users":["` + strings.Repeat("u", 256) + `"]}}`,
	} {
		w.refused("PUT "+at+"/acl", jsonBody(bad), named(bad[:min(len(bad), 50)])).want(400)
		w.refused("PATCH "+at+"/acl", jsonBody(bad), named(bad[:min(len(bad), 50)])).want(400)
	}
	w.refused("PUT "+at+"/acl", body(`{}`)).want(415)
	w.refused("PUT "+at+"/acl", as("reader"), jsonBody(usual)).want(403)
	reads := func(who string, show, payload int) {
		t.Helper()
		w.refused("GET "+at, as(who), named(who)).want(show)
		w.refused("GET "+at+"/payload", as(who), named(who)).want(payload)
	}
	reads("other", 404, 404)
	w.call("PUT "+at+"/acl", jsonBody(`{"read":{"users":["otto","otto"]}}`)).want(200).is(ref)
	w.call("GET " + at + "/acl").want(200).says(`{"read":{"project-access":true,"users":["otto"],"created":"2`).says(`"updated":"2`)
	reads("other", 200, 200)
	reads("guest", 404, 404)
	reads("second", 200, 200)
	// Who may read may not do more.
	w.refused("DELETE "+at, as("other")).want(403)
	w.refused("PUT "+at+"/acl", as("other"), jsonBody(`{}`)).want(403)
	w.refused("DELETE "+at+"/acl", as("other")).want(403)

	w.call("PATCH "+at+"/acl", jsonBody(`{"read":{"project-access":false}}`)).want(200).is(ref)
	w.call("GET " + at + "/acl").want(200).says(`{"read":{"project-access":false,"users":["otto"],`)
	w.refused("PATCH "+at+"/acl", jsonBody(`{}`), named("nothing said")).want(200).is(ref)
	reads("other", 200, 200)
	reads("member", 200, 200) // who made it
	reads("admin", 200, 200)
	reads("second", 404, 404)
	reads("manager", 404, 404)
	w.refused("DELETE "+at, as("second")).want(404)
	w.call("GET "+secretsURL, as("second")).want(200).is(`{"secrets":[],"total":0}`)
	w.call("GET " + secretsURL).want(200).says(`"total":1`)

	w.call("PATCH "+at+"/acl", jsonBody(`{"read":{"users":[]}}`)).want(200)
	w.call("GET " + at + "/acl").want(200).says(`{"read":{"project-access":false,"users":[],`)
	reads("other", 404, 404)
	w.call("PUT "+at+"/acl", jsonBody(`{"read":{"users":["moe"]}}`)).want(200)
	w.call("GET " + at + "/acl").want(200).says(`{"read":{"project-access":true,"users":["moe"],`)
	w.call("DELETE " + at + "/acl").want(200).is("")
	w.refused("DELETE "+at+"/acl", named("again")).want(200)
	w.call("GET " + at + "/acl").want(200).is(usual)
	w.call("PUT "+at+"/acl", jsonBody(`{"read":{"users":["otto"]}}`)).want(200)
	w.call("PUT "+at+"/acl", jsonBody(`{}`)).want(200)
	w.call("GET " + at + "/acl").want(200).is(usual)
}
