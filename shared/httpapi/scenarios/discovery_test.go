package scenarios

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestVersions(t *testing.T) {
	w := newWorld(t)
	for line, status := range map[string]int{"GET /": 300, "GET /versions": 200} {
		var doc struct {
			Versions []struct {
				ID, Status string
				Links      []map[string]string
			}
		}
		w.call(line, without("X-Auth-Token")).want(status).has("Content-Type", "application/json").into(&doc)
		var ids []string
		for _, v := range doc.Versions {
			ids = append(ids, v.ID)
			current := v.ID == "v2.17"
			if (v.Status == "CURRENT") != current || !current && v.Status != "SUPPORTED" {
				t.Errorf("%s is %s", v.ID, v.Status)
			}
			if len(v.Links) != 1 || !maps.Equal(v.Links[0], map[string]string{"rel": "self", "href": "https://image.example/base/v2/"}) {
				t.Errorf("%s links to %v", v.ID, v.Links)
			}
		}
		want := "v2.15 v2.13 v2.12 v2.11 v2.10 v2.9 v2.8 v2.17 v2.7 v2.6 v2.5 v2.4 v2.3 v2.2 v2.1 v2.0"
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

func TestHealthcheck(t *testing.T) {
	w := newWorld(t)
	w.call("GET /healthcheck", without("X-Auth-Token")).want(200).is("OK").has("Content-Type", "text/plain; charset=UTF-8")
	w.call("HEAD /healthcheck", without("X-Auth-Token")).want(200).is("").has("Content-Length", "2")
}

func TestInfo(t *testing.T) {
	w := newWorld(t)
	w.call("GET /v2/info/import", as("nobody")).want(200).
		is(`{"import-methods":{"description":"Import methods available.","type":"array","value":[]}}`)
	var stores struct {
		Stores []struct{ ID, Default string }
	}
	w.call("GET /v2/info/stores", as("nobody")).want(200).into(&stores)
	if len(stores.Stores) != 1 || stores.Stores[0].ID != w.store || stores.Stores[0].Default != "true" {
		t.Errorf("the stores are %v", stores)
	}
	for who, status := range map[string]int{"reader": 403, "member": 403, "service": 200, "admin": 200} {
		w.call("GET /v2/info/stores/detail", as(who)).want(status)
	}
	w.call("GET /v2/info/stores/detail", as("admin")).says(`"id":"` + w.store + `"`).says(`"weight":0`)
}

func TestSchemas(t *testing.T) {
	w := newWorld(t)
	documents := map[string]map[string]any{}
	for _, name := range []string{"image", "images", "member", "members", "task", "tasks"} {
		documents[name] = w.call("GET /v2/schemas/"+name, as("nobody")).want(200).has("Content-Type", "application/json").fields()
		if got := documents[name]["name"]; got != name {
			t.Errorf("%s is called %v", name, got)
		}
	}
	w.call("GET /v2/schemas/nope").want(404)
	w.call("GET /v2/schemas/").want(404)
	at := func(name string, path ...string) string {
		var v any = documents[name]
		for _, key := range path {
			v = v.(map[string]any)[key]
		}
		b, _ := json.Marshal(v)
		return string(b)
	}
	for _, c := range []struct {
		name, path, want string
	}{
		{"image", "additionalProperties", `{"type":"string"}`},
		{"image", "links", `[{"href":"{self}","rel":"self"},{"href":"{file}","rel":"enclosure"},{"href":"{schema}","rel":"describedby"}]`},
		{"image", "properties.disk_format.enum", `[null,"ami","ari","aki","vhd","vhdx","vmdk","raw","qcow2","vdi","iso","ploop"]`},
		{"image", "properties.disk_format.type", `["null","string"]`},
		{"image", "properties.container_format.enum", `[null,"ami","ari","aki","bare","ovf","ova","docker","compressed"]`},
		{"image", "properties.visibility.enum", `["community","public","private","shared"]`},
		{"image", "properties.visibility.type", `"string"`},
		{"image", "properties.visibility.is_base", `null`},
		{"image", "properties.kernel_id.is_base", `false`},
		{"image", "properties.cinder_encryption_key_deletion_policy.enum", `["on_image_deletion","do_not_delete"]`},
		{"image", "properties.tags.items", `{"maxLength":255,"type":"string"}`},
		{"image", "properties.locations.items.required", `["url","metadata"]`},
		{"image", "properties.locations.items.properties.url.maxLength", `255`},
		{"image", "properties.locations.items.properties.validation_data.additionalProperties", `false`},
		{"images", "links", `[{"href":"{first}","rel":"first"},{"href":"{next}","rel":"next"},{"href":"{schema}","rel":"describedby"}]`},
		{"images", "properties.first.type", `"string"`},
		{"images", "properties.images.items.name", `"image"`},
		{"images", "properties.images.items.additionalProperties.type", `"string"`},
		{"images", "additionalProperties", `null`},
		{"member", "additionalProperties", `null`},
		{"member", "links", `null`},
		{"member", "properties.status.enum", `["pending","accepted","rejected"]`},
		{"members", "links", `[{"href":"{schema}","rel":"describedby"}]`},
		{"members", "properties.first", `null`},
		{"members", "properties.members.items.name", `"member"`},
		{"task", "properties.input.type", `["null","object"]`},
		{"tasks", "properties.tasks.items.properties.input", `null`},
		{"tasks", "properties.tasks.items.properties.owner.type", `"string"`},
	} {
		if got := at(c.name, strings.Split(c.path, ".")...); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.path, got, c.want)
		}
	}
	var locked, site []string
	for name, p := range documents["image"]["properties"].(map[string]any) {
		entry := p.(map[string]any)
		if entry["readOnly"] == true {
			locked = append(locked, name)
		}
		if entry["is_base"] == false {
			site = append(site, name)
		}
	}
	slices.Sort(locked)
	slices.Sort(site)
	if got, want := strings.Join(locked, " "), "checksum created_at direct_url file os_hash_algo os_hash_value schema self size status stores updated_at virtual_size"; got != want {
		t.Errorf("read-only: %s, want %s", got, want)
	}
	if got, want := strings.Join(site, " "), "architecture cinder_encryption_key_deletion_policy cinder_encryption_key_id description instance_uuid kernel_id os_distro os_version ramdisk_id"; got != want {
		t.Errorf("the site's: %s, want %s", got, want)
	}
}

// Whatever an image shows is in its schema, and of a type that the schema allows:
// clients check answers against it.
func TestImagesFitTheirSchema(t *testing.T) {
	w := newWorld(t)
	id := w.filled("abc")
	var schema struct{ Properties map[string]*schemaEntry }
	w.call("GET /v2/schemas/image").want(200).into(&schema)
	for name, value := range w.call("GET /v2/images/" + id).fields() {
		entry := schema.Properties[name]
		if entry == nil {
			t.Errorf("%s is not in the schema", name)
			continue
		}
		if wrong := entry.wrong(value); wrong != "" {
			t.Errorf("%s is %v: %s", name, value, wrong)
		}
	}
}

// A schemaEntry is what a schema says of a value.
type schemaEntry struct {
	Type      any // a name, or several
	Enum      []any
	MaxLength int
	Pattern   string
	Items     *schemaEntry
}

// wrong says what is wrong with a value; empty when nothing is.
func (e *schemaEntry) wrong(value any) string {
	types, several := e.Type.([]any)
	if !several {
		types = []any{e.Type}
	}
	if !slices.Contains(types, any(typeOf(value))) {
		return fmt.Sprintf("%v needed", e.Type)
	}
	if e.Enum != nil && !slices.Contains(e.Enum, value) {
		return fmt.Sprintf("it must be one of %v", e.Enum)
	}
	switch v := value.(type) {
	case string:
		if e.MaxLength > 0 && utf8.RuneCountInString(v) > e.MaxLength {
			return fmt.Sprintf("at most %d characters are allowed", e.MaxLength)
		}
		if e.Pattern != "" && !regexp.MustCompile(e.Pattern).MatchString(v) {
			return "it must be like " + e.Pattern
		}
	case []any:
		for _, item := range v {
			if wrong := e.Items.wrong(item); wrong != "" {
				return wrong
			}
		}
	}
	return ""
}

// typeOf names the type of a JSON value as schemas do.
func typeOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
