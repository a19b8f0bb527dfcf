package policycheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

// explain prints one decision and how it came about.
func (c *check) explain() int {
	doc, _ := policy.Read(c.files...)
	rules, findings := policy.Compile(doc, policy.Refuse)
	if rules == nil {
		return c.fail(findings.Err())
	}
	about, err := readCaller(c.caller)
	if err != nil {
		return c.fail(err)
	}
	target := policy.Attributes{}
	if c.target != "" {
		if err := readJSON(c.target, &target); err != nil {
			return c.fail(err)
		}
	}
	x, err := rules.Explain(policy.Rule(c.rule), about, target)
	if err != nil {
		return c.fail(fmt.Errorf("there is no rule %q", c.rule))
	}
	answer, code := "denied", no
	switch {
	case x.Err != nil:
		answer, code = "error", failed
	case x.Allowed:
		answer, code = "allowed", fine
	}
	fmt.Fprintf(c.out, "%s: %s\n%q\n", x.Rule, answer, x.Text)
	c.draw(x.Tree, 1)
	if x.Err != nil {
		fmt.Fprintf(c.err, "gander policy-check: %v\n", x.Err)
	}
	return code
}

// draw prints a part of a rule, what is below it indented.
func (c *check) draw(n *policy.Node, depth int) {
	skipped := ""
	if n.Skipped {
		skipped = " (skipped)"
	}
	fmt.Fprintf(c.out, "%-8s%s%s%s\n", n.Result, strings.Repeat("  ", depth-1), n.Check, skipped)
	for _, child := range n.Children {
		c.draw(child, depth+1)
	}
}

// readCaller reads whom a decision is about, in the form of
// POST /gander/v1/policy/explain.
func readCaller(path string) (caller.Caller, error) {
	var said struct {
		UserID       string   `json:"user_id"`
		ProjectID    string   `json:"project_id"`
		Roles        []string `json:"roles"`
		ServiceRoles []string `json:"service_roles"`
		SystemScope  string   `json:"system_scope"`
	}
	err := readJSON(path, &said)
	return caller.Caller{
		UserID: said.UserID, ProjectID: said.ProjectID, Roles: said.Roles, SystemScope: said.SystemScope,
		Service: caller.Service{Roles: said.ServiceRoles}, IsAdminProject: true,
	}, err
}

// readJSON reads a file that holds one JSON value and no field that to has not.
// Numbers keep how they are written.
func readJSON(path string, to any) error {
	file, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	decoder := json.NewDecoder(file)
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: something follows the JSON value", path)
	}
	return nil
}
