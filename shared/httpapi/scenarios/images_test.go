package scenarios

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestImageCreate(t *testing.T) {
	w := newWorld(t)
	id := strings.ToUpper(uuid.NewString())
	sent := fmt.Sprintf(`{"id":%q,"name":"Ubüntü 🐧 <&>","disk_format":"qcow2","container_format":"bare","min_ram":1.0,"min_disk":2e1,
		"protected":true,"os_hidden":true,"visibility":"private","tags":["b","a","b"],"os_distro":"ubuntu","":"","kernel_id":null,
		"x.y/z~":"v\u0000","name":"Ubüntü 🐧 <&>"}`, id)
	got := w.call("POST /v2/images", body(sent)).want(201).
		has("Location", "https://image.example/base/v2/images/"+id).
		has("Openstack-Image-Store-Ids", w.store).
		has("Openstack-Image-Import-Methods", "").
		has("Content-Type", "application/json").
		has("Cache-Control", "no-store").
		says(`"name":"Ubüntü 🐧 <&>"`)
	fields := got.fields()
	for _, key := range []string{"created_at", "updated_at"} {
		if s, _ := fields[key].(string); len(s) != len(timeFormat) || !strings.HasSuffix(s, "Z") {
			t.Errorf("%s is %v", key, fields[key])
		}
		delete(fields, key)
	}
	want := map[string]any{
		"id": id, "name": "Ubüntü 🐧 <&>", "status": "queued", "visibility": "private", "protected": true, "os_hidden": true,
		"owner": "demo", "container_format": "bare", "disk_format": "qcow2", "min_ram": 1.0, "min_disk": 20.0, "size": nil,
		"virtual_size": nil, "checksum": nil, "os_hash_algo": nil, "os_hash_value": nil, "tags": []any{"a", "b"},
		"os_distro": "ubuntu", "": "", "x.y/z~": "v\x00", "self": "/v2/images/" + id, "file": "/v2/images/" + id + "/file",
		"schema": "/v2/schemas/image",
	}
	if g, w := mustJSON(t, fields), mustJSON(t, want); g != w {
		t.Errorf("made\n%s, want\n%s", g, w)
	}
	w.call("GET /v2/images/" + strings.ToLower(id)).want(200).is(string(got.body))

	least := w.call("POST /v2/images", chunked("{}")).want(201).fields()
	for key, value := range map[string]any{"name": nil, "visibility": "shared", "protected": false, "os_hidden": false, "owner": "demo", "min_ram": 0.0} {
		if least[key] != value {
			t.Errorf("%s is %v by default, want %v", key, least[key], value)
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Who may create what for whom.
func TestImageCreateRights(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		who, sent string
		status    int
		says      string
	}{
		{"reader", `{}`, 403, ""},
		{"nobody", `{}`, 403, ""},
		{"member", `{"owner":"demo"}`, 201, ""},
		{"member", `{"owner":"other"}`, 403, "owned by 'other'"},
		{"reader", `{"owner":"other"}`, 403, "owned by 'other'"},
		{"member", `{"owner":null}`, 403, "without an owner"},
		{"admin", `{"owner":"other"}`, 201, `"owner":"other"`},
		{"admin", `{"owner":null}`, 201, `"owner":null`},
		{"member", `{"visibility":"public"}`, 403, ""},
		{"member", `{"visibility":"community"}`, 201, `"visibility":"community"`},
		{"admin", `{"visibility":"public"}`, 201, `"visibility":"public"`},
		{"reader", `{"visibility":"public"}`, 403, ""},
	} {
		if c.status == 201 {
			w.call("POST /v2/images", as(c.who), body(c.sent), asJSON).want(201).says(c.says)
		} else {
			w.refused("POST /v2/images", as(c.who), body(c.sent)).want(c.status).says(c.says)
		}
	}
}

// What create refuses, in the order in which it looks. Statuses were compared
// with Glance 33 where it does not crash.
func TestImageCreateRefuses(t *testing.T) {
	w := newWorld(t)
	taken := w.made(`{}`)
	long := strings.Repeat("é", 256)
	many := func(n int, item func(int) string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = item(i)
		}
		return strings.Join(items, ",")
	}
	properties := func(i int) string { return fmt.Sprintf(`"p%d":"v"`, i) }
	for _, c := range []struct {
		sent   string
		status int
		says   string
	}{
		{`[]`, 400, "an object is needed"},
		{`[{"name":"x"}]`, 400, "an object is needed"},
		{`{"self":"x","name":5}`, 403, "Attribute 'self' is read-only."},
		{`{"file":null}`, 403, "'file' is read-only"},
		{`{"schema":{}}`, 403, "'schema' is read-only"},
		{`{"direct_url":"x"}`, 403, "'direct_url' is read-only"},
		{`{"stores":"local"}`, 403, "'stores' is read-only"},
		{`{"status":5}`, 400, "'status'"},
		{`{"status":"hungry"}`, 400, "'status'"},
		{`{"status":"active"}`, 403, "Attribute 'status' is read-only."},
		{`{"status":"active","name":5}`, 400, "'name'"},
		{`{"checksum":"` + strings.Repeat("a", 33) + `"}`, 400, "'checksum'"},
		{`{"checksum":"x"}`, 403, "'checksum' is read-only"},
		{`{"size":"5"}`, 400, "'size'"},
		{`{"size":5}`, 403, "'size' is read-only"},
		{`{"size":null}`, 403, "'size' is read-only"},
		{`{"virtual_size":1.5}`, 400, "'virtual_size'"},
		{`{"virtual_size":1}`, 403, "'virtual_size' is read-only"},
		{`{"created_at":"2026-07-01T09:00:00Z"}`, 403, "'created_at' is read-only"},
		{`{"updated_at":5}`, 400, "'updated_at'"},
		{`{"updated_at":"x"}`, 403, "'updated_at' is read-only"},
		{`{"os_hash_algo":"sha512"}`, 403, "'os_hash_algo' is read-only"},
		{`{"os_hash_value":"00"}`, 403, "'os_hash_value' is read-only"},
		{`{"os_hash_value":"` + strings.Repeat("a", 129) + `"}`, 400, "'os_hash_value'"},
		{`{"locations":"x"}`, 400, "'locations'"},
		{`{"locations":[{}]}`, 400, "'locations'"},
		{`{"locations":[]}`, 403, "Attribute 'locations' is reserved."},
		{`{"locations":[{"url":"s3://b/k","metadata":{}}]}`, 403, "'locations' is reserved"},
		{`{"location":"x"}`, 403, "Attribute 'location' is reserved."},
		{`{"location":1}`, 400, "'location'"},
		{`{"deleted":"x"}`, 403, "'deleted' is reserved"},
		{`{"deleted":false}`, 400, "'deleted'"},
		{`{"deleted_at":"x"}`, 403, "'deleted_at' is reserved"},
		{`{"os_glance_import_task":"x"}`, 403, "'os_glance_import_task' is reserved"},
		{`{"os_glancex":"x"}`, 403, "'os_glancex' is reserved"},
		{`{"foo":5}`, 400, "'foo'"},
		{`{"foo":null}`, 400, "'foo'"},
		{`{"foo":["x"]}`, 400, "'foo'"},
		{`{"foo":{"x":"y"}}`, 400, "'foo'"},
		{`{"foo":true}`, 400, "'foo'"},
		{`{"foo":5,"foo":"last counts"}`, 201, ""},
		{`{"foo":"last counts","foo":5}`, 400, "'foo'"},
		{`{"` + long + `":"x"}`, 400, "longer than 255"},
		{`{"name":"` + long + `"}`, 400, "'name'"},
		{`{"name":5}`, 400, "'name'"},
		{`{"min_ram":-1}`, 400, "min_ram"},
		{`{"min_ram":2147483648}`, 400, "min_ram"},
		{`{"min_disk":1e400}`, 400, "min_disk"},
		{`{"min_disk":99999999999999999999}`, 400, "min_disk"},
		{`{"min_ram":true}`, 400, "'min_ram'"},
		{`{"min_ram":null}`, 400, "'min_ram'"},
		{`{"min_ram":"1"}`, 400, "'min_ram'"},
		{`{"min_ram":1.5}`, 400, "'min_ram'"},
		{`{"min_ram":2147483647,"min_disk":-0.0}`, 201, ""},
		{`{"protected":"true"}`, 400, "'protected'"},
		{`{"protected":1}`, 400, "'protected'"},
		{`{"os_hidden":null}`, 400, "'os_hidden'"},
		{`{"visibility":null}`, 400, "'visibility'"},
		{`{"visibility":"PUBLIC"}`, 400, "'visibility'"},
		{`{"owner":"` + long + `"}`, 400, "'owner'"},
		{`{"disk_format":"gpt"}`, 400, "'disk_format'"},
		{`{"disk_format":null,"container_format":null}`, 201, ""},
		{`{"container_format":5}`, 400, "'container_format'"},
		{`{"id":"x"}`, 400, "'id'"},
		{`{"id":null}`, 400, "'id'"},
		{`{"id":"` + uuid.NewString() + `\n"}`, 400, "'id'"},
		{`{"id":"` + taken + `"}`, 409, ""},
		{`{"id":"` + strings.ToUpper(taken) + `"}`, 409, ""},
		{`{"tags":null}`, 400, "'tags'"},
		{`{"tags":"x"}`, 400, "'tags'"},
		{`{"tags":["` + long + `"]}`, 400, "'tags'"},
		{`{"tags":["ok",1]}`, 400, "'tags'"},
		{`{"tags":[` + many(128, func(int) string { return `"t"` }) + `]}`, 201, ""},
		{`{"tags":[` + many(129, func(int) string { return `"t"` }) + `]}`, 413, "129"},
		{`{` + many(128, properties) + `}`, 201, ""},
		{`{` + many(129, properties) + `}`, 413, "129"},
		{`{` + many(10000, properties) + `}`, 413, "10000"},
		{`{"kernel_id":"x"}`, 400, "'kernel_id'"},
		{`{"ramdisk_id":"` + taken + `"}`, 201, ""},
		{`{"os_distro":null}`, 400, "'os_distro'"},
		{`{"cinder_encryption_key_deletion_policy":"maybe"}`, 400, "'cinder_encryption_key_deletion_policy'"},
		{`{"cinder_encryption_key_deletion_policy":"do_not_delete"}`, 201, ""},
	} {
		if c.status == 201 {
			w.call("POST /v2/images", body(c.sent)).want(201)
		} else {
			w.refused("POST /v2/images", body(c.sent)).want(c.status).says(c.says)
		}
		if t.Failed() {
			t.Fatalf("sent %.200s", c.sent)
		}
	}
}

func TestImageShow(t *testing.T) {
	w := newWorld(t)
	id, public := w.made(`{}`), w.made(`{"visibility":"public"}`, as("admin"))
	for _, c := range []struct {
		who, id string
		status  int
		says    string
	}{
		{"member", id, 200, ""},
		{"reader", id, 200, ""},
		{"admin", id, 200, ""},
		{"member", strings.ToUpper(id), 200, `"id":"` + id},
		{"other", id, 404, "No image found with ID " + id},
		{"other", public, 200, ""},
		{"nobody", id, 404, "The resource could not be found."},
		{"member", "x", 404, "No image found with ID x"},
		{"member", uuid.NewString(), 404, "No image found with ID"},
		{"member", "%3Cscript%3E", 404, "No image found with ID &lt;script&gt;"},
	} {
		w.call("GET /v2/images/"+c.id, as(c.who), header("Accept", "*/*")).want(c.status).says(c.says)
	}
}

func TestImageDelete(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{}`)
	public := w.made(`{"visibility":"public","owner":"demo","protected":true}`, as("admin"))
	w.refused("DELETE /v2/images/"+id, as("other")).want(404).says("No image found with ID " + id)
	w.refused("DELETE /v2/images/"+id, as("reader")).want(403)
	w.refused("DELETE /v2/images/"+id, as("nobody")).want(404).says("The resource could not be found.")
	w.refused("DELETE /v2/images/"+public, as("other")).want(403)
	w.refused("DELETE /v2/images/"+public, as("member")).want(403).says("is protected and cannot be deleted")
	w.refused("DELETE /v2/images/"+public, as("admin")).want(403).says("is protected and cannot be deleted")
	w.refused("DELETE /v2/images/" + uuid.NewString()).want(404)
	w.call("DELETE /v2/images/"+id, named("the owner")).want(204).is("").has("Content-Type", "").has("Content-Length", "")
	w.refused("DELETE /v2/images/" + id).want(404)
	w.refused("GET /v2/images/"+id, as("admin")).want(404)
	w.refused("POST /v2/images", body(`{"id":"`+strings.ToUpper(id)+`"}`)).want(409)
}
