package identity

import (
	"regexp"
	"slices"
	"strings"
)

// An AccessRule lets a token of an application credential make some calls.
//
// Source: keystone, application credentials; Identity API v3, "Access Rules".
type AccessRule struct {
	service string // its type, as "image"
	method  string
	path    string // a pattern
}

// NewAccessRule takes a rule as its user wrote it: the type of a service, a
// method, and a pattern that a call's whole path must match.
func NewAccessRule(service, method, path string) AccessRule {
	return AccessRule{service: service, method: method, path: path}
}

// maxPath is the longest path, in bytes, that rules are held against: twice what the
// longest of the API has. A token may have thousands of rules, and matching takes
// time by their lengths and the path's.
const maxPath = 2 << 10

func (r AccessRule) allows(service string, shown Credentials) bool {
	return r.service == service && r.method == shown.Method && len(shown.Path) <= maxPath && matches(r.path, shown.Path)
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

// wildcards are one segment's ({name} and *) and the one for anything (**).
var wildcards = regexp.MustCompile(`\*\*|\*|\{[^}]*\}`)

// matches is whether the whole path is like the pattern. {name} and * in it are
// one or more characters other than the slash, ** is anything and nothing; all
// else stands for itself.
//
// Rules are their users' own, and remembered: so they are not compiled, which
// would take much memory, and every pattern is matched in the time that its
// length and the path's allow.
//
// Source: keystonemiddleware/auth_token/__init__.py, _path_matches, which
// takes a dot for any character.
func matches(pattern, path string) bool {
	ends := make([]bool, len(path)+1) // where in the path the pattern, as far as it was read, may end
	ends[0] = true
	for pattern != "" {
		at := wildcards.FindStringIndex(pattern)
		if at == nil {
			return endsIn(ends, path, pattern)
		}
		ends = afterWildcard(afterText(ends, path, pattern[:at[0]]), path, pattern[at[0]:at[1]])
		pattern = pattern[at[1]:]
	}
	return ends[len(path)]
}

func endsIn(ends []bool, path, text string) bool {
	return strings.HasSuffix(path, text) && ends[len(path)-len(text)]
}

func afterText(ends []bool, path, text string) []bool {
	next := make([]bool, len(ends))
	for i := range len(path) - len(text) + 1 {
		next[i+len(text)] = ends[i] && path[i:i+len(text)] == text
	}
	return next
}

func afterWildcard(ends []bool, path, wildcard string) []bool {
	next := make([]bool, len(ends))
	inside := false
	for i := range ends {
		if wildcard == "**" {
			inside = inside || ends[i]
			next[i] = inside
			continue
		}
		next[i] = inside
		inside = i < len(path) && path[i] != '/' && (inside || ends[i])
	}
	return next
}
