package boot

import (
	"errors"
	"regexp"

	"github.com/gander-images/gander/localstack/template"
)

// A stack is what a template makes with some parameters. What refers to a
// resource stays what it is, "${Table.Arn}", so that a check can say which
// resource it means.
type stack struct {
	Resources, Outputs, Globals template.Tree
	made                        *template.Stack
}

// makeStack makes one. The error names everything that is wrong; what there is in
// spite of it comes with it.
func makeStack(tree template.Tree, parameters map[string]string) (stack, error) {
	made, err := tree.Stack(template.Options{Parameters: parameters, Symbolic: true})
	whole, faults := made.Whole()
	return stack{whole.At("Resources"), whole.At("Outputs"), whole.At("Globals"), made}, errors.Join(err, faults)
}

// Of returns the resources of a type, by their logical ids.
func (s stack) Of(kind string) map[string]template.Tree {
	of := make(map[string]template.Tree)
	for id := range s.Resources {
		if r := s.Resources.At(id); r.Text("Type") == kind {
			of[id] = r
		}
	}
	return of
}

// Properties are those of one resource.
func (s stack) Properties(id string) template.Tree { return s.Resources.At(id, "Properties") }

// Grants are all that a role may do.
func (s stack) Grants(role string) (map[template.Grant]bool, error) {
	grants, err := s.made.Grants(role)
	return set(grants...), err
}

var reference = regexp.MustCompile(`\$\{(\w+)[.}]`)

// RoleOf returns the logical id of the role of a function.
func (s stack) RoleOf(function string) string {
	match := reference.FindStringSubmatch(s.Properties(function).Text("Role"))
	if match == nil {
		return ""
	}
	return match[1]
}
