package policy

import (
	"regexp"
	"strings"

	"github.com/gander-images/gander/shared/spelling"
)

// checked is a check on its way to being right.
type checked struct {
	judge       *judge
	text        string // as written, for what is told
	left, right string
	whole       string // in place of both sides
}

func (c *checked) result() string {
	if c.whole != "" {
		return c.whole
	}
	return c.left + ":" + c.right
}

func (c *checked) refuse(format string, args ...any) {
	c.judge.fault(refused, "%q: "+format, append([]any{c.text}, args...)...)
}

// warn tells something, and reports whether it is to be put right, too.
func (c *checked) warn(format string, args ...any) bool {
	c.judge.fault(toldOnly, "%q: "+format, append([]any{c.text}, args...)...)
	return !c.judge.gentle
}

// lost says that there is no telling what was meant.
func (c *checked) lost() { c.judge.doubt = true }

func (c *checked) judgeAll() {
	c.kind()
	c.quotes()
	switch c.left {
	case "rule":
		c.reference()
	case "role":
		c.role()
	case "http", "https":
		c.refuse("remote checks are not offered")
		c.lost()
	default:
		c.template()
		c.leftSide()
	}
}

// kind judges kinds of checks that are misspelt: they would name a credential.
func (c *checked) kind() {
	lower := strings.ToLower(c.left)
	switch lower {
	case "role", "rule", "http", "https":
		if c.left != lower {
			c.refuse("kinds of checks are written in lower case; %s is the name of a credential that there is not", c.left)
			c.left = lower
		}
		return
	}
	if fields[c.left] != fieldNone || aliases[c.left] != "" || strings.Contains(c.right, "%") {
		return
	}
	switch {
	case spelling.Distance(lower, "rule") == 1 && c.judge.known[c.right]:
		c.refuse("there is no credential %s; rule is meant, perhaps", c.left)
		c.left = "rule"
	case spelling.Distance(lower, "role") == 1:
		c.refuse("there is no credential %s; role is meant, perhaps", c.left)
		c.left = "role"
	}
}

// quotes judges quotes on the right, where they are part of the value.
func (c *checked) quotes() {
	bare := strings.Trim(c.right, `"'`)
	if bare == c.right || strings.Contains(bare, `'`) || strings.Contains(bare, `"`) {
		return
	}
	c.refuse("quotes on the right side are part of the value")
	if bare == "" {
		c.lost()
		return
	}
	c.right = bare
}

// reference judges rule:NAME.
func (c *checked) reference() {
	name := c.right
	if c.judge.known[name] || c.judge.some {
		return
	}
	best := nearest(name, sorted(c.judge.known))
	if meant := ruleAliases[name]; meant != "" {
		best = string(meant)
	}
	switch {
	case name == "":
		c.refuse("it names no rule")
	case strings.Contains(name, "%("):
		c.refuse("the name of a rule is taken as it stands, and no value is put into it")
	case best != "" && best != c.judge.rule:
		c.refuse("there is no rule %s; oslo.policy takes the rule default for it, which in Glance allows; %s is meant, perhaps", name, best)
		c.right = best
		return
	default:
		c.refuse("there is no rule %s; oslo.policy takes the rule default for it, which in Glance allows", name)
	}
	c.lost()
}

// role judges role:NAME.
func (c *checked) role() {
	c.template()
	names := strings.Split(c.right, ",")
	switch {
	case c.right == "":
		c.refuse("it names no role")
		c.lost()
	case len(names) > 1:
		c.refuse("the comma is part of the name; a check asks for one role")
		c.anyOf(names)
	}
}

func (c *checked) anyOf(roles []string) {
	for i, name := range roles {
		name, _ = strings.CutPrefix(name, "role:")
		if name == "" || strings.Contains(name, ":") {
			c.lost()
			return
		}
		roles[i] = "role:" + name
	}
	c.whole = "(" + strings.Join(roles, " or ") + ")"
}

// plain is a text that could be a property's name, or a value without blanks.
var plain = regexp.MustCompile(`^[^\s:'"\\%()]+$`)

// propertyName is what a property is called as a rule.
var propertyName = regexp.MustCompile(`^[A-Za-z_][\w.-]*$`)

// nearCredential is the credential that is meant, perhaps.
func nearCredential(name string) string {
	if meant := aliases[strings.ToLower(name)]; meant != "" {
		return meant
	}
	return nearest(name, sorted(fields))
}

// closeKey is the key that is meant, perhaps, by one that no target has unless
// somebody gives an image such a property.
func closeKey(key string) string {
	if targetKeys[key] {
		return ""
	}
	if meant := targetAliases[strings.ToLower(key)]; meant != "" {
		return meant
	}
	return nearest(key, sorted(targetKeys))
}
