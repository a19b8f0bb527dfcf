package scenarios

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

const secretsURL = "/key-manager/v1/secrets"

var newest = header("OpenStack-API-Version", "key-manager 1.2")

// secret stores a text, and returns the id of the secret.
func (w *world) secret(payload string, options ...option) string {
	w.t.Helper()
	return w.storedSecret(`{"name":"s","payload":"`+payload+`","payload_content_type":"text/plain"}`, options...)
}

// storedSecret stores what the body says, and returns the id of the secret.
func (w *world) storedSecret(text string, options ...option) string {
	w.t.Helper()
	var made struct {
		Ref string `json:"secret_ref"`
	}
	a := w.call("POST "+secretsURL, append([]option{jsonBody(text)}, options...)...).want(201).into(&made)
	a.has("Location", made.Ref)
	id, ok := strings.CutPrefix(made.Ref, publicEndpoint+secretsURL+"/")
	if !ok || uuid.Validate(id) != nil {
		w.t.Fatalf("the secret is at %q", made.Ref)
	}
	return id
}

// TestKeyManagerVersions holds what clients find out by before they ask for anything:
// the versions there are, in the form that their own version knows, with absolute
// addresses.
func TestKeyManagerVersions(t *testing.T) {
	w := newWorld(t)
	const links = `"links":[{"rel":"self","href":"` + publicEndpoint + `/key-manager/v1/"},{"rel":"describedby","type":"text/html","href":"https://docs.openstack.org/"}]`
	const now = `{"id":"v1","status":"CURRENT","min_version":"1.0","max_version":"1.2",` + links + `}`
	const old = `{"id":"v1","status":"stable",` + links + `,"media-types":[{"base":"application/json","type":"application/vnd.openstack.key-manager-v1+json"}]}`
	nobody := without("X-Auth-Token")
	for _, c := range []struct {
		path, version string
		status        int
		body, said    string
	}{
		{"/key-manager", "key-manager 1.1", 300, `{"versions":[` + now + `]}`, "key-manager 1.1"},
		{"/key-manager", "key-manager 1.2", 300, `{"versions":[` + now + `]}`, "key-manager 1.2"},
		{"/key-manager/v1", "key-manager latest", 200, `{"version":` + now + `}`, "key-manager 1.2"},
		{"/key-manager/v1", "compute 2.1, key-manager 1.1", 200, `{"version":` + now + `}`, "key-manager 1.1"},
		{"/key-manager", "key-manager 1.0", 300, `{"versions":{"values":[` + old + `]}}`, "key-manager 1.0"},
		{"/key-manager/v1", "", 200, `{"version":` + old + `}`, "key-manager 1.0"},
		{"/key-manager/v1", "compute 2.90", 200, `{"version":` + old + `}`, "key-manager 1.0"},
	} {
		a := w.call("GET "+c.path, nobody, header("OpenStack-API-Version", c.version), named(c.version)).want(c.status).is(c.body)
		a.has("Openstack-Api-Version", c.said).has("Vary", "Openstack-Api-Version")
	}
	w.call("GET /key-manager", nobody, header("OpenStack-API-Version", "key-manager 1.3")).want(406).says("Invalid microversion")
	w.call("GET /key-manager", nobody, header("OpenStack-API-Version", "key-manager 2.0"), named("2.0")).want(406)
	w.call("GET /key-manager", nobody, header("OpenStack-API-Version", "key-manager new"), named("new")).want(400).says("Invalid microversion")
}

// TestKeyManagerErrors holds the one form of errors that clients read, whatever they
// accept, and that nothing below the API is told without a token.
func TestKeyManagerErrors(t *testing.T) {
	w := newWorld(t)
	absent := secretsURL + "/" + uuid.NewString()
	for _, accept := range []string{"", "*/*", "application/json", "text/plain"} {
		w.call("GET "+absent, header("Accept", accept), named(accept)).want(404).has("Content-Type", "application/json").
			is(`{"code":404,"title":"Not Found","description":"Secret not found."}`)
	}
	nobody := without("X-Auth-Token")
	for _, call := range []string{
		"GET " + absent, "GET " + secretsURL, "POST " + secretsURL, "GET /key-manager/v1/orders", "GET /key-manager/v1/containers",
		"GET /key-manager/v2",
	} {
		w.call(call, nobody, named("nobody")).want(401).says(`"title":"Unauthorized"`)
	}
	w.refused("GET /key-manager/v1/containers").want(404).says(`"title":"Not Found"`)
	w.refused("PATCH "+secretsURL, jsonBody("{}")).want(405).says(`"title":"Method Not Allowed"`)
	for _, who := range []string{"unscoped", "system", "domain"} {
		w.refused("GET "+secretsURL, as(who), named(who)).want(403)
	}
}

// TestKeyManagerSlashes holds that a slash at the end does not count: python-barbicanclient
// sends one with every POST.
func TestKeyManagerSlashes(t *testing.T) {
	w := newWorld(t)
	at := secretsURL + "/" + w.secret(payloadMark)
	w.call("GET /key-manager/", without("X-Auth-Token")).want(300)
	w.call("GET /key-manager/v1/", without("X-Auth-Token")).want(200)
	w.call("POST "+secretsURL+"/", jsonBody(`{}`)).want(201)
	w.call("POST "+at+"/consumers/", jsonBody(someConsumer)).want(200)
	w.call("POST /key-manager/v1/orders/", jsonBody(someKey)).want(202)
	w.call("GET " + at + "/").want(200)
	w.refused("POST "+secretsURL+"/", jsonBody(`{}`), without("X-Auth-Token"), named("nobody")).want(401)
	w.refused("PATCH "+secretsURL+"/", jsonBody(`{}`)).want(405)
	w.refused("GET /key-manager/v1/containers/").want(404)
}
