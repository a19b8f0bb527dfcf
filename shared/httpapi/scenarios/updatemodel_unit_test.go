//go:build !cloud

package scenarios

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
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
		present, rights := next[name] != nil, modelRights(who, name)
		visible := present && strings.Contains(rights, "r")
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
		case verb == "add" && v20 && visible, verb != "add" && !visible:
			return 409, m
		case !present && !strings.Contains(rights, "c"), present && !visible:
			return 403, m
		case present && verb != "remove" && !strings.Contains(rights, "u"):
			return 403, m
		case present && (verb == "remove" || decoded == nil) && !strings.Contains(rights, "d"):
			return 403, m
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

// modelProtections say who may do what, as modelRights do.
const modelProtections = `
[^b$]
create = admin
read = @
update = admin
delete = admin
[^c$]
create = @
read = admin
update = @
delete = @
[^kernel_id$]
create = @
read = @
update = @
delete = admin
[x/y]
create = admin
read = admin
update = admin
delete = admin
[.*]
create = @
read = @
update = @
delete = @
`

func modelRights(who, name string) string {
	rights := map[string]string{"b": "r", "c": "cud", "kernel_id": "cru", "x/y": ""}
	if limited, ok := rights[name]; ok && who != "admin" {
		return limited
	}
	return "crud"
}

// shown is the image as somebody is shown it.
func (m patchModel) shown(who string) patchModel {
	shown := maps.Clone(m)
	maps.DeleteFunc(shown, func(name string, _ any) bool {
		return !strings.Contains(modelRights(who, name), "r") || name == "stores" && m["status"] == "deactivated" && who != "admin"
	})
	return shown
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
