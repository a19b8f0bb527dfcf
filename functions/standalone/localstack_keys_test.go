//go:build localstack && clients

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const asJSON = "Content-Type: application/json"

// made creates something of the key manager, and returns the path of what it is called.
func (u *user) made(path, body, ref string, status int) string {
	u.t.Helper()
	url, _ := u.call("POST "+path, strings.NewReader(body), asJSON).want(status).image()[ref].(string)
	_, id, found := strings.Cut(url, path+"/")
	if !found {
		u.t.Fatalf("POST %s names %q", path, url)
	}
	return path + "/" + id
}

// testLocalKeys has each function of keys do what it is for: secrets and orders, who
// needs them and who reads them, a snapshot whose key is a clone, and what operators
// see and bring back.
func testLocalKeys(t *testing.T) {
	s := deployed(t)
	u, admin := s.as("gander"), s.as("gander-admin")
	if a := u.call("GET /key-manager/v1", nil).want(http.StatusOK); !strings.Contains(string(a.body), `"id":"v1"`) {
		t.Errorf("the version of the key manager: %s", a.body)
	}
	const secrets, orders = "/key-manager/v1/secrets", "/key-manager/v1/orders"
	secret := u.made(secrets, `{"name": "deployed", "payload": "words", "payload_content_type": "text/plain"}`, "secret_ref", http.StatusCreated)
	u.call("GET "+secret, nil).want(http.StatusOK)
	if a := u.call("GET "+secret+"/payload", nil, "Accept: text/plain").want(http.StatusOK); string(a.body) != "words" {
		t.Errorf("the payload is %q", a.body)
	}
	later := u.made(secrets, `{"name": "later"}`, "secret_ref", http.StatusCreated)
	u.call("PUT "+later, strings.NewReader("\x00\xff"), "Content-Type: application/octet-stream").want(http.StatusNoContent)
	if a := u.call("GET "+later+"/payload", nil, "Accept: application/octet-stream").want(http.StatusOK); string(a.body) != "\x00\xff" {
		t.Errorf("the late payload is %q", a.body)
	}
	u.call("GET "+secrets, nil).want(http.StatusOK)
	order := u.made(orders, `{"type": "key", "meta": {"algorithm": "aes", "bit_length": 256}}`, "order_ref", http.StatusAccepted)
	if a := u.call("GET "+order, nil).want(http.StatusOK); !strings.Contains(string(a.body), "ACTIVE") {
		t.Errorf("the order is %s", a.body)
	}
	u.call("GET "+orders, nil).want(http.StatusOK)
	u.call("DELETE "+order, nil).want(http.StatusNoContent)

	const consumer = `{"service": "cinder", "resource_type": "volume", "resource_id": "7"}`
	u.call("POST "+secret+"/consumers", strings.NewReader(consumer), asJSON).want(http.StatusOK)
	u.call("GET "+secret+"/consumers", nil).want(http.StatusOK)
	u.call("DELETE "+secret, nil).want(http.StatusConflict)
	u.call("DELETE "+secret+"/consumers", strings.NewReader(consumer), asJSON).want(http.StatusOK)
	u.call("PUT "+secret+"/acl", strings.NewReader(`{"read": {"users": ["somebody"]}}`), asJSON).want(http.StatusOK)
	u.call("GET "+secret+"/acl", nil).want(http.StatusOK)
	u.call("DELETE "+secret+"/acl", nil).want(http.StatusOK)

	testLocalSnapshot(t, s, strings.TrimPrefix(secret, secrets+"/"))
	u.call("DELETE "+later, nil).want(http.StatusNoContent)
	u.call("GET "+later, nil).want(http.StatusNotFound)
	key := "/gander/v1/keys/" + strings.TrimPrefix(later, secrets+"/")
	admin.call("GET "+key, nil).want(http.StatusOK)
	admin.call("POST "+key+"/restore", nil).want(http.StatusOK)
	u.call("GET "+later+"/payload", nil, "Accept: application/octet-stream").want(http.StatusOK)
	for _, path := range []string{"/keys", "/keys/audit", "/keys/deletions", "/consumers"} {
		admin.call("GET /gander/v1"+path, nil).want(http.StatusOK)
	}
	admin.call("PUT /gander/v1/keys/deletions", strings.NewReader(`{"enabled": true}`), asJSON).want(http.StatusOK)
}

// testLocalSnapshot makes a snapshot of an image that the key encrypts.
func testLocalSnapshot(t *testing.T, s *service, key string) {
	t.Helper()
	u := s.as("gander")
	body := `{"disk_format": "raw", "container_format": "bare", "cinder_encryption_key_id": "` + key + `"}`
	source := u.call("POST /v2/images", strings.NewReader(body), asJSON).want(http.StatusCreated).image()["id"].(string)
	u.call("PUT /v2/images/"+source+"/file", strings.NewReader("sealed")).want(http.StatusNoContent)
	asked := fmt.Sprintf(`{"name": "snapshot", "source_image_id": "%s", "instance": {"id": "%s", "project_id": "%s"}}`,
		source, tooManyZeros, projectOf(t, s.gophercloud("gander")))
	snapshot := u.call("POST /gander/v1/images/snapshot", strings.NewReader(asked), asJSON).want(http.StatusCreated).image()
	if clone := snapshot["cinder_encryption_key_id"]; clone == nil || clone == key {
		t.Errorf("the snapshot's key is %v, the source's %s", clone, key)
	}
	for _, id := range []string{source, snapshot["id"].(string)} {
		u.call("DELETE /v2/images/"+id, nil).want(http.StatusNoContent)
	}
}
