package policy

import (
	"errors"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A piece is the text that seems to be one rule in a file that is no YAML, or
// no mapping.
type piece struct {
	line   int // of the file, from 1
	text   string
	braces bool // the file is written as JSON is
}

// pieces tells what is wrong with a file that cannot be read as a whole, and
// takes over what can be read of it, so that references to it are known.
func (r *reader) pieces(path, content string, cause error) {
	found := false
	if !errors.Is(cause, errDocuments) {
		for _, p := range split(content) {
			found = !r.piece(path, p) || found
		}
	}
	if !found {
		line, reason := toldBy(cause)
		r.fail(Finding{File: path, Line: line, Reason: reason})
	}
}

// entryStart is how a rule begins in a file written as JSON is.
var entryStart = regexp.MustCompile(`^\s*(?:["'‘’“”][^"'‘’“”]*["'‘’“”]|[\w:]+)\s*[:：]`)

// split cuts a file where a rule seems to begin: at the left margin, or, in a
// file written as JSON is, wherever a line begins with a name.
func split(content string) []piece {
	trimmed := strings.TrimSpace(content)
	braces := strings.HasPrefix(trimmed, "{")
	if braces {
		content = strings.Replace(content, "{", " ", 1)
		if i := strings.LastIndex(content, "}"); i >= 0 && strings.HasSuffix(trimmed, "}") {
			content = content[:i] + " " + content[i+1:]
		}
	}
	var pieces []piece
	for i, line := range strings.Split(content, "\n") {
		line = strings.TrimSuffix(line, "\r")
		blank := strings.TrimSpace(line) == ""
		starts := !blank && !strings.ContainsAny(line[:1], " \t#")
		if braces {
			starts = entryStart.MatchString(line) || isComment(strings.TrimSpace(line))
		}
		switch {
		case starts:
			pieces = append(pieces, piece{line: i + 1, text: line, braces: braces})
		case len(pieces) > 0 && !blank:
			pieces[len(pieces)-1].text += "\n" + line
		}
	}
	return pieces
}

func isComment(text string) bool {
	return strings.HasPrefix(text, "//") || strings.HasPrefix(text, "/*")
}

// piece takes over the rules of a piece, or tells what is wrong with it.
func (r *reader) piece(path string, p piece) bool {
	text := p.text
	if p.braces {
		text = "{" + strings.TrimSuffix(strings.TrimRight(text, " \t\n"), ",") + "\n}"
	}
	top, err := decode(text)
	switch {
	case err == nil && top == nil:
		return true
	case err == nil && top.Kind == yaml.MappingNode && !isComment(strings.TrimSpace(p.text)):
		r.mapping(path, top, strings.Split(text, "\n"), p.line-1)
		return true
	case strings.HasPrefix(p.text, "---") || strings.HasPrefix(p.text, "%YAML"):
		return true
	}
	r.diagnose(path, p, err)
	return false
}

// diagnose says what is wrong with a piece, and takes over the rules that were
// meant.
func (r *reader) diagnose(path string, p piece, err error) {
	f := Finding{File: path, Line: p.line}
	text := strings.TrimSpace(narrow.Replace(p.text))
	if isComment(text) {
		f.Reason = commentReason
		r.refuse(f)
		return
	}
	rules := pairs(text)
	if len(rules) == 0 {
		rules = unquoted(text)
	}
	f.Reason = reasonFor(strings.TrimSpace(p.text), rules)
	if f.Reason == "" {
		line, message := 0, "it is no rule: a name, a colon, a blank and the rule between quotes"
		if err != nil {
			line, message = toldBy(err)
		}
		f.Line, f.Reason = f.Line+max(0, line-1), message
	}
	for _, rule := range rules {
		f.Rule = rule.name
		r.put(entry{name: rule.name, value: rule.text, file: path, line: p.line})
	}
	if len(rules) > 1 {
		f.Rule = ""
	}
	if len(rules) == 0 {
		r.fail(f)
		return
	}
	r.meant[len(r.doc.findings)] = rules
	r.refuse(f)
}

const commentReason = "// and /* begin no comment in YAML; # does"

// A pair is a rule as it was meant.
type pair struct{ name, text string }

// onePair is a name and a text, each between quotes, straight or typographic.
var onePair = regexp.MustCompile(`^[\s,]*(?:["'‘’“”]([^"'‘’“”]+)["'‘’“”]|([\w:]+))\s*:\s*(?:‘([^‘’]*)’|“([^“”]*)”|'([^']*)'|"([^"\\]*)")`)

// pairs reads a piece that is nothing but pairs.
func pairs(text string) []pair {
	var found []pair
	for strings.Trim(text, " \t\r\n,") != "" {
		m := onePair.FindStringSubmatch(text)
		if m == nil {
			return nil
		}
		found = append(found, pair{m[1] + m[2], m[3] + m[4] + m[5] + m[6]})
		text = text[len(m[0]):]
	}
	return found
}

// A rule without quotes around it: its name, the colon, and the rest.
var (
	nameAndRest = regexp.MustCompile(`(?s)^(?:["'‘’“”]([^"'‘’“”]+)["'‘’“”]|([\w-][\w:-]*))\s*:\s+(\S.*)$`)
	noBlank     = regexp.MustCompile(`(?s)^(?:["'‘’“”]([^"'‘’“”]+)["'‘’“”]|([\w-]+)):(\S.*)$`)
)

// unquoted reads a piece whose rule needs a blank before it or quotes around
// it, because it begins with what means something to YAML.
func unquoted(text string) []pair {
	m := nameAndRest.FindStringSubmatch(text)
	if m == nil {
		m = noBlank.FindStringSubmatch(text)
	}
	if m == nil {
		return nil
	}
	rest, _, _ := strings.Cut(m[3], " //")
	rest = strings.TrimRight(rest, " \t\r\n,")
	if rest == "" || strings.ContainsAny(rest, "\n#[]{}") {
		return nil
	}
	if isOpen(rest) {
		rest = rest[1:]
	}
	rest, _ = unwrap(rest)
	return []pair{{m[1] + m[2], rest}}
}

// isOpen reports whether a text begins with a quote that is never closed.
func isOpen(text string) bool {
	return text != "" && strings.Contains(`'"`, text[:1]) && strings.Count(text, text[:1]) == 1
}

// reasonFor says why YAML does not read the rules that were meant; nothing where
// that is for YAML to say.
func reasonFor(text string, rules []pair) string {
	switch {
	case len(rules) > 1 && strings.ContainsAny(text, typographic):
		return "there is more than one rule on a line, and they have typographic quotes or wide signs; YAML knows ' and \" alone"
	case len(rules) > 1:
		return "there is more than one rule on a line"
	case len(rules) == 0:
		return ""
	case strings.ContainsAny(text, typographic):
		return "it has typographic quotes or wide signs; YAML knows ' and \" alone"
	}
	rest := rules[0].text
	switch {
	case strings.Contains(text, " //"):
		return commentReason
	case strings.HasSuffix(text, ","):
		return "a comma ends it, as in JSON, which has braces around the whole of it; in YAML the line ends without one"
	case isOpen(strings.TrimSpace(text[strings.Index(text, ":")+1:])):
		return "a quote is not closed"
	case !nameAndRest.MatchString(text):
		return "there is no blank after the colon"
	case strings.ContainsAny(rest[:min(1, len(rest))], "@%`!'\"") || strings.Contains(rest, ": "):
		return "what begins or goes on like this means something else to YAML; the rule needs quotes around the whole of it"
	}
	return ""
}
