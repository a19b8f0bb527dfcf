package policy

import (
	"regexp"
	"strings"

	"github.com/gander-images/gander/shared/policy/internal/python"
)

// template judges the right side, which is filled in from the target.
func (c *checked) template() {
	if !strings.Contains(c.right, "%") {
		return
	}
	for _, conversion := range python.ParseTemplate(c.right).Conversions() {
		c.conversion(conversion)
	}
}

func (c *checked) conversion(v python.Conversion) {
	switch {
	case v.Err != nil && v.Keyed && v.Key != "":
		c.refuse("%%(%s) is followed by no conversion that fits, so it fails with an error: %v", v.Key, v.Err)
		c.mend()
	case v.Err != nil:
		c.refuse("a percent sign stands for itself only when doubled; so it fails with an error: %v", v.Err)
		c.mend()
	case strings.ContainsRune("sra", v.Verb):
	case neverNull[v.Key] && v.Verb != 'c':
	default:
		c.refuse("%%(%s)%c fails with an error on whatever is no number; %%(%s)s does not", v.Key, v.Verb, v.Key)
		c.mend()
	}
	if v.Keyed {
		c.key(v.Key)
	}
}

// conversionForm is one conversion as somebody wrote it, or may have meant it.
var conversionForm = regexp.MustCompile(`%(?:%|[({]([\w.:-]+)[)}]?[-#0+ ]*[0-9*]*(?:\.[0-9*]*)?[hlL]?([A-Za-z]?)|)`)

// mend writes every conversion as %(key)s, and other percent signs twice.
func (c *checked) mend() {
	c.right = conversionForm.ReplaceAllStringFunc(c.right, func(form string) string {
		m := conversionForm.FindStringSubmatch(form)
		if m[1] == "" {
			return "%%"
		}
		return "%(" + m[1] + ")s"
	})
}

// key judges what the target is asked for.
func (c *checked) key(key string) {
	if better := withoutHolder(key); better != key {
		c.refuse("the target is flat; there is no %s in it, but %s", key, better)
		c.rekey(key, better)
		key = better
	} else if strings.Contains(key, ".") && c.warn("the target is flat; the dot is part of the property's name") {
		return
	}
	switch meant := closeKey(key); {
	case meant != "":
		if c.warn("an image has no %s unless somebody gives it such a property; %s is meant, perhaps", key, meant) {
			c.rekey(key, meant)
		}
	case key == "user_id" && c.left == "user_id" && c.judge.rule != string(ExplainPolicy):
		if c.warn("user_id is a property that whoever changes an image may change; who created it is creator_user_id") {
			c.rekey(key, "creator_user_id")
		}
	}
}

func (c *checked) rekey(from, to string) {
	c.right = strings.ReplaceAll(c.right, "%("+from+")", "%("+to+")")
}

// withoutHolder takes away what other services put before a property, as in
// target.owner.
func withoutHolder(key string) string {
	for {
		holder, rest, found := strings.Cut(key, ".")
		if !found || rest == "" || !holders[holder] {
			return key
		}
		if meant := aliases[key]; meant != "" {
			return meant
		}
		key = rest
	}
}
