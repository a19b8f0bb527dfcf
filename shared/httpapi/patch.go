package httpapi

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/problem"
)

// The media types of a patch. They write operations in different ways, and mean
// different things by adding.
const (
	patchV20 = "application/openstack-images-v2.0-json-patch" // {"add": "/name", "value": …}
	patchV21 = "application/openstack-images-v2.1-json-patch" // {"op": "add", "path": "/name", "value": …}
)

// readPatch turns the body of image-update into what the domain takes. It reads
// one operation at a time, each whole, and refuses the first that is wrong.
//
// Source: glance/api/v2/images.py, RequestDeserializer.update.
func readPatch(mediaType string, body []byte) ([]image.Change, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
		return nil, problem.New(problem.Invalid, "The request body must be a JSON array of operations.")
	}
	read := readV21
	if mediaType == patchV20 {
		read = readV20
	}
	var changes []image.Change
	for decoder.More() {
		var element any
		if err := decoder.Decode(&element); err != nil {
			return nil, problem.Because(err, problem.Invalid, "Malformed JSON in request body.")
		}
		operation, ok := element.(map[string]any) // of equal keys the last counts
		if !ok {
			return nil, wrongOperation(len(changes), "it must be a JSON object")
		}
		change, wrong, err := readOperation(operation, read)
		if wrong != "" {
			err = wrongOperation(len(changes), wrong)
		}
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	return changes, nil
}

func wrongOperation(i int, wrong string) error {
	return problem.New(problem.Invalid, "Operation %d of the patch is not valid: %s.", i, wrong)
}

// The operations, as patches write them.
const (
	opAdd     = "add"
	opReplace = "replace"
	opRemove  = "remove"
)

// operators are what each operation means; adding is another matter in v2.0.
var operators = map[string]image.Op{opAdd: image.Add, opReplace: image.Replace, opRemove: image.Remove}

// readV21 reads what is done, and where.
func readV21(operation map[string]any) (op image.Op, path any, wrong string) {
	name, _ := operation["op"].(string)
	op, known := operators[name]
	if !known {
		return 0, nil, "'op' must be one of add, replace and remove"
	}
	path, ok := operation["path"]
	if !ok {
		return 0, nil, "'path' is missing"
	}
	return op, path, ""
}

// readV20 reads what is done, and where, from the one member that tells both.
func readV20(operation map[string]any) (op image.Op, path any, wrong string) {
	found := 0
	for name, means := range operators {
		if at, ok := operation[name]; ok {
			op, path = means, at
			found++
		}
	}
	if found != 1 {
		return 0, nil, "it must have exactly one of the members add, replace and remove"
	}
	if op == image.Add {
		op = image.AddAbsent
	}
	return op, path, ""
}

// readOperation reads one operation. What it says in wrong is the caller's fault
// of form; err refuses what the operation is about.
func readOperation(
	operation map[string]any, read func(map[string]any) (image.Op, any, string),
) (change image.Change, wrong string, err error) {
	op, path, wrong := read(operation)
	if wrong != "" {
		return change, wrong, nil
	}
	segments, wrong := readPointer(path)
	if wrong != "" {
		return change, wrong, nil
	}
	change = image.Change{Op: op, Name: segments[0]}
	if len(segments) != depth(change) {
		return change, "its path does not lead to an attribute or a property", nil
	}
	value, given := operation["value"]
	if op != image.Remove && !given {
		return change, "'value' is missing", nil
	}
	if err := refuseUpdate(change.Name); err != nil || op == image.Remove {
		return change, "", err
	}
	if len(segments) > 1 {
		value = []any{value} // one element of an attribute that is an array
	}
	if wrong := wrongValue(change, value); wrong != "" {
		return change, wrong, nil
	}
	change.Value = changeValue(value)
	return change, "", nil
}

// depth is how many segments the path of a change must have. Locations are added
// and removed one by one.
func depth(ch image.Change) int {
	if ch.Name == "locations" && ch.Op != image.Replace {
		return 2
	}
	return 1
}

// refuseUpdate refuses what is never the caller's to change, in any way.
func refuseUpdate(name string) error {
	if a := attributes[name]; a != nil && (name == "id" || a.create == readOnly || a.create == computed) {
		return errReadOnly(name)
	}
	if slices.Contains(reservedNames, name) || strings.HasPrefix(name, image.ServerPrefix) {
		return errReserved(name)
	}
	return nil
}

// wrongValue says what is wrong with what something is to be set to, or with the
// name of a property that would be new.
func wrongValue(ch image.Change, value any) string {
	a := attributes[ch.Name]
	if a == nil {
		a = customProperty
		if ch.Op != image.Replace && utf8.RuneCountInString(ch.Name) > image.MaxNameLen {
			return "the name of a custom property has too many characters"
		}
	}
	if wrong := a.wrong(value); wrong != "" {
		return "'value': " + wrong
	}
	return ""
}

// changeValue takes over a value that has the right form.
func changeValue(value any) (v image.Value) {
	switch value := value.(type) {
	case string:
		v.Text = &value
	case bool:
		v.Flag = value
	case json.Number:
		v.Number, _ = wholeNumber(value)
	case []any:
		v.Texts = make([]string, 0, len(value))
		for _, item := range value {
			if s, ok := item.(string); ok { // all of them are, but for locations
				v.Texts = append(v.Texts, s)
			}
		}
	}
	return v
}

// readPointer splits a JSON pointer into its segments, unescaped and without the
// blanks around them.
//
// Source: glance/api/v2/images.py, RequestDeserializer._decode_json_pointer.
func readPointer(path any) (segments []string, wrong string) {
	pointer, ok := path.(string)
	if !ok {
		return nil, "its path must be a text"
	}
	rest, ok := strings.CutPrefix(pointer, "/")
	if !ok {
		return nil, "its path must begin with '/'"
	}
	for segment := range strings.SplitSeq(rest, "/") {
		text, ok := unescapePointer(segment)
		if !ok {
			return nil, "'~' in its path must be followed by 0 or 1"
		}
		text = strings.TrimFunc(text, blank)
		if text == "" {
			return nil, "its path has an empty segment"
		}
		segments = append(segments, text)
	}
	return segments, ""
}

// unescapePointer replaces ~1 by a slash and ~0 by a tilde; ok is false where a tilde
// stands for nothing.
//
// Source: RFC 6901, section 3.
func unescapePointer(segment string) (text string, ok bool) {
	for i := 0; i < len(segment); i++ {
		if segment[i] == '~' && (i+1 == len(segment) || segment[i+1] != '0' && segment[i+1] != '1') {
			return "", false
		}
	}
	return strings.NewReplacer("~0", "~", "~1", "/").Replace(segment), true
}

// blank reports what Python's str.strip takes away.
func blank(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }
