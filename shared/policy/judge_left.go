package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/policy/internal/python"
	"github.com/gander-images/gander/shared/spelling"
)

// leftSide judges what stands left of the colon of a generic check.
func (c *checked) leftSide() {
	c.colonInQuotes()
	literal, kind := python.ParseLiteral(c.left)
	switch kind {
	case python.Literal:
		c.literal(literal)
	case python.Malformed:
		c.malformed()
	default:
		c.credential()
	}
}

// colonInQuotes mends a quoted left side that was cut at its own colon.
func (c *checked) colonInQuotes() {
	if c.left == "" || c.left[0] != '\'' && c.left[0] != '"' || strings.Count(c.left, c.left[:1]) != 1 {
		return
	}
	rest, right, found := strings.Cut(c.right, c.left[:1]+":")
	if !found {
		return
	}
	c.refuse("a check is cut at its first colon, within quotes too; \\x3a is a colon there")
	c.left, c.right = strings.ReplaceAll(c.left+":"+rest, ":", `\x3a`)+c.left[:1], right
}

// literal judges a constant on the left.
func (c *checked) literal(text string) {
	first := c.left[0]
	if first != '\'' && first != '"' && text != c.left && plain.MatchString(c.left) && !strings.ContainsAny(c.left, "[]{}") {
		if c.warn("%s is a number to Python, and compared as %s", c.left, text) {
			c.left = "'" + c.left + "'"
		}
	}
	if key := swapped.FindStringSubmatch(c.right); key != nil && settled[key[1]] != nil {
		c.settled(text, key[1])
	}
	if !strings.Contains(c.right, "%") {
		c.warn("both sides are constants, so it is %s", map[bool]string{true: "always true", false: "never true"}[text == c.right])
	}
}

// settled judges a constant that is compared with what has few values.
func (c *checked) settled(text, key string) {
	values := settled[key]
	if values[text] {
		return
	}
	best := spelling.Nearest(text, sorted(values), 2)
	warned := c.warn("%s is never %s, but %s", key, text, strings.Join(slices.Collect(sorted(values)), ", "))
	if warned && best != "" {
		c.left = "'" + best + "'"
	}
}

// swapped is a property on the left, in the form that it has on the right.
var swapped = regexp.MustCompile(`^%\(([^()]+)\)s$`)

// malformed judges a left side that no Python reads. oslo.policy fails on it
// when it is reached.
func (c *checked) malformed() {
	property := swapped.FindStringSubmatch(c.left)
	switch {
	case c.left == "":
		c.refuse("there is nothing on its left side, and so it fails with an error")
		c.lost()
	case property != nil && fields[c.right] != fieldNone:
		c.refuse("its sides are the wrong way round, and so it fails with an error")
		c.left, c.right = c.right, c.left
	case property != nil && plain.MatchString(c.right):
		c.refuse("its sides are the wrong way round, and so it fails with an error")
		c.left, c.right = "'"+c.right+"'", c.left
	case plain.MatchString(c.left) && strings.Contains(c.right, "%("):
		c.refuse("%s is neither a name nor a constant to Python, and so it fails with an error; a text needs quotes", c.left)
		c.left = "'" + c.left + "'"
	default:
		c.refuse("%s is neither a name nor a constant to Python, and so it fails with an error", c.left)
		c.lost()
	}
}

// credential judges the name of a credential, or a path into it.
func (c *checked) credential() {
	first, rest, isPath := strings.Cut(c.left, ".")
	switch f := fields[first]; {
	case aliases[c.left] != "":
		c.rename(aliases[c.left])
	case first == "is_admin":
		c.isAdmin()
	case nameless[c.left]:
		c.refuse("there is no credential %s; users, projects and domains are known by their ids", c.left)
		c.lost()
	case constants[c.left] != "" && strings.Contains(c.right, "%("):
		c.refuse("there is no credential %s; the constant is %s", c.left, constants[c.left])
		c.left = constants[c.left]
	case f == fieldNone:
		c.unknown()
	case f == fieldRoles && isPath:
		c.refuse("%s is a list of texts, and %s nothing in them, so it fails with an error", first, rest)
		c.left = "role"
	case isPath:
		c.refuse("%s is a text, and %s nothing in it, so it fails with an error", first, rest)
		c.lost()
	default:
		c.comparison(f)
	}
}

func (c *checked) rename(credential string) {
	c.refuse("there is no credential %s; %s is meant, perhaps", c.left, credential)
	c.left = credential
	if key := swapped.FindStringSubmatch(c.right); key != nil && targetAliases[key[1]] != "" {
		c.rekey(key[1], targetAliases[key[1]])
	}
}

// isAdmin judges what Nova knows and Glance does not.
func (c *checked) isAdmin() {
	c.refuse("there is no credential is_admin here, as there is none in Glance; it is never true")
	switch strings.ToLower(c.right) {
	case "true", "1":
		c.whole = c.judge.admin()
	case "false", "0":
		c.whole = "not " + c.judge.admin()
	default:
		c.lost()
	}
}

// admin asks for an administrator, in any rule but the one that says who is.
func (j *judge) admin() string {
	if j.rule == string(ContextIsAdmin) {
		return "role:admin"
	}
	return "rule:" + string(ContextIsAdmin)
}

// unknown judges a name that no credential has. Without quotes it is no text.
func (c *checked) unknown() {
	key := withoutHolder(c.left)
	best := nearCredential(c.left)
	hasTemplate := strings.Contains(c.right, "%(")
	switch {
	case !hasTemplate && plain.MatchString(c.right) && propertyName.MatchString(key) && (best == "" || targetKeys[key]):
		c.refuse("there is no credential %s; a property is read on the right side, and compared with a text in quotes on the left", c.left)
		c.left, c.right = "'"+c.right+"'", "%("+key+")s"
	case best != "":
		c.rename(best)
	case hasTemplate && !targetKeys[key] && key == c.left && plain.MatchString(c.left) && !ofToken.MatchString(c.left):
		c.refuse("there is no credential %s, so it is never true; a text needs quotes", c.left)
		c.left = "'" + c.left + "'"
	default:
		c.refuse("there is no credential %s, so it is never true", c.left)
		c.lost()
	}
}

// ofToken is what looks like a part of a token, and not like a text.
var ofToken = regexp.MustCompile(`_(?:id|ids|name|scope|domain)$`)

// comparison judges what a credential is compared with.
func (c *checked) comparison(f field) {
	switch {
	case c.right == "":
		c.refuse("there is nothing on its right side")
		c.lost()
	case c.right == "None":
		c.warn("a credential that the token does not have is absent here, and equals nothing; in oslo.policy it is None")
	case f == fieldRoles && !strings.Contains(c.right, "%") && c.right != strings.ToLower(c.right):
		if c.warn("the credential roles has its texts in lower case; role compares without regard to it") {
			c.left = "role"
		}
	case f == fieldIsAdminProject && (c.right == "true" || c.right == "false"):
		if c.warn("it is compared with True and False") {
			c.right = strings.ToUpper(c.right[:1]) + c.right[1:]
		}
	case f != fieldRoles && f != fieldServiceRoles && (targetKeys[c.right] || fields[c.right] != fieldNone):
		if c.warn("%s is a text here; a property is written as %%(%s)s", c.right, c.right) {
			c.right = "%(" + c.right + ")s"
		}
	}
}
