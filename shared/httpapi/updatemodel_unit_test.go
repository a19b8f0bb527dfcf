//go:build !cloud

package httpapi

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// A patchModel is an image as plain JSON, and the rules for patching it written
// out once more, as straight as they can be.
type patchModel map[string]any

// Limits of the model's service, low enough to be met.
const (
	modelProperties = 3
	modelTags       = 3
)

// A modelOp is one operation as it is sent: the members of its object.
type modelOp map[string]any

var (
	modelRefused  = regexp.MustCompile(`^(id|status|checksum|size|virtual_size|(created|updated|deleted)_at|direct_url|self|file|schema|stores|location|deleted|os_hash_(algo|value)|os_glance.*)$`)
	modelBase     = regexp.MustCompile(`^(name|visibility|protected|os_hidden|owner|min_ram|min_disk|tags|(disk|container)_format)$`)
	modelPointer  = regexp.MustCompile(`^(/[^/]+)+$`)
	modelBadTilde = regexp.MustCompile(`~([^01]|$)`)
	modelForms    = map[string]string{ // of values, as JSON
		"name": `null|"[^"]{0,255}"`, "owner": `null|"[^"]{0,255}"`, "visibility": `"(public|private|shared|community)"`,
		"protected": `true|false`, "os_hidden": `true|false`, "min_ram": `-?[0-9]+(\.0)?`, "min_disk": `-?[0-9]+(\.0)?`,
		"tags": `\[("[^"]{0,255}"(,"[^"]{0,255}")*)?\]`, "disk_format": `null|"(raw|qcow2)"`, "container_format": `null|"bare"`,
		"kernel_id": `null|"[0-9a-f-]{36}"`, "cinder_encryption_key_deletion_policy": `"(on_image_deletion|do_not_delete)"`,
		"locations": `.*"metadata".*|\[\]`,
	}
)

// read is what a patch's form says of one operation: the status when it is
// refused, else its parts.
func (op modelOp) read(v20 bool) (status int, verb, name, value string) {
	verb, _ = op["op"].(string)
	path, given := op["path"]
	if v20 {
		count := 0
		for _, v := range []string{"add", "replace", "remove"} {
			if at, ok := op[v]; ok {
				count++
				verb, path, given = v, at, true
			}
		}
		if count != 1 {
			return 400, "", "", ""
		}
	}
	pointer, isText := path.(string)
	if !slices.Contains([]string{"add", "replace", "remove"}, verb) || !given || !isText {
		return 400, "", "", ""
	}
	if !modelPointer.MatchString(pointer) || modelBadTilde.MatchString(pointer) {
		return 400, "", "", ""
	}
	var segments []string
	for _, s := range strings.Split(pointer, "/")[1:] {
		segments = append(segments, strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")))
	}
	name = segments[0]
	deep := name == "locations" && verb != "replace"
	if slices.Contains(segments, "") || deep != (len(segments) == 2) || len(segments) > 2 {
		return 400, "", "", ""
	}
	sent, has := op["value"]
	if verb != "remove" && !has {
		return 400, "", "", ""
	}
	if modelRefused.MatchString(name) {
		return 403, "", "", ""
	}
	if verb == "remove" {
		return 0, verb, name, ""
	}
	value = string(sent.(json.RawMessage))
	form, known := modelForms[name]
	if !known {
		form = `"[^"]*"`
		if verb == "add" && utf8.RuneCountInString(name) > 255 {
			return 400, "", "", ""
		}
	}
	if !regexp.MustCompile(`^(` + form + `)$`).MatchString(value) {
		return 400, "", "", ""
	}
	return 0, verb, name, value
}

// patched is the status that a patch is answered, and the image after it.
func (m patchModel) patched(who string, v20 bool, ops []modelOp) (int, patchModel) {
	for _, op := range ops {
		if status, _, _, _ := op.read(v20); status != 0 {
			return status, m
		}
	}
	project := people[who].project
	owns := m["owner"] == project
	wide := m["visibility"] == "public" || m["visibility"] == "community"
	if who != "admin" && !owns && m["owner"] != nil && !wide {
		return 404, m
	}
	mayChange := who == "admin" || owns && who != "reader"
	hidden := who != "admin" && !owns && m["visibility"] == "private" // an image of nobody
	next := maps.Clone(m)
	for _, op := range ops {
		_, verb, name, value := op.read(v20)
		present := next[name] != nil
		var decoded any
		_ = json.Unmarshal([]byte(value), &decoded) // a removal has none
		number, _ := decoded.(float64)
		texts, _ := decoded.([]any)
		switch {
		case name == "owner" && who != "admin" && (verb == "replace" || verb == "add" && !v20):
			return 403, m
		case !mayChange && hidden:
			return 404, m
		case !mayChange, name == "visibility" && value == `"public"` && who != "admin":
			return 403, m
		case name == "locations":
			return 403, m
		case modelBase.MatchString(name) && verb == "remove":
			return 403, m
		case modelBase.MatchString(name) && verb == "add" && v20:
			return 409, m
		case strings.HasSuffix(name, "_format") && modelBase.MatchString(name) && m["status"] != "queued":
			return 403, m
		case strings.HasPrefix(name, "min_") && modelBase.MatchString(name) && (number < 0 || number > 2147483647):
			return 400, m
		case name == "tags" && len(texts) > modelTags:
			return 413, m
		case name == "tags":
			next[name] = sortedSet(texts)
		case name == "owner" && decoded == "":
			next[name] = nil
		case modelBase.MatchString(name):
			next[name] = decoded
		case verb == "add" && v20 && present, verb != "add" && !present:
			return 409, m
		case verb == "remove", decoded == nil:
			delete(next, name)
		default:
			next[name] = decoded
		}
	}
	if next.properties() > modelProperties && !next.within(m) {
		return 413, m
	}
	return 200, next
}

// properties counts custom properties.
func (m patchModel) properties() (n int) {
	for name := range m {
		if !modelBase.MatchString(name) && !modelRefused.MatchString(name) {
			n++
		}
	}
	return n
}

// within reports whether m has no key that before does not have.
func (m patchModel) within(before patchModel) bool {
	for name := range m {
		if _, had := before[name]; !had {
			return false
		}
	}
	return true
}

func sortedSet(texts []any) []any {
	set := []string{}
	for _, s := range texts {
		set = append(set, s.(string))
	}
	slices.Sort(set)
	list := []any{}
	for _, s := range slices.Compact(set) {
		list = append(list, s)
	}
	return list
}

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
	seen := map[int]int{}
	rapid.Check(t, func(t *rapid.T) {
		id := w.made(`{"disk_format":"raw","container_format":"bare","a":"1","b":"2","c":"3","tags":["t"]}`)
		path := "/v2/images/" + id
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
			if status == 200 && string(got.body) != string(w.call("GET "+path, as(who)).body) {
				t.Fatalf("%s sends %s: the answer is not the image:\n%s", who, sent, got.body)
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
