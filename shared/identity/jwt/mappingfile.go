package jwt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gander-images/gander/shared/plainfile"
)

// maxFile is the longest mapping file, in bytes.
const maxFile = 1 << 20

// A file is a mapping as it is written, in YAML or JSON. Lines are kept for what
// is told of mistakes.
type file struct {
	UserID        source                 `yaml:"user_id"`
	UserDomain    source                 `yaml:"user_domain"`
	ProjectID     source                 `yaml:"project_id"`
	ProjectDomain source                 `yaml:"project_domain"`
	Roles         source                 `yaml:"roles"`
	Groups        source                 `yaml:"groups"`
	Table         []group                `yaml:"table"`
	Implied       *map[string][]textNode `yaml:"implied_roles"`
}

type group struct {
	Group         textNode   `yaml:"group"`
	ProjectID     textNode   `yaml:"project_id"`
	ProjectDomain textNode   `yaml:"project_domain"`
	Roles         []textNode `yaml:"roles"`
	line          int
}

// A source says where a value comes from, in one of these forms:
//
//	user_id: sub                             # a claim
//	roles: realm_access.roles                # a claim in a claim
//	project_id: ["https://example.org/project"]   # names as they stand, dots and all
//	user_domain: {value: default}            # no claim
//	user_domain: {claim: dom, value: default}     # a claim, or else a value
type source struct {
	origin
	line int // 0: it is not there
}

// A textNode is text with its line.
type textNode struct {
	text string
	line int
}

// ReadMapping reads a mapping file. The error tells everything that is wrong with
// it, each with its line.
func ReadMapping(path string) (*Mapping, error) {
	text, err := plainfile.Read(path, maxFile)
	if err != nil {
		var at *os.PathError
		if errors.As(err, &at) {
			return nil, err
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m, err := ParseMapping(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// ParseMapping is ReadMapping of a file's text.
func ParseMapping(text []byte) (*Mapping, error) {
	var f file
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err := d.Decode(&f)
	var mistakes *yaml.TypeError
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty; leave the setting out for the default mapping")
	case err != nil && !errors.As(err, &mistakes):
		return nil, err
	}
	var faults []string
	if mistakes != nil {
		faults = slices.Clone(mistakes.Errors)
	} else if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		faults = append(faults, "there is more than one document in it")
	}
	faults = append(faults, f.check()...)
	if len(faults) > 0 {
		return nil, errors.New(strings.Join(faults, "\n"))
	}
	return f.mapping(), nil
}

// check tells what does not go together.
func (f *file) check() (faults []string) {
	fault := func(line int, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
	}
	if f.UserID.line == 0 {
		faults = append(faults, "user_id is missing")
	} else if f.UserID.path == nil {
		fault(f.UserID.line, "user_id must be a claim, or all callers are one")
	} else if f.UserID.value != "" {
		fault(f.UserID.line, "user_id can have no value beside its claim, or all callers without it are one")
	}
	switch {
	case f.ProjectID.line == 0 && len(f.Table) == 0:
		faults = append(faults, "project_id is missing, and so is a table")
	case len(f.Table) > 0 && f.ProjectID.line > 0 && (f.ProjectID.path == nil || f.ProjectID.value != ""):
		fault(f.ProjectID.line, "beside a table, project_id must be a claim without a value: it chooses among the table's projects")
	case len(f.Table) > 0 && f.Groups.path == nil:
		faults = append(faults, "groups must be a claim, since there is a table")
	case len(f.Table) == 0 && f.Groups.line > 0:
		fault(f.Groups.line, "groups have no table")
	}
	if f.Roles.line == 0 && len(f.Table) == 0 {
		faults = append(faults, "roles are missing, and so is a table")
	}
	for _, g := range f.Table {
		for name, text := range map[string]string{"group": g.Group.text, "project_id": g.ProjectID.text} {
			if text == "" {
				fault(g.line, "%s is missing", name)
			}
		}
		if len(g.Roles) == 0 {
			fault(g.line, "roles are missing")
		}
	}
	slices.Sort(faults)
	return faults
}

func (f *file) mapping() *Mapping {
	m := &Mapping{
		userID: f.UserID.origin, userDomain: f.UserDomain.origin, projectID: f.ProjectID.origin, projectDomain: f.ProjectDomain.origin,
		roles: f.Roles.origin, groups: f.Groups.origin, implied: usualRoles(),
	}
	for _, domain := range []struct {
		source source
		to     *origin
	}{{f.UserDomain, &m.userDomain}, {f.ProjectDomain, &m.projectDomain}} {
		if domain.source.line == 0 {
			domain.to.value = defaultDomain
		}
	}
	for _, g := range f.Table {
		m.table = append(m.table, row{group: g.Group.text, projectID: g.ProjectID.text, projectDomain: g.ProjectDomain.text, roles: texts(g.Roles)})
	}
	if f.Implied != nil {
		m.implied = map[string][]string{}
		for role, others := range *f.Implied {
			m.implied[strings.ToLower(role)] = texts(others)
		}
	}
	return m
}

func texts(nodes []textNode) []string {
	list := make([]string, len(nodes))
	for i, n := range nodes {
		list[i] = n.text
	}
	return list
}
