package protect

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/plainfile"
	"github.com/gander-images/gander/shared/policy"
)

// A Format says what the options of a file hold.
type Format string

// The formats.
const (
	Roles    Format = "roles"    // roles, with commas between them
	Policies Format = "policies" // the name of one rule of the policy
)

// maxFile bounds a file, in bytes.
const maxFile = 1 << 20

// Load reads a file of property protections. known says which rules the policy
// in force has; the format policies asks it.
//
// The error is a Faults with everything that is wrong. warnings are of a file
// that is in force, and may still not do what it seems to.
//
// Source: glance/common/property_utils.py, PropertyRules._load_rules.
func Load(file string, format Format, known func(policy.Rule) bool) (r *Rules, warnings Faults, err error) {
	text, err := readFile(file)
	if err != nil {
		return nil, nil, Faults{{File: file, Reason: err.Error()}}
	}
	return parseRules(file, text, format, known)
}

// readFile returns the text of a file that Glance would read, too.
func readFile(path string) (string, error) {
	content, err := plainfile.Read(path, maxFile)
	switch {
	case err != nil:
		return "", cannotRead(err)
	case !utf8.Valid(content):
		return "", errors.New("it is not in UTF-8")
	case strings.HasPrefix(string(content), "\uFEFF"):
		return "", errors.New("it begins with a byte order mark, which Glance does not read")
	}
	return string(content), nil
}

// cannotRead is the error without the path, which is told beside it.
func cannotRead(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("it cannot be read: %w", err)
}

// parseRules makes rules of a file's text.
func parseRules(file, text string, format Format, known func(policy.Rule) bool) (*Rules, Faults, error) {
	doc, faults := parse(text)
	l := &loader{file: file, format: format, known: known, doc: doc, faults: faults, used: map[string]bool{}}
	for _, s := range doc.sections {
		if strings.HasPrefix(s.header, serverPrefix) {
			l.warn(s.line, s.header, "the section is left out: the service's own properties are everybody's to read, and nobody's to set")
			continue
		}
		l.section(s)
	}
	l.strangers()
	if len(l.faults) > 0 {
		return nil, nil, l.told(l.faults)
	}
	l.reach()
	return &l.rules, l.told(l.warnings), nil
}

// A loader turns a document into rules.
type loader struct {
	file     string
	format   Format
	known    func(policy.Rule) bool
	doc      document
	used     map[string]bool // options that values name
	rules    Rules
	faults   Faults
	warnings Faults
}

func (l *loader) fault(line int, section, format string, args ...any) {
	l.faults = append(l.faults, Fault{Line: line, Section: section, Reason: fmt.Sprintf(format, args...)})
}

func (l *loader) warn(line int, section, format string, args ...any) {
	l.warnings = append(l.warnings, Fault{Line: line, Section: section, Reason: fmt.Sprintf(format, args...)})
}

// told puts faults in the order of their lines, and names their file.
func (l *loader) told(faults Faults) Faults {
	slices.SortStableFunc(faults, func(a, b Fault) int { return a.Line - b.Line })
	for i := range faults {
		faults[i].File = l.file
	}
	return faults
}

func (l *loader) section(s *iniSection) {
	made := section{header: s.header, line: s.line}
	var err error
	if made.matches, err = compile(s.header); err != nil {
		l.fault(s.line, s.header, "%v", err)
	} else if trim(s.header) != s.header {
		l.fault(s.line, s.header, `the expression begins or ends with a blank, which no name has; write \x20 where one is meant`)
	}
	for op, name := range options {
		o := l.doc.lookup(s, name)
		if o == nil {
			l.fault(s.line, s.header, "the option %s is missing; left empty it lets nobody", name)
			continue
		}
		value, err := l.doc.expand(s, o.value(), l.used, 1)
		if err == nil {
			made.may[op], err = l.permission(trim(value))
		}
		if err != nil {
			l.fault(o.line, s.header, "%s: %v", name, err)
		}
		if value == "" && err == nil {
			l.warn(o.line, s.header, "%s is empty: nobody may", name)
		}
	}
	l.rules.sections = append(l.rules.sections, made)
}

// strangers finds options that are none of the four, and that no value names. A
// misspelt one must not be passed over.
func (l *loader) strangers() {
	for _, s := range append(slices.Clone(l.doc.sections), l.doc.defaults) {
		for _, o := range s.options {
			if !slices.Contains(options[:], o.name) && !l.used[o.name] && !strings.HasPrefix(s.header, serverPrefix) {
				l.fault(o.line, s.header, "there is no option %q; the options are create, read, update and delete", o.name)
			}
		}
	}
}

// unheardOf is a name that no section means, unless it means all of them.
const unheardOf = "zq-7c1e9d40"

// reach tells which sections no name comes to, and whether one is for all the
// names that the others are not for.
func (l *loader) reach() {
	var all *section
	for i := range l.rules.sections {
		s := &l.rules.sections[i]
		if all != nil {
			l.warn(s.line, s.header, "no property comes to the section: [%s] in line %d is for all", all.header, all.line)
		} else if s.matches(unheardOf) && s.matches("") {
			all = s
		}
	}
	if all == nil && !slices.ContainsFunc(l.rules.sections, func(s section) bool { return s.matches(unheardOf) }) {
		l.warn(0, "", "no section is for every other property, so nobody, admins included, may create, read, update or delete one; end the file with [.*]")
	}
}
