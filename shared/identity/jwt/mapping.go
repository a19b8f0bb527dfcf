package jwt

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/caller"
)

const (
	// maxText is the longest id, in characters, as Keystone's are at most.
	maxText = 255

	// maxList is how many roles or groups a token may have.
	maxList = 1000
)

// A Mapping reads a caller from the claims of a token. It is the operator's: a
// client chooses nothing in it but by what its token says.
type Mapping struct {
	userID, userDomain       origin
	projectID, projectDomain origin
	roles, groups            origin
	table                    []row
	implied                  map[string][]string // by role, in lower case
}

// An origin is where a value comes from: a claim, or the mapping itself.
type origin struct {
	path  []string // names of claims, from the outside in; nil: none
	value string   // without a path, or where the claim is absent
}

// A row gives the members of a group roles on a project.
type row struct {
	group, projectID, projectDomain string
	roles                           []string
}

// DefaultMapping is for issuers that can be made to write what OpenStack calls
// things: sub, user_domain_id, project_id, project_domain_id and roles. Domains
// that are not said are "default", and a role brings those below it.
func DefaultMapping() *Mapping {
	return &Mapping{
		userID:        origin{path: []string{"sub"}},
		userDomain:    origin{path: []string{"user_domain_id"}, value: defaultDomain},
		projectID:     origin{path: []string{"project_id"}},
		projectDomain: origin{path: []string{"project_domain_id"}, value: defaultDomain},
		roles:         origin{path: []string{"roles"}},
		implied:       usualRoles(),
	}
}

// defaultDomain is the id of the domain that every Keystone begins with.
const defaultDomain = "default"

// usualRoles are the implications that a Keystone is set up with.
//
// Source: keystone/cmd/bootstrap.py.
func usualRoles() map[string][]string {
	return map[string][]string{"admin": {"manager"}, "manager": {"member"}, "member": {"reader"}}
}

// caller reads who the claims stand for. Every caller has a user and a project.
func (m *Mapping) caller(claims map[string]any) (caller.Caller, error) {
	who := caller.Caller{IsAdminProject: true}
	for _, f := range []struct {
		name string
		from origin
		to   *string
		must bool
	}{
		{"user", m.userID, &who.UserID, true},
		{"user's domain", m.userDomain, &who.UserDomainID, false},
		{"project", m.projectID, &who.ProjectID, len(m.table) == 0},
		{"project's domain", m.projectDomain, &who.ProjectDomainID, false},
	} {
		text, err := f.from.text(claims)
		if err == nil && text == "" && f.must {
			err = errors.New("there is none")
		}
		if err != nil {
			return caller.Caller{}, fmt.Errorf("its %s: %w", f.name, err)
		}
		*f.to = text
	}
	roles, err := m.roles.list(claims)
	if err != nil {
		return caller.Caller{}, fmt.Errorf("its roles: %w", err)
	}
	if len(m.table) > 0 {
		groups, err := m.groups.list(claims)
		if err != nil {
			return caller.Caller{}, fmt.Errorf("its groups: %w", err)
		}
		if roles, err = m.place(&who, groups, roles); err != nil {
			return caller.Caller{}, err
		}
	}
	who.Roles = m.expand(roles)
	return who, nil
}

// place finds the project by the caller's groups: the one that the token names,
// or else that of the first row with one of them. All rows with one of them and
// this project add their roles.
func (m *Mapping) place(who *caller.Caller, groups, roles []string) ([]string, error) {
	var found *row
	for i, r := range m.table {
		if !slices.Contains(groups, r.group) || who.ProjectID != "" && r.projectID != who.ProjectID {
			continue
		}
		if found == nil {
			found = &m.table[i]
			who.ProjectID = r.projectID
		}
		roles = append(roles, r.roles...)
	}
	if found == nil {
		return nil, errors.New("none of its groups has the project, or any")
	}
	if found.projectDomain != "" {
		who.ProjectDomainID = found.projectDomain
	}
	return roles, nil
}

// expand adds what the roles imply, each once.
func (m *Mapping) expand(roles []string) []string {
	var all []string
	seen := map[string]bool{}
	for queue := roles; len(queue) > 0; queue = queue[1:] {
		low := strings.ToLower(queue[0])
		if seen[low] {
			continue
		}
		seen[low] = true
		all = append(all, queue[0])
		queue = append(queue[:1:1], append(slices.Clone(m.implied[low]), queue[1:]...)...)
	}
	return all
}

// find returns what the path leads to, nil where it ends before.
func (o origin) find(claims map[string]any) any {
	var at any = claims
	for _, name := range o.path {
		object, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = object[name]
	}
	return at
}

func (o origin) text(claims map[string]any) (string, error) {
	if o.path == nil {
		return o.value, nil
	}
	switch value := o.find(claims).(type) {
	case nil:
		return o.value, nil
	case string:
		return value, checkText(value)
	}
	return "", errors.New("the claim is no text")
}

// list takes several texts, or one.
func (o origin) list(claims map[string]any) ([]string, error) {
	if o.path == nil {
		if o.value == "" {
			return nil, nil
		}
		return []string{o.value}, nil
	}
	var list []any
	switch value := o.find(claims).(type) {
	case nil:
		return nil, nil
	case string:
		list = []any{value}
	case []any:
		list = value
	default:
		return nil, errors.New("the claim is no list")
	}
	if len(list) > maxList {
		return nil, fmt.Errorf("there are more than %d", maxList)
	}
	texts := make([]string, 0, len(list))
	for _, e := range list {
		text, ok := e.(string)
		if !ok {
			return nil, errors.New("one is no text")
		}
		if err := checkText(text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// checkText takes what can be an id or a name: nothing that is empty, that
// cannot be seen, or that stands for text that could not be read.
func checkText(text string) error {
	switch {
	case text == "":
		return errors.New("it is empty")
	case utf8.RuneCountInString(text) > maxText:
		return fmt.Errorf("it is longer than %d characters", maxText)
	case strings.TrimSpace(text) != text:
		return errors.New("it begins or ends with a blank")
	case strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) || c == utf8.RuneError }):
		return errors.New("it has characters that cannot be shown")
	}
	return nil
}
