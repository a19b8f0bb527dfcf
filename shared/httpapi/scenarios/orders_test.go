package scenarios

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

const ordersURL = "/key-manager/v1/orders"

// anOrder is an order as callers see it.
type anOrder struct {
	Status    string
	Type      string
	OrderRef  string `json:"order_ref"`
	SecretRef string `json:"secret_ref"`
	Creator   string `json:"creator_id"`
	Created   string
	Meta      map[string]any
}

// TestOrders holds that a key is made as it was ordered, is another each time, and
// outlives its order.
func TestOrders(t *testing.T) {
	w := newWorld(t)
	w.call("GET " + ordersURL).want(200).is(`{"orders":[],"total":0}`)
	values := map[string]bool{}
	var last anOrder
	for range 3 {
		var made anOrder
		w.call("POST "+ordersURL, jsonBody(`{"type":"key","meta":{"name":"k","algorithm":"AES","bit_length":256,"mode":"xts",
			"expiration":"2199-01-01T00:00:00Z","payload_content_type":"application/octet-stream"}}`)).want(202).into(&made)
		id, ok := strings.CutPrefix(made.OrderRef, publicEndpoint)
		if !ok {
			t.Fatalf("the order is at %q", made.OrderRef)
		}
		w.call("GET "+id).want(200).has("Cache-Control", "no-store").
			says(`"meta":{"name":"k","algorithm":"AES","bit_length":256,"mode":"xts","expiration":"2199-01-01T00:00:00","payload_content_type":"application/octet-stream"}`).
			into(&last)
		if last.Status != "ACTIVE" || last.Type != "key" || last.Creator != "mia" || last.OrderRef != made.OrderRef || last.Created == "" {
			t.Errorf("the order is %+v", last)
		}
		secret := strings.TrimPrefix(last.SecretRef, publicEndpoint)
		w.call("GET " + secret).want(200).says(`"algorithm":"AES","bit_length":256,"mode":"xts"`).says(`"secret_type":"symmetric"`).
			says(`"content_types":{"default":"application/octet-stream"}`).says(`"expiration":"2199-01-01T00:00:00"`)
		value := string(w.call("GET "+secret+"/payload", header("Accept", octetStream)).want(200).body)
		if len(value) != 32 || values[value] {
			t.Errorf("a key has %d bytes, or is one that there was", len(value))
		}
		values[value] = true
	}
	page := w.call("GET " + ordersURL + "?limit=2&offset=1").want(200).fields()
	if list := page["orders"].([]any); len(list) != 2 || page["total"] != 3.0 || page["previous"] != publicEndpoint+ordersURL+"?limit=2&offset=0" ||
		page["next"] != nil || list[1].(map[string]any)["order_ref"] != last.OrderRef {
		t.Errorf("the page is %v", page)
	}
	order, secret := strings.TrimPrefix(last.OrderRef, publicEndpoint), strings.TrimPrefix(last.SecretRef, publicEndpoint)
	w.call("GET "+ordersURL, as("other")).want(200).is(`{"orders":[],"total":0}`)
	for _, id := range []string{order, ordersURL + "/" + uuid.NewString(), ordersURL + "/no-uuid"} {
		w.refused("GET "+id, as("other")).want(404).is(`{"code":404,"title":"Not Found","description":"Order not found."}`)
		w.refused("DELETE "+id, as("other")).want(404).is(`{"code":404,"title":"Not Found","description":"Order not found."}`)
	}
	w.refused("DELETE "+order, as("reader")).want(403)
	w.call("GET " + ordersURL + strings.ToUpper(order[len(ordersURL):])).want(200)
	w.call("DELETE " + order).want(204).is("")
	w.refused("DELETE "+order, named("twice")).want(404)
	w.refused("GET "+order, named("deleted")).want(404)
	w.call("GET " + ordersURL).want(200).says(`"total":2`)
	w.call("GET " + secret + "/payload").want(200)
	w.call("DELETE " + secret).want(204)
}

// A list shows the orders that can be shown one by one, and counts no others.
func TestOrdersOfSomebodyElseAreNotListed(t *testing.T) {
	w := ruled(t, `{"secret:get": "user_id:%(creator_id)s and project_id:%(project_id)s"}`)
	var mine, theirs anOrder
	w.call("POST "+ordersURL, jsonBody(someKey)).want(202).into(&mine)
	w.call("POST "+ordersURL, jsonBody(someKey), as("manager")).want(202).into(&theirs)
	w.call("GET "+strings.TrimPrefix(theirs.OrderRef, publicEndpoint), named("by itself")).want(404)
	got := w.call("GET " + ordersURL + "?limit=1").want(200).says(mine.OrderRef).says(`"total":1`)
	if strings.Contains(string(got.body), theirs.OrderRef) || strings.Contains(string(got.body), "next") {
		t.Errorf("the list tells of others' orders: %s", got.body)
	}
	w.call("GET "+ordersURL, as("manager")).want(200).says(theirs.OrderRef).says(`"total":1`)
}

// TestOrderBad holds what is refused, and that nothing is made then.
func TestOrderBad(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ body, says string }{
		{`{}`, "'type' is not valid"},
		{`{"type":"asymmetric","meta":{"algorithm":"rsa","bit_length":2048}}`, "'type' is not valid"},
		{`{"type":"certificate","meta":{}}`, "'type' is not valid"},
		{`{"type":"Key","meta":{"algorithm":"aes","bit_length":256}}`, "'type' is not valid"},
		{`{"type":"key"}`, "'meta' is missing"},
		{`{"type":"key","meta":[]}`, "'meta' must be an object"},
		{`{"type":"key","meta":{"bit_length":256}}`, "'meta.algorithm' is required"},
		{`{"type":"key","meta":{"algorithm":"rsa","bit_length":2048}}`, "'meta.algorithm' is not one of"},
		{`{"type":"key","meta":{"algorithm":"aes"}}`, "'meta.bit_length' is required"},
		{`{"type":"key","meta":{"algorithm":"aes","bit_length":0}}`, "'meta.bit_length' is not valid"},
		{`{"type":"key","meta":{"algorithm":"aes","bit_length":129}}`, "multiple of 8"},
		{`{"type":"key","meta":{"algorithm":"aes","bit_length":4104}}`, "multiple of 8"},
		{`{"type":"key","meta":{"algorithm":"aes","bit_length":-8}}`, "'meta.bit_length' is not valid"},
		{`{"type":"key","meta":{"algorithm":"aes","bit_length":256,"payload":"x"}}`, "There is no field 'meta.payload'"},
		{`{"type":"key","meta":{"algorithm":"aes","bit_length":256,"secret_type":"opaque"}}`, "There is no field 'meta.secret_type'"},
		{`{"type":"key","meta":{"algorithm":"aes","bit_length":256,"payload_content_type":"text/plain"}}`, "payload_content_type"},
		{`{"type":"key","meta":{"algorithm":"aes","bit_length":256,"expiration":"2001-01-01"}}`, "before current time"},
		{`{"type":"key","meta":{"algorithm":"aes","bit_length":256,"name":"` + strings.Repeat("n", 256) + `"}}`, "'meta.name' is longer"},
	} {
		w.refused("POST "+ordersURL, jsonBody(c.body), named(c.body[:min(len(c.body), 90)])).want(400).says(c.says)
	}
	w.refused("POST "+ordersURL, body(someKey)).want(415)
	w.refused("POST "+ordersURL, jsonBody(someKey), as("reader")).want(403)
	w.refused("PUT "+ordersURL, jsonBody(someKey)).want(405)
	w.refused("POST "+ordersURL, jsonBody(someKey), as("unscoped")).want(403)
}
