package httpapi

import (
	"regexp"
	"strconv"
	"strings"
)

// The forms of an error body, by their Content-Type.
const (
	formHTML  = "text/html; charset=UTF-8"
	formJSON  = "application/json"
	formPlain = "text/plain; charset=UTF-8"
)

// errorForm chooses the form of an error body. HTML wins a tie, and an Accept
// that cannot be read; whoever asks for nothing, or for neither, gets text.
// python-glanceclient sends */* and cannot read errors in JSON.
//
// Source: webob/acceptparse.py, acceptable_offers of text/html and
// application/json; webob/exc.py takes an absent header for an empty one.
func errorForm(accept []string) string {
	header := strings.Join(accept, ", ")
	if header == "" {
		return formPlain
	}
	ranges, ok := parseAccept(header)
	if !ok {
		return formHTML
	}
	html, json := quality(ranges, "text", "html"), quality(ranges, "application", "json")
	switch {
	case html > 0 && html >= json:
		return formHTML
	case json > 0:
		return formJSON
	}
	return formPlain
}

// A mediaRange is one element of an Accept header.
type mediaRange struct {
	kind, subtype string
	parameters    bool
	q             float64
}

// The grammar of RFC 7231, section 5.3.2, as webob reads it.
const (
	token    = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
	quoted   = `"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\x{10ffff}]|\\[\t \x21-\x7e\x80-\x{10ffff}])*"`
	valueOf  = `=(?:` + token + `|` + quoted + `)`
	separate = `[ \t]*;[ \t]*`
)

var (
	rangeStart = regexp.MustCompile(`^(` + token + `)/(` + token + `)`)
	parameter  = regexp.MustCompile(`^` + separate + `(` + token + `)(` + valueOf + `)?`)
	weight     = regexp.MustCompile(`^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$`)
	comma      = regexp.MustCompile(`^[ \t]*,[ \t]*`)
)

// parseAccept reads an Accept header; ok is false where it is not one. It begins
// with an element or a lone comma; then each comma may be followed by one.
func parseAccept(header string) (ranges []mediaRange, ok bool) {
	rest := strings.TrimPrefix(header, ",")
	if rest == header {
		first, after, ok := parseRange(header)
		if !ok {
			return nil, false
		}
		ranges, rest = append(ranges, first), after
	}
	for rest != "" {
		next := comma.FindString(rest)
		if next == "" {
			return nil, false
		}
		rest = rest[len(next):]
		if element, after, ok := parseRange(rest); ok {
			ranges, rest = append(ranges, element), after
		}
	}
	return ranges, true
}

func parseRange(s string) (element mediaRange, rest string, ok bool) {
	start := rangeStart.FindStringSubmatch(s)
	if start == nil {
		return element, s, false
	}
	element = mediaRange{kind: strings.ToLower(start[1]), subtype: strings.ToLower(start[2]), q: 1}
	rest = s[len(start[0]):]
	for weighed := false; ; {
		p := parameter.FindStringSubmatch(rest)
		if p == nil {
			return element, rest, true
		}
		switch {
		case !weighed && strings.EqualFold(p[1], "q"):
			if weighed = true; p[2] == "" || !weight.MatchString(p[2][1:]) {
				return element, rest, false
			}
			element.q, _ = strconv.ParseFloat(strings.TrimSuffix(p[2][1:], "."), 64)
		case !weighed && p[2] == "":
			return element, rest, false // a parameter without value
		case !weighed:
			element.parameters = true
		}
		rest = rest[len(p[0]):]
	}
}

// quality is how much a media type without parameters is wanted: the most
// specific range decides, and the first of equal ones.
func quality(ranges []mediaRange, kind, subtype string) float64 {
	best, q := 0, 0.0
	for _, r := range ranges {
		specific := 0
		switch {
		case r.kind == kind && r.subtype == subtype && !r.parameters:
			specific = 3
		case r.kind == kind && r.subtype == subtype:
			continue
		case r.kind == kind && r.subtype == "*":
			specific = 2
		case r.kind == "*" && r.subtype == "*":
			specific = 1
		}
		if specific > best {
			best, q = specific, r.q
		}
	}
	return q
}
