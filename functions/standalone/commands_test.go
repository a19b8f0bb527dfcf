//go:build clients

package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A step is a line that somebody gives to the shell, and what comes of it.
type step struct {
	as, line string
	exact    bool     // the output is want[0]; else it has each of want
	fails    bool     // and has each of want among its words
	want     []string // with variables
}

func gives(as, line, want string) step {
	return step{as: as, line: line, exact: true, want: []string{want}}
}

func says(as, line string, want ...string) step { return step{as: as, line: line, want: want} }

func refuses(as, line string, want ...string) step {
	return step{as: as, line: line, fails: true, want: want}
}

// A command is a stock client's command, with what its subcommands are for.
type command struct {
	name  string
	list  string // prints its subcommands
	names *regexp.Regexp
	help  string // prints the usage of the subcommand that follows
	steps []step

	// others are subcommands, or beginnings of such, that are not of the image
	// family, with what they are for.
	others map[string]string

	// options are those of its subcommands that no step uses, with the reason;
	// common ones of all subcommands.
	options map[string]string
}

// play runs the steps, each in the terminal of whoever takes it.
func (c command) play(t *testing.T, s *service, variables map[string]string, extra func(cloud string) []string) {
	terminals := map[string]*terminal{}
	for _, step := range c.steps {
		at, ok := terminals[step.as]
		if !ok {
			at = s.terminal(step.as)
			for name, value := range variables {
				at.env = append(at.env, name+"="+value)
			}
			at.env = append(at.env, extra(step.as)...)
			at.disk("disk.qcow2")
			terminals[step.as] = at
		}
		step.take(t, at, variables)
	}
}

// take runs one step.
func (s step) take(t *testing.T, at *terminal, variables map[string]string) {
	t.Helper()
	out, err := at.try(s.line)
	if (err != nil) != s.fails {
		t.Errorf("%s$ %s\n%s\n%v", s.as, s.line, out, err)
		return
	}
	for _, want := range s.want {
		want = os.Expand(want, func(name string) string { return variables[name] })
		if s.exact && out != want || !strings.Contains(out, want) || strings.Contains(out, "Traceback") {
			t.Errorf("%s$ %s\n%s\nwant %q", s.as, s.line, out, want)
		}
	}
}

// uses are the subcommands that the steps use, each with the lines that do.
func (c command) uses(subcommands []string) map[string][]string {
	used := map[string][]string{}
	for _, s := range c.steps {
		for _, part := range strings.Split(s.line, c.name+" ")[1:] {
			longest := ""
			for _, name := range subcommands {
				if strings.HasPrefix(part+" ", name+" ") && len(name) > len(longest) {
					longest = name
				}
			}
			if longest != "" {
				used[longest] = append(used[longest], part)
			}
		}
	}
	return used
}

// checkWhole holds the steps against what the client says that it knows: a
// subcommand of the family, and each of its options, is used, or it is said why
// not.
func (c command) checkWhole(t *testing.T, at *terminal) {
	t.Helper()
	var subcommands []string
	for _, m := range c.names.FindAllStringSubmatch(at.run(c.list), -1) {
		subcommands = append(subcommands, m[1])
	}
	if len(subcommands) < 30 {
		t.Fatalf("%s has the subcommands %q", c.list, subcommands)
	}
	used, excused := c.uses(subcommands), map[string]bool{}
	for _, name := range subcommands {
		other := c.isOther(name, excused)
		if _, is := used[name]; is == other {
			t.Errorf("%s %s: that a step uses it is %t, and that it is of another family is %t", c.name, name, is, other)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		c.checkOptions(t, at, name, used[name], excused)
	}
	for name := range c.others {
		if !excused[name] {
			t.Errorf("%s: there is no subcommand %s", c.name, name)
		}
	}
	for name := range c.options {
		if !excused[name] {
			t.Errorf("%s: %s is used, or there is no such option", c.name, name)
		}
	}
	t.Logf("%s: %d of %d subcommands are used, the others are of other families", c.name, len(used), len(subcommands))
}

func (c command) isOther(name string, excused map[string]bool) bool {
	for prefix := range c.others {
		if name == prefix || strings.HasSuffix(prefix, " ") && strings.HasPrefix(name, prefix) || strings.HasSuffix(prefix, "-") && strings.HasPrefix(name, prefix) {
			excused[prefix] = true
			return true
		}
	}
	return false
}

var option = regexp.MustCompile(`--[a-z][a-z0-9-]*`)

// checkOptions looks at those that the usage of a subcommand names.
func (c command) checkOptions(t *testing.T, at *terminal, name string, lines []string, excused map[string]bool) {
	t.Helper()
	usage, _, _ := strings.Cut(at.run(c.help+" "+name), "\n\n")
	given := map[string]bool{}
	for _, line := range lines {
		for _, o := range option.FindAllString(line, -1) {
			given[o] = true
		}
	}
	for _, o := range slices.Compact(slices.Sorted(slices.Values(option.FindAllString(usage, -1)))) {
		switch {
		case given[o]:
		case c.options[o] != "":
			excused[o] = true
		case c.options[name+" "+o] != "":
			excused[name+" "+o] = true
		default:
			t.Errorf("%s %s: no step uses %s", c.name, name, o)
		}
	}
}
