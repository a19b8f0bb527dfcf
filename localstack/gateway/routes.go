package gateway

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gander-images/gander/localstack/template"
)

// An api is what the template says of the one REST API.
type api struct {
	stage    string
	binary   []string // media types
	refusals map[string]refusal
	root     *node

	authorizers map[string]string // functions, by the name of their scheme
}

// A node is a place in the tree of paths.
type node struct {
	literal  map[string]*node
	variable *node
	greedy   *node
	name     string // of the variable that leads here
	resource string // the path as the template writes it; empty where it names none
	methods  map[string]string
	asked    map[string]string // authorizers, by method
}

// every is the key of a method ANY in a node.
const every = "x-amazon-apigateway-any-method"

// methods are what API Gateway knows; ANY stands for these.
var methods = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

func readAPI(s *template.Stack, functions []function) (*api, error) {
	ids, err := s.Resources("AWS::Serverless::Api")
	if err != nil {
		return nil, err
	}
	if len(ids) != 1 {
		return nil, fmt.Errorf("the template has %d REST APIs; one is known here", len(ids))
	}
	stage, stageErr := s.Property(ids[0], "StageName")
	body, bodyErr := s.Property(ids[0], "DefinitionBody")
	if err := errors.Join(stageErr, bodyErr); err != nil {
		return nil, err
	}
	document, _ := body.(template.Tree)
	a := &api{stage: template.Text(stage), root: &node{}}
	media, _ := document["x-amazon-apigateway-binary-media-types"].([]any)
	for _, m := range media {
		a.binary = append(a.binary, template.Text(m))
	}
	if a.refusals, err = readRefusals(document["x-amazon-apigateway-gateway-responses"]); err != nil {
		return nil, err
	}
	if a.authorizers, err = readAuthorizers(document, functions); err != nil {
		return nil, err
	}
	paths, _ := document["paths"].(template.Tree)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if err := a.add(path, paths[path], functions); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return a, nil
}

// add puts a path into the tree.
func (a *api) add(path string, v any, functions []function) error {
	n := a.root
	for _, segment := range segments(path) {
		next, err := n.child(segment)
		if err != nil {
			return err
		}
		n = next
	}
	n.resource, n.methods, n.asked = path, make(map[string]string), make(map[string]string)
	item, _ := v.(template.Tree)
	for key, operation := range item {
		method := strings.ToUpper(key)
		switch {
		case key == "parameters":
			continue
		case key == every:
			method = every
		case !slices.Contains(methods, method):
			return fmt.Errorf("%s is not known here", key)
		}
		name, err := target(operation, functions)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		asked, err := a.asked(operation)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		n.methods[method], n.asked[method] = name, asked
	}
	return nil
}

// child is the node below this one by a segment of a template's path. API
// Gateway takes one variable at a place, under one name.
func (n *node) child(segment string) (*node, error) {
	name, variable := strings.CutPrefix(segment, "{")
	if !variable {
		if n.literal == nil {
			n.literal = make(map[string]*node)
		}
		if n.literal[segment] == nil {
			n.literal[segment] = &node{}
		}
		return n.literal[segment], nil
	}
	name = strings.TrimSuffix(name, "}")
	name, greedy := strings.CutSuffix(name, "+")
	at, other := &n.variable, n.greedy
	if greedy {
		at, other = &n.greedy, n.variable
	}
	if other != nil || *at != nil && (*at).name != name {
		return nil, fmt.Errorf("{%s} is beside another variable", name)
	}
	if *at == nil {
		*at = &node{name: name}
	}
	return *at, nil
}

// target is the function that an operation's integration names.
func target(operation any, functions []function) (string, error) {
	o, _ := operation.(template.Tree)
	integration, _ := o["x-amazon-apigateway-integration"].(template.Tree)
	if kind := template.Text(integration["type"]); !strings.EqualFold(kind, "aws_proxy") {
		return "", fmt.Errorf("an integration of type %q is not known here", kind)
	}
	return named(template.Text(integration["uri"]), functions)
}

// named is the function that the gateway is to call at a URI.
func named(uri string, functions []function) (string, error) {
	for _, f := range functions {
		if strings.Contains(uri, "/functions/"+f.spec.ARN+"/invocations") {
			return f.name, nil
		}
	}
	return "", fmt.Errorf("there is no function for %s", uri)
}

// segments splits a path. Trailing slashes do not count, and neither does the
// number of leading ones.
func segments(path string) []string {
	if path = strings.Trim(path, "/"); path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// strictSegments likewise, but a slash at the end makes another path, which only
// a greedy variable takes.
func strictSegments(path string) []string {
	if path == "/" {
		return nil
	}
	return strings.Split(strings.TrimPrefix(path, "/"), "/")
}

// A match is where a request goes.
type match struct {
	function   string
	authorizer string // empty: nobody is asked
	resource   string
	parameters map[string]string
}

// match finds the resource of a path, literal segments before variables before
// greedy ones, and in it the function of the method.
func (a *api) match(method string, path []string) (match, bool) {
	m := match{parameters: map[string]string{}}
	n := a.root.find(path, m.parameters)
	if n == nil {
		return match{}, false
	}
	m.resource = n.resource
	if name, has := n.methods[method]; has {
		m.function, m.authorizer = name, n.asked[method]
		return m, true
	}
	name, has := n.methods[every]
	m.function, m.authorizer = name, n.asked[every]
	return m, has && slices.Contains(methods, method)
}

func (n *node) find(rest []string, parameters map[string]string) *node {
	if len(rest) == 0 {
		if n.resource == "" {
			return nil
		}
		return n
	}
	if next := n.literal[rest[0]]; next != nil {
		if found := next.find(rest[1:], parameters); found != nil {
			return found
		}
	}
	if v := n.variable; v != nil && rest[0] != "" {
		if found := v.find(rest[1:], parameters); found != nil {
			parameters[v.name] = rest[0]
			return found
		}
	}
	if v := n.greedy; v != nil {
		parameters[v.name] = strings.Join(rest, "/")
		return v
	}
	return nil
}
