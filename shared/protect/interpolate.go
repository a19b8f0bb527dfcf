package protect

import (
	"fmt"
	"regexp"
	"strings"
)

// maxDepth bounds values that stand for values.
//
// Source: Lib/configparser.py of Python, MAX_INTERPOLATION_DEPTH.
const maxDepth = 10

// reference is %(name)s in a value.
var reference = regexp.MustCompile(`^%\(([^)]+)\)s`)

// lookup returns the option of a section, its own or that of DEFAULT, and nil
// where neither has it.
func (d *document) lookup(s *iniSection, name string) *iniOption {
	if o := s.find(name); o != nil {
		return o
	}
	return d.defaults.find(name)
}

// expand puts values where a value names them: %(name)s is another option of the
// section, and %% a percent sign. What it names is added to used.
//
// Source: Lib/configparser.py of Python, BasicInterpolation.
func (d *document) expand(s *iniSection, value string, used map[string]bool, depth int) (string, error) {
	if depth > maxDepth {
		return "", fmt.Errorf("values stand for each other more than %d deep", maxDepth)
	}
	var out strings.Builder
	for rest := value; rest != ""; {
		before, after, found := strings.Cut(rest, "%")
		out.WriteString(before)
		if !found {
			break
		}
		if strings.HasPrefix(after, "%") {
			out.WriteByte('%')
			rest = after[1:]
			continue
		}
		m := reference.FindStringSubmatch("%" + after)
		if m == nil {
			return "", fmt.Errorf("%%%s is not %%(name)s; a percent sign is written %%%%", after)
		}
		name := strings.ToLower(m[1])
		o := d.lookup(s, name)
		if o == nil {
			return "", fmt.Errorf("%s names an option that is not there", m[0])
		}
		used[name] = true
		text, err := d.expand(s, o.value(), used, depth+1)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
		rest = rest[len(m[0]):]
	}
	return out.String(), nil
}
