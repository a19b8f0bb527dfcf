package protect

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// The file is read as Python's configparser reads it, since Glance does: headers
// keep every character, options go by lower case, a deeper line goes on with the
// value before it, and "=" or ":" ends an option's name. Readers of INI files in
// Go read quotes, escapes and comments behind values, merge sections, or order
// them anew.

// defaultHeader is the section whose options every other one has, too.
const defaultHeader = "DEFAULT"

// A document is a file as it stands.
type document struct {
	sections []*iniSection // in their order, without DEFAULT
	defaults *iniSection
}

type iniSection struct {
	header  string
	line    int
	options []*iniOption
}

type iniOption struct {
	name  string // in lower case
	line  int
	lines []string // of the value
}

// value is the option's text, with the line breaks that it has.
func (o *iniOption) value() string { return trimRight(strings.Join(o.lines, "\n")) }

func (s *iniSection) find(name string) *iniOption {
	for _, o := range s.options {
		if o.name == name {
			return o
		}
	}
	return nil
}

// A parser reads line by line, and goes on behind what it cannot read, so that
// all of it is told at once.
type parser struct {
	doc     document
	faults  []Fault // without their file
	section *iniSection
	option  *iniOption
	indent  int
	line    int
	lost    bool // what stood before the first header was told
}

// parse reads a file.
//
// Source: Lib/configparser.py of Python, RawConfigParser._read, with the
// arguments that Glance gives: none.
func parse(text string) (document, []Fault) {
	p := &parser{doc: document{defaults: &iniSection{header: defaultHeader}}}
	for line := range strings.SplitSeq(newlines.Replace(text), "\n") {
		p.line++
		p.read(line)
	}
	return p.doc, p.faults
}

// newlines are those of Python's text files.
var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func (p *parser) fault(header, format string, args ...any) {
	p.faults = append(p.faults, Fault{Line: p.line, Section: header, Reason: fmt.Sprintf(format, args...)})
}

func (p *parser) read(line string) {
	text := trim(line)
	switch {
	case text == "":
		if p.option != nil {
			p.option.lines = append(p.option.lines, "")
		}
		return
	case text[0] == '#', text[0] == ';':
		return
	}
	indent := indentOf(line)
	if p.option != nil && indent > p.indent {
		p.option.lines = append(p.option.lines, text)
		return
	}
	p.indent = indent
	switch {
	case text[0] == '[':
		p.header(text)
	case p.section != nil:
		p.assign(text)
	case !p.lost:
		p.lost = true
		p.fault("", "there is no section header above this line")
	}
}

// header begins a section. Python lets text follow the bracket, and drops it; it
// is most often a comment, which belongs on a line of its own.
func (p *parser) header(text string) {
	p.option = nil
	end := strings.LastIndexByte(text, ']')
	header := text[1:max(end, 1)]
	if end < 2 {
		p.fault("", "the section header has no closing bracket, or nothing in it")
		header = text[1:]
	} else if rest := text[end+1:]; rest != "" {
		p.fault(header, "text follows the closing bracket of the header; comments stand on lines of their own")
	}
	if header == defaultHeader {
		p.section = p.doc.defaults
		return
	}
	for _, s := range p.doc.sections {
		if s.header == header && header != "" {
			p.fault(header, "the section is there already, in line %d", s.line)
		}
	}
	p.section = &iniSection{header: header, line: p.line}
	p.doc.sections = append(p.doc.sections, p.section)
}

// optionForm is a line that sets an option.
var optionForm = regexp.MustCompile(`^(.*?)[=:](.*)$`)

func (p *parser) assign(text string) {
	header := p.section.header
	m := optionForm.FindStringSubmatch(text)
	if m == nil {
		p.option = nil
		p.fault(header, "%q is neither a section header nor an option with a value", text)
		return
	}
	p.option = &iniOption{name: strings.ToLower(trimRight(m[1])), line: p.line, lines: []string{trim(m[2])}}
	switch before := p.section.find(p.option.name); {
	case p.option.name == "":
		p.fault(header, "the option has no name")
		return
	case before != nil:
		p.fault(header, "the option %s is there already, in line %d", p.option.name, before.line)
		return
	}
	p.section.options = append(p.section.options, p.option)
}

// isSpace is Python's str.isspace.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1C && r <= 0x1F }

func trim(s string) string { return strings.TrimFunc(s, isSpace) }

func trimRight(s string) string { return strings.TrimRightFunc(s, isSpace) }

// indentOf counts the blanks that a line begins with.
func indentOf(line string) int {
	n := 0
	for _, r := range line {
		if !isSpace(r) {
			break
		}
		n++
	}
	return n
}
