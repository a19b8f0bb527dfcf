//go:build !cloud

package scenarios

import (
	"testing"
	"time"
)

// A secret whose time is over is read by nobody in any way, which takes in its copy by
// a snapshot, and by nobody made to last. Who needed it can say that it no longer does,
// and it can still be deleted.
func TestExpiredSecrets(t *testing.T) {
	w := newInside(t)
	now := time.Now()
	w.services.Keys.Now = func() time.Time { return now }
	ends := now.Add(time.Hour).UTC().Format(time.RFC3339)
	id := w.storedSecret(`{"payload":"` + payloadMark + `","payload_content_type":"text/plain","expiration":"` + ends + `"}`)
	at := secretsURL + "/" + id
	img := w.made(`{"disk_format":"raw","container_format":"bare","cinder_encryption_key_id":"` + id + `"}`)
	const consumer = `{"service":"a","resource_type":"b","resource_id":"c"}`
	w.call("POST "+at+"/consumers", jsonBody(consumer)).want(200)
	w.call("PUT /v2/images/"+img+"/file", header("Content-Type", "application/octet-stream"), body("data")).want(204)
	w.call("GET " + at + "/payload").want(200)

	now = now.Add(time.Hour)
	for _, who := range []string{"member", "admin"} {
		for _, path := range []string{"", "/payload", "/acl", "/consumers"} {
			w.refused("GET "+at+path, as(who), named(who)).want(404)
		}
		w.refused("POST /gander/v1/images/snapshot", as(who), named(who), jsonBody(`{"name":"s","source_image_id":"`+img+
			`","instance":{"id":"`+someServer+`","project_id":"demo"}}`)).want(409)
	}
	w.refused("POST "+at+"/consumers", jsonBody(consumer)).want(404)
	w.refused("PUT "+at+"/acl", jsonBody(`{"read":{"users":["otto"]}}`)).want(404)
	w.refused("DELETE "+at+"/consumers", as("other"), jsonBody(consumer)).want(404)
	w.call("DELETE "+at+"/consumers", jsonBody(consumer)).want(200)
	w.call("DELETE "+at+"/consumers", jsonBody(consumer)).want(404)
	w.call("DELETE "+at+"?force=true", as("admin")).want(204)
}
