// Package operator holds the commands by which an operator looks after the keys of a
// running service. They are clients of its API: they see what it tells, and may what
// their user may.
package operator

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/httpapi"
)

// The exit codes.
const (
	fine   = 0
	person = 1 // something needs a person
	failed = 2 // the command or the service failed
)

// patience is how long a whole command may take.
const patience = 5 * time.Minute

// A World is what a command sees of the process that runs it.
type World struct {
	Environ []string
	Stdout  io.Writer
	Stderr  io.Writer
}

const usage = `Usage: gander audit [FLAGS]
       gander keys list [-state STATE] [-owner PROJECT] [FLAGS]
       gander keys show ID [FLAGS]
       gander keys restore ID [FLAGS]
       gander deletions show|on|off [-why TEXT] [FLAGS]

The service and the user are those of OS_CLOUD in clouds.yaml, or of OS_AUTH_URL and
its sisters, as the openstack command reads them; the user needs the rule manage_keys.

  -cloud NAME        entry of clouds.yaml; OS_CLOUD
  -endpoint URL      where the service is; OS_IMAGE_ENDPOINT_OVERRIDE, or that of the catalogue
  -token TOKEN-FILE  file with a token, in place of a user; else OS_TOKEN

Exit codes: 0 nothing to tell, 1 something needs a person, 2 it failed.
`

// flags are those that all commands take, and those of one.
type flags struct {
	cloud, endpoint, tokenFile string
	state, owner, why          string
}

// Run runs one of the commands audit, keys and deletions with its arguments, and
// returns the exit code.
func Run(command string, args []string, w World) int {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	words, f, err := parse(command, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(w.Stdout, usage)
		return fine
	}
	if err == nil {
		err = check(command, words)
	}
	var code int
	if err == nil {
		code, err = do(ctx, command, words, f, w)
	}
	if err != nil {
		fmt.Fprintf(w.Stderr, "gander %s: %v\n", command, err)
		return failed
	}
	return code
}

// parse takes flags before, between and after the words.
func parse(command string, args []string) (words []string, f flags, err error) {
	set := flag.NewFlagSet(command, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&f.cloud, "cloud", "", "")
	set.StringVar(&f.endpoint, "endpoint", "", "")
	set.StringVar(&f.tokenFile, "token", "", "")
	switch command {
	case "keys":
		set.StringVar(&f.state, "state", "", "")
		set.StringVar(&f.owner, "owner", "", "")
	case "deletions":
		set.StringVar(&f.why, "why", "", "")
	}
	for {
		if err := set.Parse(args); err != nil {
			return nil, f, err
		}
		if set.NArg() == 0 {
			return words, f, nil
		}
		words, args = append(words, set.Arg(0)), set.Args()[1:]
	}
}

// check refuses words that are no command, before anybody is asked.
func check(command string, words []string) error {
	line := strings.Join(append([]string{command}, words...), " ")
	known := map[string]int{
		"audit": 1, "keys list": 2, "keys show": 3, "keys restore": 3, "deletions show": 2, "deletions on": 2, "deletions off": 2,
	}
	count, ok := known[strings.Join(append([]string{command}, words[:min(len(words), 1)]...), " ")]
	if !ok || count != len(words)+1 {
		return fmt.Errorf("%q is no command; \"gander %s -help\" lists them", line, command)
	}
	return nil
}

func do(ctx context.Context, command string, words []string, f flags, w World) (int, error) {
	c, err := connect(ctx, f, environment(w.Environ))
	if err != nil {
		return failed, err
	}
	switch {
	case command == "audit":
		return c.audit(ctx, w.Stdout)
	case command == "deletions":
		return c.deletions(ctx, words[0], f.why, w.Stdout)
	case words[0] == "list":
		return c.list(ctx, f, w.Stdout)
	}
	return c.one(ctx, words[0], httpapi.KeyPath(words[1]), w.Stdout)
}

// environment is the process's, by name.
func environment(environ []string) map[string]string {
	all := make(map[string]string, len(environ))
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		all[name] = value
	}
	return all
}
