package policy

import (
	"strings"

	"github.com/gander-images/gander/shared/policy/internal/python"
)

type tokenKind uint8

const (
	tokenOpen tokenKind = iota
	tokenClose
	tokenAnd
	tokenOr
	tokenNot
	tokenString // a quoted piece; no expression holds one
	tokenCheck
)

type token struct {
	kind tokenKind
	text string // of a check
}

// tokenize cuts a rule's text as oslo.policy does. Parentheses count at the
// ends of a piece alone, so operators need white space around them.
//
// Source: oslo_policy/_parser.py, _parse_tokenize.
func tokenize(rule string) []token {
	var tokens []token
	for _, piece := range strings.FieldsFunc(rule, python.IsSpace) {
		inner := strings.TrimLeft(piece, "(")
		tokens = appendTimes(tokens, token{kind: tokenOpen}, len(piece)-len(inner))
		if inner == "" {
			continue
		}
		clean := strings.TrimRight(inner, ")")
		if clean != "" {
			tokens = append(tokens, word(clean, inner))
		}
		tokens = appendTimes(tokens, token{kind: tokenClose}, len(inner)-len(clean))
	}
	return tokens
}

// word tells what a piece is. quoted is the piece before its closing
// parentheses were taken: only there do quotes at both ends make a string.
func word(clean, quoted string) token {
	switch {
	case strings.EqualFold(clean, "and"):
		return token{kind: tokenAnd}
	case strings.EqualFold(clean, "or"):
		return token{kind: tokenOr}
	case strings.EqualFold(clean, "not"):
		return token{kind: tokenNot}
	case isQuoted(quoted):
		return token{kind: tokenString}
	}
	return token{kind: tokenCheck, text: clean}
}

func isQuoted(s string) bool {
	if len(s) < 2 {
		return false
	}
	first, last := s[0], s[len(s)-1]
	return first == last && (first == '"' || first == '\'')
}

func appendTimes(tokens []token, t token, n int) []token {
	for range n {
		tokens = append(tokens, t)
	}
	return tokens
}
