package scenarios

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestSecret holds a secret's whole life, as clients see it.
func TestSecret(t *testing.T) {
	w := newWorld(t)
	text := payloadMark + ", in plain words"
	id := w.storedSecret(`{"name":"n","algorithm":"aes","bit_length":256,"mode":"cbc","secret_type":"passphrase","expiration":"2199-01-02T03:04:05.5+01:00",
		"payload":"` + text + `","payload_content_type":"text/plain; charset=utf-8"}`)
	moment := regexp.MustCompile(`"(created|updated)":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"`)
	show := func(path string, options ...option) string {
		t.Helper()
		return moment.ReplaceAllString(string(w.call("GET "+path, options...).want(200).has("Cache-Control", "no-store").body), `"$1":T`)
	}
	want := func(consumers string) string {
		return `{"created":T,"updated":T,"status":"ACTIVE","name":"n","secret_type":"passphrase","expiration":"2199-01-02T02:04:05",` +
			`"algorithm":"aes","bit_length":256,"mode":"cbc","creator_id":"mia",` + consumers + `"content_types":{"default":"text/plain"},` +
			`"secret_ref":"` + publicEndpoint + secretsURL + `/` + id + `"}`
	}
	if got := show(secretsURL + "/" + id); got != want("") {
		t.Errorf("in 1.0 it is shown as\n%s, want\n%s", got, want(""))
	}
	if got := show(secretsURL+"/"+strings.ToUpper(id), newest); got != want(`"consumers":[],`) {
		t.Errorf("in 1.2 it is shown as\n%s, want\n%s", got, want(`"consumers":[],`))
	}
	w.payload("member", id).want(200).is(text).has("Content-Type", "text/plain").has("Cache-Control", "no-store")
	w.call("DELETE " + secretsURL + "/" + id).want(204).is("")
	w.swept()
	for _, call := range []string{
		"GET %s", "GET %s/payload", "GET %s/acl", "GET %s/consumers", "DELETE %s", "DELETE %s?force=1",
	} {
		w.refused(fmt.Sprintf(call, secretsURL+"/"+id), named("deleted")).want(404).says("Secret not found.")
	}
	w.refused("PUT "+secretsURL+"/"+id, octets("x"), named("deleted")).want(404)
}

// TestPayloadForms holds that a value comes back byte for byte, in each form that
// the client takes, and in no other.
func TestPayloadForms(t *testing.T) {
	w := newWorld(t)
	bytes := payloadMark + "\x00\xff\n"
	binary := w.storedSecret(`{"payload":"` + base64.StdEncoding.EncodeToString([]byte(bytes)) +
		`","payload_content_type":"application/octet-stream","payload_content_encoding":"base64"}`)
	plain := w.secret(payloadMark + " ö ")
	for _, c := range []struct {
		id, accept, is, form string
	}{
		{binary, octetStream, bytes, octetStream},
		{binary, "", bytes, octetStream},
		{binary, "*/*", bytes, octetStream},
		{binary, "text/plain, */*;q=0.1", bytes, octetStream},
		{binary, "text/plain", "", ""},
		{binary, "application/json", "", ""},
		{binary, "image/png", "", ""},
		{plain, "text/plain", payloadMark + " ö ", "text/plain"},
		{plain, "*/*", payloadMark + " ö ", "text/plain"},
		{plain, octetStream, payloadMark + " ö ", octetStream},
		{plain, "", payloadMark + " ö ", octetStream},
		{plain, "application/json", "", ""},
	} {
		a := w.call("GET "+secretsURL+"/"+c.id+"/payload", header("Accept", c.accept), named(c.accept))
		if c.form == "" {
			a.want(406).says("Wrong payload content-type")
			continue
		}
		a.want(200).is(c.is).has("Content-Type", c.form)
	}
	// To ask for the payload where the metadata is, is the old way: it gets neither.
	w.call("GET "+secretsURL+"/"+plain, header("Accept", "text/plain")).want(406)
	w.call("GET "+secretsURL+"/"+plain, header("Accept", "application/json, text/plain")).want(200)
}

// TestSecretBad holds what is refused when a secret is stored, and that nothing is
// made then.
func TestSecretBad(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("n", 256)
	for _, c := range []struct {
		body   string
		status int
		says   string
	}{
		{`[]`, 400, "must be an object"},
		{`{"payload":""}`, 400, "'payload_content_type' must also be supplied"},
		{`{"payload":"","payload_content_type":"text/plain"}`, 400, "must be non empty"},
		{`{"payload":"","payload_content_type":"application/octet-stream","payload_content_encoding":"base64"}`, 400, "must be non empty"},
		{`{"payload":"\n","payload_content_type":"application/octet-stream","payload_content_encoding":"base64"}`, 400, "The payload is empty."},
		{`{"payload_content_type":"text/plain"}`, 400, "payload must be provided"},
		{`{"payload":"x"}`, 400, "'payload_content_type' must also be supplied"},
		{`{"payload":"x","payload_content_type":"text/html"}`, 400, "payload_content_type is not one of"},
		{`{"payload":"x","payload_content_type":"text/plain; charset=latin-1"}`, 400, "payload_content_type is not one of"},
		{`{"payload":"eA==","payload_content_type":"text/plain","payload_content_encoding":"base64"}`, 400, "payload_content_encoding"},
		{`{"payload":"x","payload_content_type":"application/octet-stream"}`, 400, "must be base64"},
		{`{"payload":"eA==","payload_content_type":"application/octet-stream","payload_content_encoding":"gzip"}`, 400, "must be base64"},
		{`{"payload":"` + payloadMark + `!","payload_content_type":"application/octet-stream","payload_content_encoding":"base64"}`, 400, "not base64"},
		{`{"payload":7,"payload_content_type":"text/plain"}`, 400, "'payload' is not valid"},
		{`{"expiration":"2001-01-01T00:00:00"}`, 400, "before current time"},
		{`{"expiration":"tomorrow"}`, 400, "Invalid date"},
		{`{"name":"` + long + `"}`, 400, "'name' is longer than 255"},
		{`{"algorithm":"` + long + `"}`, 400, "'algorithm' is longer"},
		{`{"mode":5}`, 400, "'mode' is not valid"},
		{`{"bit_length":0}`, 400, "'bit_length' is not valid"},
		{`{"bit_length":"256"}`, 400, "'bit_length' is not valid"},
		{`{"bit_length":32768}`, 400, "'bit_length' is not valid"},
		{`{"bit_length":1.5}`, 400, "'bit_length' is not valid"},
		{`{"secret_type":"key"}`, 400, "'secret_type' is not one of"},
		{`{"payloads":"x"}`, 400, "There is no field 'payloads'"},
		{`{`, 400, "Malformed JSON"},
	} {
		a := w.refused("POST "+secretsURL, jsonBody(c.body), named(c.body[:min(len(c.body), 60)])).want(c.status).says(c.says)
		if strings.Contains(string(a.body), payloadMark) {
			t.Errorf("the answer repeats the payload: %s", a.body)
		}
	}
	w.refused("POST "+secretsURL, body(`{}`), header("Content-Type", "text/plain")).want(415).says("application/json")
	w.refused("POST "+secretsURL, body(`{}`), without("Content-Type"), named("none")).want(415)
	w.refused("POST "+secretsURL, jsonBody(`{}`), as("reader")).want(403)
	w.call("POST "+secretsURL, jsonBody(`{"name":"`+long[1:]+`","mode":null,"expiration":""}`)).want(201)
}

// TestPayloadSizes holds the largest payload that there is, and that its size is
// that of the value, however it is written.
func TestPayloadSizes(t *testing.T) {
	w := newWorld(t)
	const most = 64 << 10
	full := payloadMark + strings.Repeat("x", most-len(payloadMark))
	encoded := func(text string) string {
		return `{"payload":"` + base64.StdEncoding.EncodeToString([]byte(text)) + `","payload_content_type":"application/octet-stream","payload_content_encoding":"base64"}`
	}
	w.payload("member", w.secret(full)).want(200).is(full)
	w.payload("member", w.storedSecret(encoded(full))).want(200).is(full)
	w.refused("POST "+secretsURL, jsonBody(encoded(full+"x")), named("base64")).want(413)
	w.refused("POST "+secretsURL, jsonBody(`{"payload":"`+full+`x","payload_content_type":"text/plain"}`), named("plain")).want(413).
		says("The payload is longer than 65536 bytes.")
	empty := w.storedSecret(`{}`)
	w.refused("PUT "+secretsURL+"/"+empty, octets(full+"x"), named("whole")).want(413)
	w.refused("PUT "+secretsURL+"/"+empty, chunked(full+"x"), header("Content-Type", octetStream), named("chunked")).want(413)
	w.call("PUT "+secretsURL+"/"+empty, octets(full)).want(204).is("")
	w.call("GET " + secretsURL + "/" + empty + "/payload").want(200).is(full)
}

// TestPayloadLater holds that a secret without a payload is shown, is nobody's to
// use, and gets a payload once.
func TestPayloadLater(t *testing.T) {
	w := newWorld(t)
	id := w.storedSecret(`{"name":"later"}`)
	at := secretsURL + "/" + id
	var shown map[string]any
	w.call("GET " + at).want(200).into(&shown)
	if shown["content_types"] != nil || shown["name"] != "later" || shown["bit_length"] != nil || shown["secret_type"] != "opaque" {
		t.Errorf("without a payload it is shown as %v", shown)
	}
	w.refused("GET " + at + "/payload").want(404).says("your secret has no payload")
	w.refused("POST /v2/images", body(`{"cinder_encryption_key_id":"`+id+`"}`)).want(409)
	w.refused("POST "+at+"/consumers", jsonBody(someConsumer)).want(409)

	for _, c := range []struct {
		name, media, encoding, body string
		status                      int
	}{
		{"empty", octetStream, "", "", 400},
		{"JSON", "application/json", "", "{}", 415},
		{"no type", "", "", "x", 415},
		{"pkcs8", "application/pkcs8", "", "x", 415},
		{"gzip", octetStream, "gzip", "x", 400},
		{"no base64", octetStream, "base64", payloadMark + "!", 400},
		{"base64 of text", "text/plain", "base64", "eA==", 400},
		{"no text", "text/plain", "", "\xff", 400},
	} {
		w.refused("PUT "+at, body(c.body), header("Content-Type", c.media), header("Content-Encoding", c.encoding), named(c.name)).want(c.status)
	}
	w.refused("PUT "+at, octets("x"), as("other")).want(404)
	w.refused("PUT "+at, octets("x"), as("reader"), named("reader")).want(403)
	w.call("PUT "+at, octets(base64.StdEncoding.EncodeToString([]byte(payloadMark))), header("Content-Encoding", "base64")).want(204)
	w.swept()
	w.call("GET " + at + "/payload").want(200).is(payloadMark)
	w.refused("PUT "+at, octets("other"), named("again")).want(409).says("Secret already has data")
	w.call("GET " + at).want(200).says(`"content_types":{"default":"application/octet-stream"}`)
	w.encrypted(id)

	dropped := w.storedSecret(`{}`)
	w.refused("DELETE "+secretsURL+"/"+dropped, as("other")).want(404)
	w.call("DELETE " + secretsURL + "/" + dropped).want(204)
	w.swept()
	w.refused("PUT "+secretsURL+"/"+dropped, octets("x"), named("dropped")).want(404)
	w.refused("GET "+secretsURL+"/"+dropped, named("dropped")).want(404)
}

// TestSecretsOfOthers holds that nobody learns of a secret that is not theirs: it is
// answered as one that never was, in every call.
func TestSecretsOfOthers(t *testing.T) {
	w := newWorld(t)
	theirs := w.secret(payloadMark)
	for _, call := range []struct {
		line    string
		options []option
	}{
		{"GET %s", nil},
		{"GET %s/payload", nil},
		{"PUT %s", []option{octets("x")}},
		{"DELETE %s", nil},
		{"DELETE %s?force=true", nil},
		{"GET %s/consumers", nil},
		{"POST %s/consumers", []option{jsonBody(someConsumer)}},
		{"DELETE %s/consumers", []option{jsonBody(someConsumer)}},
		{"GET %s/acl", nil},
		{"PUT %s/acl", []option{jsonBody(`{"read":{"users":["otto"]}}`)}},
		{"PATCH %s/acl", []option{jsonBody(`{"read":{"users":["otto"]}}`)}},
		{"DELETE %s/acl", nil},
	} {
		var answers []string
		for _, id := range []string{theirs, uuid.NewString(), "no-uuid", strings.Repeat("x", 300)} {
			a := w.refused(fmt.Sprintf(call.line, secretsURL+"/"+id), append(call.options, as("other"))...).want(404)
			answers = append(answers, string(a.body))
		}
		for _, other := range answers[1:] {
			if other != answers[0] {
				t.Errorf("%s: answers differ: %q", call.line, answers)
			}
		}
	}
	w.call("GET "+secretsURL, as("other")).want(200).is(`{"secrets":[],"total":0}`)
	// In the owner's project a reader sees a secret, and not what it is.
	w.call("GET "+secretsURL+"/"+theirs, as("reader")).want(200)
	w.refused("GET "+secretsURL+"/"+theirs+"/payload", as("reader")).want(403)
	w.refused("DELETE "+secretsURL+"/"+theirs, as("reader")).want(403)
	w.call("GET "+secretsURL+"/"+theirs+"/payload", as("second")).want(200)
	w.call("GET "+secretsURL+"/"+theirs+"/payload", as("admin")).want(200)
}
