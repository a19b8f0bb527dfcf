package scenarios

import (
	"maps"
	"net/http"
	"strings"
)

const (
	someSecrets  = "/key-manager/v1/secrets"
	someOrders   = "/key-manager/v1/orders"
	someSecret   = `{"name":"of the matrix","payload":"AAECAwQFBgcICQoLDA0ODw==","payload_content_type":"application/octet-stream","payload_content_encoding":"base64"}`
	someKey      = `{"type":"key","meta":{"name":"of the matrix","algorithm":"aes","bit_length":256,"payload_content_type":"application/octet-stream"}}`
	someConsumer = `{"service":"compute","resource_type":"instance","resource_id":"5c1e6a2b-4d3f-4e8a-9b70-1a2c3d4e5f60"}`
	someSnapshot = `{"source_image_id":"{id}","name":"of the matrix","instance":{"id":"5c1e6a2b-4d3f-4e8a-9b70-1a2c3d4e5f60","project_id":"{me}"}}`
	someReaders  = `{"read":{"users":["9d1f7b3c5e2a48608c4d6f0b1a3e5c72"],"project-access":true}}`
)

// keyCalls are the requests of the matrix about snapshots, secrets and what becomes
// of keys.
var keyCalls = map[string]matrixCall{
	"snapshot":              {line: "POST /gander/v1/images/snapshot", state: "active", body: someSnapshot},
	"snapshot-queued":       {line: "POST /gander/v1/images/snapshot", body: someSnapshot},
	"snapshot-encrypted":    {line: "POST /gander/v1/images/snapshot", state: "encrypted", body: someSnapshot},
	"snapshot-for-other":    {line: "POST /gander/v1/images/snapshot", state: "active", body: strings.Replace(someSnapshot, "{me}", "third", 1)},
	"snapshot-of-nothing":   {line: "POST /gander/v1/images/snapshot", body: strings.Replace(someSnapshot, `"source_image_id":"{id}",`, "", 1)},
	"snapshot-missing":      {line: "POST /gander/v1/images/snapshot", body: strings.Replace(someSnapshot, "{id}", noImage, 1)},
	"keymanager":            {line: "GET /key-manager"},
	"keymanager-v1":         {line: "GET /key-manager/v1"},
	"secret-create":         {line: "POST " + someSecrets, media: "application/json", body: someSecret},
	"secrets":               {line: "GET " + someSecrets},
	"secret":                {line: "GET " + someSecrets + "/{id}", state: "secret"},
	"secret-missing":        {line: "GET " + someSecrets + "/" + noImage},
	"secret-delete":         {line: "DELETE " + someSecrets + "/{id}", state: "secret"},
	"secret-force":          {line: "DELETE " + someSecrets + "/{id}?force=1", state: "secret"},
	"secret-missing-delete": {line: "DELETE " + someSecrets + "/" + noImage},
	"payload":               {line: "GET " + someSecrets + "/{id}/payload", state: "secret"},
	"payload-missing":       {line: "GET " + someSecrets + "/" + noImage + "/payload"},
	"payload-set":           {line: "PUT " + someSecrets + "/{id}", state: "secret", media: octetStream, body: "sixteen bytes, 1"},
	"order-create":          {line: "POST " + someOrders, media: "application/json", body: someKey},
	"orders":                {line: "GET " + someOrders},
	"order":                 {line: "GET " + someOrders + "/{id}", state: "secret"},
	"order-missing":         {line: "GET " + someOrders + "/" + noImage},
	"order-delete":          {line: "DELETE " + someOrders + "/{id}", state: "secret"},
	"consumers-of":          {line: "GET " + someSecrets + "/{id}/consumers", state: "secret"},
	"consume":               {line: "POST " + someSecrets + "/{id}/consumers", state: "secret", media: "application/json", body: someConsumer},
	"consume-no-more":       {line: "DELETE " + someSecrets + "/{id}/consumers", state: "secret", media: "application/json", body: someConsumer},
	"acl":                   {line: "GET " + someSecrets + "/{id}/acl", state: "secret"},
	"acl-set":               {line: "PUT " + someSecrets + "/{id}/acl", state: "secret", media: "application/json", body: someReaders},
	"acl-change":            {line: "PATCH " + someSecrets + "/{id}/acl", state: "secret", media: "application/json", body: someReaders},
	"acl-delete":            {line: "DELETE " + someSecrets + "/{id}/acl", state: "secret"},
	"keys":                  {line: "GET /gander/v1/keys"},
	"key":                   {line: "GET /gander/v1/keys/{id}", state: "secret"},
	"key-missing":           {line: "GET /gander/v1/keys/" + noImage},
	"key-restore":           {line: "POST /gander/v1/keys/{id}/restore", state: "secret"},
	"audit":                 {line: "GET /gander/v1/keys/audit"},
	"deletions":             {line: "GET /gander/v1/keys/deletions"},
	"deletions-set":         {line: "PUT /gander/v1/keys/deletions", body: `{"enabled":true,"why":"the matrix"}`},
	"consumers":             {line: "GET /gander/v1/consumers"},
	"retry":                 {line: "POST /gander/v1/consumers/reaper/retry", body: `{"id":"no-such-letter"}`},
}

func init() { maps.Copy(matrixCalls, keyCalls) }

// buildSecret makes a secret of the kind that is wanted, or an image that names it.
func (m *matrix) buildSecret(key matrixKey) subject {
	side, kind, _ := strings.Cut(key.about, ":")
	owner := key.home
	if side == "other" {
		owner = "other"
	}
	by := makers[owner]
	s := subject{matrixKey: key}
	switch kind {
	case "order":
		s.id = m.storedKey(someOrders, someKey, "order_ref", by, 202)
		return s
	case "empty":
		s.id = m.storedKey(someSecrets, `{"name":"of the matrix"}`, "secret_ref", by, 201)
		return s
	case "readable":
		s.id = m.cloneFor(key.home)
		return s
	}
	s.id = m.storedKey(someSecrets, someSecret, "secret_ref", by, 201)
	switch kind {
	case "held":
		m.made(naming(s.id), as(by))
	case "hostage":
		m.made(naming(s.id), as(map[bool]string{true: "admin", false: "other"}[owner == "other"]))
	case "consumed":
		m.call("POST "+someSecrets+"/"+s.id+"/consumers", as(by), jsonBody(someConsumer)).want(200)
	case "scheduled":
		m.call("DELETE "+someSecrets+"/"+s.id, as(by)).want(204)
	}
	if key.state == "encrypted" {
		s.id = m.encrypted(s.id, by)
	}
	return s
}

func naming(secret string) string {
	return `{"disk_format":"raw","container_format":"bare","visibility":"private","cinder_encryption_key_id":"` + secret + `"}`
}

// storedKey makes a secret or an order, and returns its id.
func (w *world) storedKey(path, what, ref, by string, status int) string {
	w.t.Helper()
	var shown map[string]string
	w.call("POST "+path, as(by), jsonBody(what)).want(status).into(&shown)
	return shown[ref][strings.LastIndex(shown[ref], "/")+1:]
}

// encrypted makes a public image with data that names a secret.
func (m *matrix) encrypted(secret, by string) string {
	id := m.made(naming(secret), as(by))
	m.call("PUT /v2/images/"+id+"/file", as(by), octets("data")).want(204)
	m.call("PATCH /v2/images/"+id, as("admin"), v21(`[{"op":"replace","path":"/visibility","value":"public"}]`)).want(200)
	return id
}

// cloneFor is the key of a snapshot that an administrator made of an instance of
// the project, whose it is not.
func (m *matrix) cloneFor(project string) string {
	m.t.Helper()
	source := m.encrypted(m.storedKey(someSecrets, someSecret, "secret_ref", "admin", 201), "admin")
	var shown struct {
		Key string `json:"cinder_encryption_key_id"`
	}
	m.call("POST /gander/v1/images/snapshot", as("admin"), body(strings.NewReplacer("{id}", source, "{me}", project).Replace(someSnapshot))).
		want(201).into(&shown)
	return shown.Key
}

// jsonBody is a body that says what it is, as the key manager wants it.
func jsonBody(text string) option {
	return func(r *http.Request) { body(text)(r); r.Header.Set("Content-Type", "application/json") }
}
