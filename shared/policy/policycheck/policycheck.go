// Package policycheck is the command gander policy-check: it judges policy files,
// explains single decisions, and holds files to tables of expected decisions. It
// needs no running service and asks nobody.
package policycheck

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/gander-images/gander/shared/policy"
)

const usage = `Usage: gander policy-check -file FILES
       gander policy-check [-file FILES] -rule RULE -caller FILE [-target FILE]
       gander policy-check [-file FILES] -cases FILE

  -file FILES
      Policy files and directories, with commas between them or in several flags;
      later ones win. Alone: tells everything that is wrong with them, and ends
      with 1 where a service would not start.
  -rule RULE -caller FILE -target FILE
      Decides the rule for a caller, {"user_id", "project_id", "roles",
      "service_roles", "system_scope"}, and a target, a flat object; both are
      JSON. Prints the decision and how it came about, and ends with 0 for
      allowed, 1 for denied and 2 for an error.
  -cases FILE
      Decides each of a JSON list of {"name", "rule", "creds", "target",
      "expect": true, false or "error"} exactly as oslo.policy does, and prints
      those that come out otherwise. "rules" in a case is the whole policy of
      that case; without it, it is that of the files over the defaults. Ends with
      0 where all agree.
`

// The exit codes.
const (
	fine   = 0
	no     = 1 // refused, denied or otherwise than expected
	failed = 2 // there is no answer
)

// A check is one run of the command.
type check struct {
	files  []string
	rule   string
	caller string // files with JSON
	target string
	cases  string

	out, err io.Writer
}

// Run runs the command and returns its exit code.
func Run(args []string, stdout, stderr io.Writer) int {
	c := check{out: stdout, err: stderr}
	err := c.parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return fine
	case err != nil:
		return c.fail(err)
	case c.cases != "":
		return c.decideCases()
	case c.rule != "":
		return c.explain()
	}
	return c.judge()
}

func (c *check) parse(args []string) error {
	set := flag.NewFlagSet("gander policy-check", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Func("file", "", func(list string) error {
		c.files = append(c.files, strings.Split(list, ",")...)
		return nil
	})
	set.StringVar(&c.rule, "rule", "", "")
	set.StringVar(&c.caller, "caller", "", "")
	set.StringVar(&c.target, "target", "", "")
	set.StringVar(&c.cases, "cases", "", "")
	if err := set.Parse(args); err != nil {
		return err
	}
	switch {
	case set.NArg() > 0:
		return fmt.Errorf("%q is no flag", set.Arg(0))
	case c.cases != "" && (c.rule != "" || c.caller != "" || c.target != ""):
		return errors.New("-cases says itself which rules, callers and targets are asked about")
	case (c.rule == "") != (c.caller == "") || c.rule == "" && c.target != "":
		return errors.New("-rule and -caller go together, with a -target where the rule reads one")
	case c.rule == "" && c.cases == "" && len(c.files) == 0:
		return errors.New("there is nothing to check; -help tells what can be")
	}
	return nil
}

func (c *check) fail(err error) int {
	fmt.Fprintf(c.err, "gander policy-check: %v\n", err)
	return failed
}

// judge prints everything that is wrong with the files.
func (c *check) judge() int {
	doc, _ := policy.Read(c.files...) // Compile tells what was found
	_, findings := policy.Compile(doc, policy.Refuse)
	refused, warnings := findings.Refused(), findings.Warnings()
	for _, f := range findings {
		if f.Refused {
			fmt.Fprintln(c.out, f)
		} else {
			fmt.Fprintf(c.out, "%v (a warning)\n", f)
		}
	}
	fmt.Fprintf(c.out, "rules: %d, files: %d, refused: %d, warnings: %d\n", len(doc.Rules()), len(doc.Files()), len(refused), len(warnings))
	if len(refused) > 0 {
		return no
	}
	return fine
}
