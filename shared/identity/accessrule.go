package identity

import (
	"regexp"
	"slices"
	"strings"
)

// An AccessRule lets a token of an application credential make some calls.
//
// Source: keystone, application credentials.
type AccessRule struct {
	service string // its type, as "image"
	method  string
	path    *regexp.Regexp // nil: no path
}

// wildcards are one segment's ({name} and *) and the one for anything (**).
var wildcards = regexp.MustCompile(`\*\*|\*|\{[^}]*\}`)

// NewAccessRule reads a rule as its user wrote it: the type of a service, a
// method, and a pattern that a call's whole path must match. {name} and * in it
// are one or more characters other than the slash, ** is anything and nothing;
// all else stands for itself.
//
// Source: keystonemiddleware/auth_token/__init__.py, _path_matches, which
// takes a dot for any character.
func NewAccessRule(service, method, pattern string) AccessRule {
	var expression strings.Builder
	expression.WriteString(`(?s)\A`)
	rest := pattern
	for at := wildcards.FindStringIndex(rest); at != nil; at = wildcards.FindStringIndex(rest) {
		expression.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		if rest[at[0]:at[1]] == "**" {
			expression.WriteString(`.*`)
		} else {
			expression.WriteString(`[^/]+`)
		}
		rest = rest[at[1]:]
	}
	expression.WriteString(regexp.QuoteMeta(rest) + `\z`)
	rule := AccessRule{service: service, method: method}
	if path, err := regexp.Compile(expression.String()); err == nil {
		rule.path = path // else it is not UTF-8, and no path is like it
	}
	return rule
}

func (r AccessRule) allows(service string, shown Credentials) bool {
	return r.service == service && r.method == shown.Method && r.path != nil && r.path.MatchString(shown.Path)
}

// allows is whether the token may be used for a call to a service of this
// type. Where there are rules, the token's catalogue must name the service and
// one rule must match; a service that vouches for the request stands in for
// the rule.
//
// Source: keystonemiddleware/auth_token/__init__.py, _validate_app_cred_access_rules.
func (v Verdict) allows(service string, shown Credentials, vouched bool) bool {
	if v.AccessRules == nil {
		return true
	}
	if !slices.Contains(v.Services, service) {
		return false
	}
	return vouched || slices.ContainsFunc(v.AccessRules, func(rule AccessRule) bool {
		return rule.allows(service, shown)
	})
}
