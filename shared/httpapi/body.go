package httpapi

import (
	"encoding/json"
	"io"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/problem"
)

// maxJSON is the largest JSON body, in bytes. The largest that makes sense, an
// image with as many properties as an item holds, has less than half of it.
const maxJSON = 1 << 20

// readBody reads a JSON body, and never more than its limit.
func (x *exchange) readBody() (*Response, error) {
	r := x.request
	if r.route.op.Body != JSONBody {
		return nil, nil
	}
	if r.ContentLength > maxJSON {
		return nil, errTooLong()
	}
	x.in.whole()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxJSON+1))
	switch {
	case len(body) > maxJSON:
		return nil, errTooLong()
	case err != nil:
		return nil, problem.Because(err, problem.Invalid, "The request body could not be read to its end.")
	}
	r.JSON = body
	return nil, nil
}

func errTooLong() error {
	return problem.New(problem.TooLarge, "The request body is longer than %d bytes.", maxJSON)
}

// checkText refuses what no JSON text can hold: bytes that are not UTF-8, and
// halves of surrogate pairs, which would silently become something else.
func (x *exchange) checkText() (*Response, error) {
	body := x.request.JSON
	if body == nil {
		return nil, nil
	}
	if !utf8.Valid(body) {
		return nil, problem.New(problem.Invalid, "The request body is not valid UTF-8.")
	}
	if loneSurrogate(body) {
		return nil, problem.New(problem.Invalid, "The request body escapes half of a surrogate pair.")
	}
	return nil, nil
}

// checkSyntax refuses broken JSON, also such as is nested so deeply that only an
// attacker would send it.
//
// Source: glance/common/wsgi.py, JSONRequestDeserializer.from_json.
func (x *exchange) checkSyntax() (*Response, error) {
	if body := x.request.JSON; body != nil && !json.Valid(body) {
		return nil, problem.New(problem.Invalid, "Malformed JSON in request body.")
	}
	return nil, nil
}

func (x *exchange) checkKind() (*Response, error) {
	for _, c := range x.request.JSON {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '{', '[':
			return nil, nil
		}
		return nil, problem.New(problem.Invalid, "Unexpected body type: an object or an array is needed.")
	}
	return nil, nil
}

// loneSurrogate reports whether a \u escape of a high surrogate is not followed
// by one of a low surrogate, or the other way round.
func loneSurrogate(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		unit, ok := escapedUnit(body[i:])
		if !ok {
			i++ // another escape; what it escapes is no backslash of its own
			continue
		}
		i += 5
		switch {
		case unit < 0xD800 || unit > 0xDFFF:
			continue
		case unit >= 0xDC00:
			return true
		}
		low, ok := escapedUnit(body[i+1:])
		if !ok || low < 0xDC00 || low > 0xDFFF {
			return true
		}
		i += 6
	}
	return false
}

// escapedUnit reads \uXXXX at the start of b.
func escapedUnit(b []byte) (unit uint16, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		if !isHex(c) {
			return 0, false
		}
		unit = unit<<4 | uint16(unhex(c))
	}
	return unit, true
}
