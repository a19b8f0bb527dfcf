package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/problem"
)

// readDraft turns the body of image-create into what the domain takes. It
// refuses in Glance's order: computed names, then the form of every value, then
// names that callers may not set.
//
// Source: glance/api/v2/images.py, RequestDeserializer.create, and
// glance/domain/__init__.py, ImageFactory.
func readDraft(body []byte) (image.Draft, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var values map[string]any // of equal keys the last counts
	if err := decoder.Decode(&values); err != nil {
		return image.Draft{}, problem.New(problem.Invalid, "Unexpected body type: an object is needed.")
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names) // so that the same body is always refused for the same reason
	for _, refuse := range []func(string, any) error{refuseComputed, refuseForm, refuseReserved} {
		for _, name := range names {
			if err := refuse(name, values[name]); err != nil {
				return image.Draft{}, err
			}
		}
	}
	return fillDraft(values), nil
}

func refuseComputed(name string, _ any) error {
	if a := attributes[name]; a != nil && a.create == computed {
		return errReadOnly(name)
	}
	return nil
}

func errReadOnly(name string) error {
	return problem.New(problem.Forbidden, "Attribute '%s' is read-only.", name)
}

func errReserved(name string) error {
	return problem.New(problem.Forbidden, "Attribute '%s' is reserved.", name)
}

func refuseReserved(name string, _ any) error {
	if slices.Contains(reservedNames, name) || strings.HasPrefix(name, image.ServerPrefix) {
		return errReserved(name)
	}
	switch a := attributes[name]; {
	case a == nil || a.create == writable:
		return nil
	case a.create == reserved:
		return errReserved(name)
	}
	return errReadOnly(name)
}

// customProperty is the attribute of every key that has no meaning of its own.
var customProperty = &attribute{kinds: isText}

func refuseForm(name string, value any) error {
	a := attributes[name]
	if a == nil {
		a = customProperty
		if utf8.RuneCountInString(name) > image.MaxNameLen {
			return problem.New(problem.Invalid, "The name of a custom property is longer than %d characters.", image.MaxNameLen)
		}
	}
	if wrong := a.wrong(value); wrong != "" {
		return problem.New(problem.Invalid, "The value of '%s' is not valid: %s.", name, wrong)
	}
	return nil
}

// wrong says what is wrong with a value, in words that do not repeat it; empty
// when nothing is.
func (a *attribute) wrong(value any) string {
	if a.kinds&kindOf(value) == 0 {
		return strings.Join(a.kinds.names(), " or ") + " needed"
	}
	switch v := value.(type) {
	case string:
		return a.wrongText(v)
	case []any:
		for i, item := range v {
			if wrong := a.items.wrong(item); wrong != "" {
				return fmt.Sprintf("element %d: %s", i, wrong)
			}
		}
	case map[string]any:
		return a.wrongObject(v)
	}
	return ""
}

func (a *attribute) wrongText(s string) string {
	switch {
	case a.min > 0 && utf8.RuneCountInString(s) < a.min:
		return fmt.Sprintf("at least %d characters are needed", a.min)
	case a.max > 0 && utf8.RuneCountInString(s) > a.max:
		return fmt.Sprintf("at most %d characters are allowed", a.max)
	case a.enum != nil && !slices.Contains(a.enum, s):
		return "it must be one of " + strings.Join(a.enum, ", ")
	case a.uuid && !image.IsID(s):
		return "it must be a UUID"
	}
	return ""
}

func (a *attribute) wrongObject(v map[string]any) string {
	for _, needed := range a.required {
		if _, ok := v[needed]; !ok {
			return "'" + needed + "' is missing"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		part := a.parts[name]
		if part == nil {
			if a.closed {
				return "it may have no other members than those of the schema"
			}
			continue
		}
		if wrong := part.wrong(v[name]); wrong != "" {
			return "'" + name + "': " + wrong
		}
	}
	return ""
}

func kindOf(value any) kind {
	switch v := value.(type) {
	case nil:
		return isNull
	case string:
		return isText
	case bool:
		return isBoolean
	case []any:
		return isArray
	case json.Number:
		if _, ok := wholeNumber(v); ok {
			return isInteger
		}
		return 0
	}
	return isObject
}

// wholeNumber is the integer that a JSON number stands for: 1, 1.0 and 1e2 are
// integers, as JSON Schema counts. One that no int64 holds comes back as the
// nearest that one does.
func wholeNumber(n json.Number) (whole int64, ok bool) {
	if whole, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return whole, true
	}
	f, err := strconv.ParseFloat(n.String(), 64)
	switch {
	case err != nil || f != math.Trunc(f):
		return 0, false
	case f >= math.MaxInt64:
		return math.MaxInt64, true
	case f <= math.MinInt64:
		return math.MinInt64, true
	}
	return int64(f), true
}

// fillDraft takes over values that have the right form.
func fillDraft(values map[string]any) image.Draft {
	d := image.Draft{Properties: map[string]string{}}
	for name, value := range values {
		switch name {
		case "id":
			d.ID = text(value)
		case "name":
			d.Name = text(value)
		case "visibility":
			d.Visibility = image.Visibility(value.(string))
		case "protected":
			d.Protected = value.(bool)
		case "os_hidden":
			d.Hidden = value.(bool)
		case "owner":
			d.Owner, d.OwnerSaid = text(value), true
		case "container_format":
			d.ContainerFormat = text(value)
		case "disk_format":
			d.DiskFormat = text(value)
		case "min_ram":
			d.MinRAM, _ = wholeNumber(value.(json.Number))
		case "min_disk":
			d.MinDisk, _ = wholeNumber(value.(json.Number))
		case "tags":
			for _, tag := range value.([]any) {
				d.Tags = append(d.Tags, tag.(string))
			}
		default:
			if s, ok := value.(string); ok { // a null one is not set
				d.Properties[name] = s
			}
		}
	}
	return d
}

func text(value any) *string {
	s, ok := value.(string)
	if !ok {
		return nil
	}
	return &s
}
