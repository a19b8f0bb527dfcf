package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestImageUpdate(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"name":"old","tags":["x"],"kept":"as it is","gone":"soon","visibility":"private"}`)
	before := w.call("GET /v2/images/" + id).want(200).fields()
	const kernel = "6B9A1F5E-6D3B-4B9E-9E4C-2F4A5B6C7D8E"
	got := w.call("PATCH /v2/images/"+strings.ToUpper(id), v21(`[
		{"op":"replace","path":"/name","value":"Ubüntü 🐧 <&>"},
		{"op":"add","path":"/visibility","value":"shared"},
		{"op":"replace","path":"/protected","value":true},
		{"op":"replace","path":"/os_hidden","value":true},
		{"op":"replace","path":"/min_ram","value":1.0},
		{"op":"replace","path":"/min_disk","value":2147483647},
		{"op":"replace","path":"/tags","value":["b","a","b"]},
		{"op":"replace","path":"/disk_format","value":"qcow2"},
		{"op":"add","path":"/container_format","value":"bare"},
		{"op":"add","path":"/kernel_id","value":"`+kernel+`"},
		{"op":"add","path":"/new","value":""},
		{"op":"replace","path":"/new","value":"v\u0000"},
		{"op":"remove","path":"/gone"}]`)).want(200).has("Content-Type", "application/json").has("Cache-Control", "no-store")
	want := maps.Clone(before)
	maps.Copy(want, map[string]any{
		"name": "Ubüntü 🐧 <&>", "visibility": "shared", "protected": true, "os_hidden": true, "min_ram": 1.0, "min_disk": 2147483647.0,
		"tags": []any{"a", "b"}, "disk_format": "qcow2", "container_format": "bare", "kernel_id": kernel, "new": "v\x00",
	})
	delete(want, "gone")
	fields := got.fields()
	want["updated_at"] = fields["updated_at"]
	if g, w := mustJSON(t, fields), mustJSON(t, want); g != w {
		t.Errorf("changed to\n%s, want\n%s", g, w)
	}
	w.call("GET /v2/images/" + id).want(200).is(string(got.body))

	got = w.call("PATCH /v2/images/"+id, v20(`[{"replace":"/name","value":null},{"replace":"/disk_format","value":null},{"add":"/old","value":"way"},
		{"remove":"/new"},{"remove":"/kernel_id"}]`)).want(200).says(`"name":null`).says(`"disk_format":null`).says(`"old":"way"`)
	fields = got.fields()
	for _, gone := range []string{"new", "kernel_id"} {
		if _, left := fields[gone]; left {
			t.Errorf("%s is left", gone)
		}
	}
	w.call("GET /v2/images/" + id).want(200).is(string(got.body))
	w.refused("PATCH /v2/images/"+id, v21(`[]`)).want(200).is(string(got.body))
	w.refused("PATCH /v2/images/"+id, v20(` [ ] `), as("reader")).want(200).is(string(got.body))
}

// An operation that is not possible is refused together with all others.
func TestUpdateIsAtomic(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"name":"a"}`)
	for _, last := range []string{
		`{"op":"remove","path":"/absent"}`, `{"op":"remove","path":"/name"}`, `{"op":"replace","path":"/visibility","value":"public"}`,
		`{"op":"add","path":"/locations/-","value":{"url":"http://x","metadata":{}}}`, `{"op":"replace","path":"/owner","value":"other"}`,
		`{"op":"replace","path":"/min_ram","value":-1}`,
	} {
		got := w.refused("PATCH /v2/images/"+id, named(last), v21(`[{"op":"replace","path":"/name","value":"b"},{"op":"add","path":"/x","value":"y"},`+last+`]`))
		if got.status < 400 || got.status >= 500 {
			t.Errorf("%s: %d", last, got.status)
		}
	}
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/x","value":"1"},{"op":"add","path":"/x","value":"2"},{"op":"remove","path":"/x"},
		{"op":"add","path":"/x","value":"3"}]`)).want(200).says(`"x":"3"`)
	w.refused("PATCH /v2/images/"+id, v20(`[{"add":"/y","value":"1"},{"add":"/y","value":"2"}]`)).want(409)
}

// Every operation on every kind of name.
func TestUpdateSemantics(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"name":"a","present":"x","ramdisk_id":"` + noImage + `","base":"x","member":"x"}`)
	const refused = -1
	readOnly := []string{
		"id", "status", "checksum", "os_hash_algo", "os_hash_value", "size", "virtual_size", "created_at", "updated_at", "direct_url", "self", "file",
		"schema", "stores",
	}
	for _, name := range slices.Concat(readOnly, []string{"location", "deleted", "deleted_at", "os_glance", "os_glance_stage_host", "os_glancex"}) {
		for _, sent := range []option{
			v21(`[{"op":"add","path":"/` + name + `","value":5}]`), v21(`[{"op":"replace","path":"/` + name + `","value":"x"}]`),
			v21(`[{"op":"remove","path":"/` + name + `"}]`), v20(`[{"add":"/` + name + `","value":[]}]`),
			v20(`[{"replace":"/` + name + `","value":null}]`), v20(`[{"remove":"/` + name + `"}]`),
		} {
			w.call("PATCH /v2/images/"+id, named(name), sent).want(403).says("Attribute '" + name + "' is re")
			w.call("PATCH /v2/images/"+noImage, named(name+" of no image"), sent).want(403)
		}
	}
	values := map[string]string{
		"name": `"b"`, "visibility": `"private"`, "protected": `false`, "os_hidden": `false`, "min_ram": `0`, "min_disk": `0`, "tags": `[]`,
		"disk_format": `null`, "container_format": `"ova"`, "present": `"x"`, "ramdisk_id": `"` + noImage + `"`, "owner": `"demo"`,
	}
	for name, value := range values {
		custom := name == "present" || name == "ramdisk_id"
		for _, c := range []struct {
			sent   option
			status int
		}{
			{v20(`[{"add":"/` + name + `","value":` + value + `}]`), 409},
			{v21(`[{"op":"add","path":"/` + name + `","value":` + value + `}]`), 200},
			{v20(`[{"replace":"/` + name + `","value":` + value + `}]`), 200},
			{v21(`[{"op":"replace","path":"/` + name + `","value":` + value + `}]`), 200},
			{v20(`[{"remove":"/` + name + `"}]`), refused},
			{v21(`[{"op":"remove","path":"/` + name + `"}]`), refused},
		} {
			switch {
			case c.status != refused:
				w.call("PATCH /v2/images/"+id, named(name), as("admin"), c.sent).want(c.status)
			case custom:
				w.call("PATCH /v2/images/"+id, named(name), as("admin"), c.sent).want(200)
				w.call("PATCH /v2/images/"+id, as("admin"), v20(`[{"add":"/`+name+`","value":`+value+`}]`)).want(200)
			default:
				w.call("PATCH /v2/images/"+id, named(name), as("admin"), c.sent).want(403).says("cannot be removed")
			}
		}
	}
	for _, c := range []struct {
		sent   option
		status int
	}{
		{v21(`[{"op":"replace","path":"/absent","value":"x"}]`), 409},
		{v20(`[{"replace":"/absent","value":"x"}]`), 409},
		{v21(`[{"op":"replace","path":"/kernel_id","value":null}]`), 409},
		{v21(`[{"op":"replace","path":"/` + strings.Repeat("k", 256) + `","value":"x"}]`), 409},
		{v21(`[{"op":"remove","path":"/absent"}]`), 409},
		{v20(`[{"remove":"/absent"}]`), 409},
		{v21(`[{"op":"remove","path":"/Name"}]`), 409},
		{v21(`[{"op":"replace","path":"/min_ram","value":-1}]`), 400},
		{v21(`[{"op":"replace","path":"/min_disk","value":2147483648}]`), 400},
		{v21(`[{"op":"replace","path":"/min_disk","value":99999999999999999999}]`), 400},
	} {
		w.refused("PATCH /v2/images/"+id, c.sent).want(c.status)
	}
}

// Names that mean something inside of Glance are ordinary ones here.
func TestUpdateOrdinaryNames(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{}`)
	before := w.call("GET /v2/images/" + id).fields()
	for _, name := range []string{
		"member", "delete", "base", "image_id", "extra_properties", "helper", "get_data", "set_data", "deactivate", "reactivate", "user_id",
		"project_id", "is_public", "properties", "links", "first", "op", "path", "value", "add", "__class__", "locationx", "deleted_by",
		"Name", "STATUS", "Deleted", "Location", "OS_GLANCE_x",
	} {
		w.refused("PATCH /v2/images/"+id, named(name), v21(`[{"op":"remove","path":"/`+name+`"}]`)).want(409)
		w.call("PATCH /v2/images/"+id, named(name), v20(`[{"add":"/`+name+`","value":"a"}]`)).want(200).says(`"` + name + `":"a"`)
		w.refused("PATCH /v2/images/"+id, named(name), v20(`[{"add":"/`+name+`","value":"b"}]`)).want(409)
		w.call("PATCH /v2/images/"+id, named(name), v21(`[{"op":"replace","path":"/`+name+`","value":"c"}]`)).want(200)
		w.call("GET /v2/images/" + id).want(200).says(`"` + name + `":"c"`)
		w.call("PATCH /v2/images/"+id, named(name), v21(`[{"op":"remove","path":"/`+name+`"}]`)).want(200)
	}
	after := w.call("GET /v2/images/" + id).fields()
	before["updated_at"] = after["updated_at"]
	if g, w := mustJSON(t, after), mustJSON(t, before); g != w {
		t.Errorf("left is\n%s, want\n%s", g, w)
	}
}

// Properties of the site's schema have its types; null takes one away.
func TestUpdateSchemaProperties(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{}`)
	for name, value := range map[string]string{
		"kernel_id": `"` + noImage + `"`, "ramdisk_id": `"` + noImage + `"`, "instance_uuid": `"no uuid"`, "architecture": `"x86_64"`,
		"os_distro": `""`, "os_version": `"1"`, "description": `"text"`, "cinder_encryption_key_id": `"k"`,
		"cinder_encryption_key_deletion_policy": `"on_image_deletion"`,
	} {
		w.call("PATCH /v2/images/"+id, named(name), v20(`[{"add":"/`+name+`","value":`+value+`}]`)).want(200).says(`"` + name + `":` + value)
		w.refused("PATCH /v2/images/"+id, named(name), v21(`[{"op":"replace","path":"/`+name+`","value":5}]`)).want(400)
	}
	for _, name := range []string{"kernel_id", "ramdisk_id"} {
		fields := w.call("PATCH /v2/images/"+id, named(name), v21(`[{"op":"replace","path":"/`+name+`","value":null}]`)).want(200).fields()
		if _, left := fields[name]; left {
			t.Errorf("%s is left", name)
		}
		w.refused("PATCH /v2/images/"+id, named(name), v21(`[{"op":"remove","path":"/`+name+`"}]`)).want(409)
		w.call("PATCH /v2/images/"+id, named(name), v20(`[{"add":"/`+name+`","value":null}]`)).want(200)
	}
}

// Nobody sets locations, in any form that a location can have.
func TestUpdateLocations(t *testing.T) {
	w := newWorld(t)
	id := w.filled("abc")
	const one = `{"url":"http://x","metadata":{"a":["b"]},"validation_data":{"checksum":"d41d8cd98f00b204e9800998ecf8427e","os_hash_algo":"md5","os_hash_value":"0"}}`
	for _, sent := range []string{
		`{"op":"add","path":"/locations/-","value":` + one + `}`, `{"op":"add","path":"/locations/0","value":` + one + `}`,
		`{"op":"add","path":"/locations/99","value":` + one + `}`, `{"op":"replace","path":"/locations","value":[` + one + `]}`,
		`{"op":"replace","path":"/locations","value":[]}`, `{"op":"remove","path":"/locations/0"}`, `{"op":"remove","path":"/locations/-"}`,
	} {
		for _, who := range []string{"member", "admin"} {
			w.refused("PATCH /v2/images/"+id, as(who), named(sent), v21(`[`+sent+`]`)).want(403)
		}
		w.refused("PATCH /v2/images/"+id, as("other"), named(sent), v21(`[`+sent+`]`)).want(404)
	}
}

// Formats are said of data that is not there yet.
func TestUpdateFormats(t *testing.T) {
	w := newWorld(t)
	queued, active, deactivated := w.made(bootable), w.filled("abc"), w.filled("def")
	w.call("POST /v2/images/" + deactivated + "/actions/deactivate").want(204)
	for id, status := range map[string]int{queued: 200, active: 403, deactivated: 403} {
		for _, c := range []struct{ name, value string }{
			{"disk_format", `"raw"`},
			{"disk_format", `null`},
			{"disk_format", `"raw"`},
			{"container_format", `"bare"`},
			{"container_format", `"ova"`},
			{"container_format", `"bare"`},
		} {
			w.call("PATCH /v2/images/"+id, named(c.name+c.value), v21(`[{"op":"replace","path":"/`+c.name+`","value":`+c.value+`}]`)).want(status)
			w.refused("PATCH /v2/images/"+id, named(c.name+c.value), v20(`[{"add":"/`+c.name+`","value":`+c.value+`}]`)).want(409)
		}
		w.call("PATCH /v2/images/"+id, v21(`[{"op":"replace","path":"/name","value":"any state"},{"op":"add","path":"/x","value":"y"},
			{"op":"replace","path":"/protected","value":false},{"op":"replace","path":"/tags","value":["t"]}]`)).want(200)
	}
	w.call("GET /v2/images/" + active + "/file").want(200).is("abc")
}

func TestUpdateLimits(t *testing.T) {
	w := newWorld(t, "GANDER_IMAGE_PROPERTY_QUOTA=3", "GANDER_IMAGE_TAG_QUOTA=3")
	id := w.made(`{"a":"1","b":"2"}`)
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/c","value":"3"}]`)).want(200)
	w.refused("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/d","value":"4"}]`)).want(413).says("Attempted: 4, Maximum: 3")
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/c","value":"4"},{"op":"replace","path":"/a","value":""}]`)).want(200)
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/d","value":"4"},{"op":"remove","path":"/a"}]`)).want(200)
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/e","value":"4"},{"op":"remove","path":"/e"}]`)).want(200)
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"replace","path":"/tags","value":["x","y","z"]}]`)).want(200)
	w.refused("PATCH /v2/images/"+id, v21(`[{"op":"replace","path":"/tags","value":["x","x","x","x"]}]`)).want(413).says("Attempted: 4, Maximum: 3")
	w.refused("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/tags","value":["a","b","c","d"]},{"op":"add","path":"/tags","value":[]}]`)).want(413)
}

// A record has an end. What fills it can be taken out again, and never keeps an
// image from being uploaded, deactivated or deleted.
func TestUpdateFillsARecord(t *testing.T) {
	w := newWorld(t)
	id := w.made(bootable)
	long := func(n int) string { return strings.Repeat("x", n<<10) }
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/a","value":"`+long(200)+`"}]`)).want(200)
	w.refused("PATCH /v2/images/"+id, v21(`[{"op":"add","path":"/b","value":"`+long(200)+`"}]`)).want(413).says("400 KB")
	w.call("PATCH /v2/images/"+id, named("all but 16 KB"), v21(`[{"op":"add","path":"/b","value":"`+long(184)+`"}]`)).want(200)
	full := false
	for n := 0; !full && n < 16; n++ {
		got := w.call("PATCH /v2/images/"+id, named(fmt.Sprint(n)), v21(fmt.Sprintf(`[{"op":"add","path":"/c%d","value":"%s"}]`, n, long(1))))
		full = got.status == 413
	}
	if !full {
		t.Error("the record takes all that there is")
	}
	for n := range 5 {
		tag := fmt.Sprintf("%d%s", n, strings.Repeat("t", 254))
		if got := w.call("PUT /v2/images/" + id + "/tags/" + tag); got.status != 204 {
			got.want(413).says("400 KB")
			break
		} else if n == 4 {
			t.Error("tags go beyond the limit")
		}
	}
	w.call("PUT /v2/images/"+id+"/file", octets("abc")).want(204)
	w.call("POST /v2/images/" + id + "/actions/deactivate").want(204)
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"remove","path":"/c0"}]`)).want(200)
	w.call("POST /v2/images/" + id + "/actions/reactivate").want(204)
	w.call("GET /v2/images/" + id + "/file").want(200).is("abc")
	w.call("DELETE /v2/images/" + id).want(204)
}
