//go:build !cloud

package scenarios

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var (
	modelNames = []string{
		"a", "tags", "c", "visibility", "d", "name", "protected", "os_hidden", "owner", "min_ram", "min_disk", "tags", "disk_format",
		"container_format", "a", "b", "c", "d", "e", "a", "b", "member", "delete", "base", "x/y", "z~", "~1", "Name", "kernel_id",
		"cinder_encryption_key_deletion_policy", strings.Repeat("ü", 255), strings.Repeat("ü", 256), "locations",
		"id", "status", "stores", "deleted", "os_glance_x", "updated_at",
	}
	modelValues = map[string][]string{
		"name": {`"n"`, `null`}, "owner": {`"demo"`, `"demo"`, `"other"`, `null`, `""`}, "visibility": {`"public"`, `"private"`, `"shared"`, `"community"`},
		"protected": {`true`, `false`}, "os_hidden": {`true`, `false`}, "min_ram": {`1`, `2.0`, `-1`, `2147483648`}, "min_disk": {`0`, `2147483647`},
		"tags": {`[]`, `["a"]`, `["b","a","b"]`, `["1","1","1","1"]`}, "disk_format": {`"raw"`, `"qcow2"`, `null`},
		"container_format": {`"bare"`, `null`}, "kernel_id": {`"` + noImage + `"`, `null`}, "cinder_encryption_key_deletion_policy": {`"do_not_delete"`},
		"locations": {`{"url":"http://x","metadata":{}}`, `{"url":"x"}`},
	}
	anyValues = []string{
		`"v"`, `"w"`, `""`, `null`, `true`, `5`, `1.5`, `["x",5]`, `{}`, `[]`, `"public"`, `"raw"`, `"` + strings.Repeat("ü", 256) + `"`,
	}
)

// drawOp makes an operation, mostly one that is well formed.
func drawOp(t *rapid.T, v20 bool) modelOp {
	name := rapid.SampledFrom(modelNames).Draw(t, "name")
	verb := rapid.SampledFrom([]string{"add", "add", "replace", "replace", "remove"}).Draw(t, "verb")
	pointer := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	if name == "locations" && verb != "replace" {
		pointer += "/0"
	}
	values := modelValues[name]
	if values == nil {
		values = []string{`"v"`, `"w"`, `""`}
	}
	if rapid.IntRange(0, 9).Draw(t, "any value") == 8 {
		values = anyValues
	}
	value := rapid.SampledFrom(values).Draw(t, "value")
	if name == "locations" && verb == "replace" {
		value = "[" + value + "]"
	}
	op := modelOp{"value": json.RawMessage(value)}
	var path any = pointer
	switch rapid.IntRange(0, 60).Draw(t, "fault") - 40 { // small numbers are drawn more often
	case 0:
		path = name
	case 1:
		path = pointer + "/"
	case 2:
		path = "/" + pointer
	case 3:
		path = pointer + "/-"
	case 4:
		path = "/ " + pointer[1:] + "\t"
	case 5:
		path = pointer + "~"
	case 6:
		path = 5
	case 7:
		delete(op, "value")
	case 8:
		verb = "test"
	case 9:
		path = "/ "
	case 10:
		op["remove"] = "/a"
	case 11:
		path = nil
	}
	if v20 {
		op[verb] = path
		return op
	}
	op["op"] = verb
	if path != nil {
		op["path"] = path
	}
	return op
}

// TestPatchModel plays random patches of both media types, by random callers, on
// random images, and holds answers and images to the model. What was refused
// changed nothing.
func TestPatchModel(t *testing.T) {
	w := newInside(t)
	w.services.Images.Limits.Properties, w.services.Images.Limits.Tags = modelProperties, modelTags
	w.set("GANDER_PROPERTY_PROTECTION_FILE=" + fileOf(t, "protections.conf", modelProtections))
	seen := map[int]int{}
	rapid.Check(t, func(t *rapid.T) {
		id := w.made(`{"disk_format":"raw","container_format":"bare","a":"1","c":"3","tags":["t"]}`)
		path := "/v2/images/" + id
		w.call("PATCH "+path, as("admin"), added("b", "2")).want(200)
		if status := rapid.IntRange(0, 3).Draw(t, "status"); status > 1 {
			w.call("PUT "+path+"/file", octets("x")).want(204)
			if status > 2 {
				w.call("POST " + path + "/actions/deactivate").want(204)
			}
		}
		now := func() patchModel { return w.call("GET "+path, as("admin")).want(200).fields() }
		image := now()
		for range rapid.IntRange(1, 6).Draw(t, "patches") {
			who := rapid.SampledFrom([]string{"member", "admin", "member", "admin", "member", "reader", "other"}).Draw(t, "who")
			old := rapid.Bool().Draw(t, "v2.0")
			ops := []modelOp{}
			for range rapid.IntRange(0, 4).Draw(t, "operations") {
				ops = append(ops, drawOp(t, old))
			}
			sent, err := json.Marshal(ops)
			if err != nil {
				t.Fatal(err)
			}
			send := v21(string(sent))
			if old {
				send = v20(string(sent))
			}
			status, want := image.patched(who, old, ops)
			got := w.call("PATCH "+path, as(who), send)
			after := now()
			if seen[status]++; status == 200 && len(ops) > 0 {
				want["updated_at"] = after["updated_at"]
			}
			wrote, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			has, err := json.Marshal(after)
			if err != nil {
				t.Fatal(err)
			}
			if got.status != status || string(has) != string(wrote) {
				t.Fatalf("%s sends %s: answered %d, want %d\n%s\nthe image is\n%s, want\n%s", who, sent, got.status, status, got.body, has, wrote)
			}
			if status == 200 {
				shown, err := json.Marshal(want.shown(who))
				if err != nil {
					t.Fatal(err)
				}
				told, err := json.Marshal(got.fields())
				if err != nil || string(told) != string(shown) {
					t.Fatalf("%s sends %s: the answer is not the image:\n%s, but\n%s", who, sent, shown, told)
				}
			}
			image = after
		}
	})
	t.Logf("answers: %v", seen)
	for _, status := range []int{200, 400, 403, 404, 409, 413} {
		if seen[status] == 0 {
			t.Errorf("the model never met a %d", status)
		}
	}
}
