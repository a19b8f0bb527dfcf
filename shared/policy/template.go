package policy

import (
	"strings"

	"github.com/gander-images/gander/shared/policy/internal/python"
)

// A template is the right side of a check: Python's % formatting over the
// target. Nearly all are a text without %, or one %(key)s and nothing else; those
// two are answered without building a text.
type template struct {
	literal string           // used where format is nil and key is empty
	key     string           // of a lone %(key)s
	format  *python.Template // of everything else
	fold    bool             // the text is wanted in lower case
}

func newTemplate(text string) template {
	if !strings.Contains(text, "%") {
		return template{literal: text}
	}
	if key, ok := loneKey(text); ok {
		return template{key: key}
	}
	return template{format: python.ParseTemplate(text)}
}

// loneKey returns the key of a text that is %(key)s from end to end.
func loneKey(text string) (string, bool) {
	inner, ok := strings.CutPrefix(text, "%(")
	if !ok {
		return "", false
	}
	key, ok := strings.CutSuffix(inner, ")s")
	return key, ok && key != "" && !strings.ContainsAny(key, "()")
}

// lower returns the template whose text comes in lower case.
func (t template) lower() template {
	t.literal = python.Lower(t.literal)
	t.fold = true
	return t
}

// text fills the template in; ok is false where the target lacks a key.
func (t *template) text(target Target) (text string, ok bool, err error) {
	switch {
	case t.format != nil:
		text, ok, err = t.format.Execute(target.Attribute)
	case t.key != "":
		var value any
		if value, ok = target.Attribute(t.key); ok {
			text, err = python.Text(value)
		}
	default:
		return t.literal, true, nil
	}
	if t.fold {
		text = python.Lower(text)
	}
	return text, ok, err
}
