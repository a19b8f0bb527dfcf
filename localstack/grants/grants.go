// Package grants holds what functions may do in a template against what they
// were seen to do. It looks at DynamoDB, S3 and Secrets Manager: what a role
// grants of other services belongs to the platform that runs the function.
package grants

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/localstack/template"
)

// Roles are a template's functions with what their roles grant.
type Roles struct {
	Of     map[string]string             // role, by the name of the function's folder
	Grants map[string][]proxy.Permission // by role
}

// counts are the services that functions use themselves.
var counts = map[string]bool{"dynamodb": true, "s3": true, "secretsmanager": true}

// named are the types of resources of which other parts of the template take
// only an ARN that nobody here looks at.
var named = []string{"AWS::IAM::Role", "AWS::Logs::LogGroup", "AWS::SQS::Queue"}

// Read reads the roles of all functions of a template. The options name what the
// roles are about: Table.Arn, Table.StreamArn, Bucket.Arn.
func Read(path string, o template.Options) (Roles, error) {
	s, err := read(path, o)
	if err != nil {
		return Roles{}, err
	}
	ids, err := s.Resources("AWS::Serverless::Function")
	if err != nil {
		return Roles{}, err
	}
	r := Roles{Of: map[string]string{}, Grants: map[string][]proxy.Permission{}}
	for _, id := range ids {
		if err := r.add(s, id); err != nil {
			return Roles{}, fmt.Errorf("%s: %w", id, err)
		}
	}
	return r, nil
}

// ReadRole adds one role of a template that has no functions, under the name of
// who uses it.
func (r *Roles) ReadRole(path, role, user string, o template.Options) error {
	s, err := read(path, o)
	if err != nil {
		return err
	}
	r.Of[user] = role
	return r.addRole(s, role)
}

// read reads a template in which every role, log group and queue has its logical
// id as ARN.
func read(path string, o template.Options) (*template.Stack, error) {
	s, err := template.Read(path, o)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	maps.Copy(names, o.Names)
	for _, kind := range named {
		ids, err := s.Resources(kind)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			names[id+".Arn"] = id
		}
	}
	o.Names = names
	return template.Read(path, o)
}

func (r *Roles) add(s *template.Stack, id string) error {
	code, err := s.Property(id, "CodeUri")
	if err != nil {
		return err
	}
	role, err := s.Property(id, "Role")
	if err != nil {
		return err
	}
	r.Of[path.Base(template.Text(code))] = template.Text(role)
	return r.addRole(s, template.Text(role))
}

// addRole adds what a role grants of the services that count.
func (r *Roles) addRole(s *template.Stack, role string) error {
	granted, err := s.Grants(role)
	if err != nil {
		return err
	}
	r.Grants[role] = nil
	for _, g := range granted {
		if service, _, _ := strings.Cut(g.Action, ":"); counts[service] {
			r.Grants[role] = append(r.Grants[role], proxy.Permission(g))
		}
	}
	return nil
}

// Permissions are what a function may do; not nil, for nil is no limit to the
// proxy.
func (r Roles) Permissions(function string) []proxy.Permission {
	return append([]proxy.Permission{}, r.Grants[r.Of[function]]...)
}

// Differences names what roles grant that none of their functions did, and what
// functions did that their roles do not grant. It leaves out the actions that
// the platform does in a role's name.
func (r Roles) Differences(uses []proxy.Use, platform ...string) []string {
	var found []string
	used := map[string]map[proxy.Permission]bool{}
	for _, u := range uses {
		role := r.Of[u.Function]
		covering := slices.IndexFunc(r.Grants[role], func(p proxy.Permission) bool { return p.Covers(u) })
		if covering < 0 {
			found = append(found, fmt.Sprintf("%s does %s on %s, which %s does not grant", u.Function, u.Action, u.Resource, role))
			continue
		}
		if used[role] == nil {
			used[role] = map[proxy.Permission]bool{}
		}
		used[role][r.Grants[role][covering]] = true
	}
	for role, granted := range r.Grants {
		for _, p := range granted {
			if !used[role][p] && !slices.Contains(platform, p.Action) {
				found = append(found, fmt.Sprintf("%s grants %s on %s, which nobody does", role, p.Action, p.Resource))
			}
		}
	}
	slices.Sort(found)
	return found
}
