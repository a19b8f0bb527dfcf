// Package document helps writers of the table's documents to keep what they do not
// know: a field that a newer version wrote survives a save of an older one.
package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Fields returns the JSON names of a struct's fields.
func Fields(v any) map[string]bool {
	t := reflect.TypeOf(v)
	names := make(map[string]bool, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names[name] = true
	}
	return names
}

// Keep adds to body, a JSON object, the fields of stored that are not among the
// known. Stored may be empty.
func Keep(body, stored json.RawMessage, known map[string]bool) (json.RawMessage, error) {
	if len(stored) == 0 {
		return body, nil
	}
	var old map[string]json.RawMessage
	if err := json.Unmarshal(stored, &old); err != nil {
		return nil, fmt.Errorf("reading the document as stored: %w", err)
	}
	for name := range old {
		if known[name] {
			delete(old, name)
		}
	}
	if len(old) == 0 {
		return body, nil
	}
	more, err := json.Marshal(old)
	if err != nil {
		return nil, fmt.Errorf("keeping unknown fields: %w", err)
	}
	if string(body) == "{}" {
		return more, nil
	}
	joined := slices.Concat(body[:len(body)-1], []byte{','}, more[1:])
	if !json.Valid(joined) {
		return nil, errors.New("keeping unknown fields: no valid document")
	}
	return joined, nil
}
