package jwt

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// maxDepth is how deep claims may be nested.
const maxDepth = 16

func decode(encoded string) ([]byte, error) {
	return base64.RawURLEncoding.Strict().DecodeString(encoded)
}

var errObject = errors.New("they are no JSON object that can be read in one way only")

// object reads one JSON object. Names that are given twice, and text that is not
// UTF-8, are refused at any depth: others may read such a text otherwise.
//
// Source: RFC 7519, section 4; RFC 8725, section 3.8.
func object(text []byte) (map[string]any, error) {
	if !utf8.Valid(text) {
		return nil, errObject
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	value, err := next(d, 0)
	if err != nil {
		return nil, errObject
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errObject
	}
	o, ok := value.(map[string]any)
	if !ok {
		return nil, errObject
	}
	return o, nil
}

func next(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errObject
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return members(d, depth)
	case json.Delim('['):
		return elements(d, depth)
	}
	return t, nil
}

func members(d *json.Decoder, depth int) (any, error) {
	o := map[string]any{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		key := name.(string) // the decoder takes nothing else there
		if _, twice := o[key]; twice {
			return nil, errObject
		}
		if o[key], err = next(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return o, err
}

func elements(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		e, err := next(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	_, err := d.Token()
	return list, err
}
