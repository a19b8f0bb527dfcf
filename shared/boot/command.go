package boot

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/boot/policydoc"
	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/operator"
	"github.com/gander-images/gander/shared/policy/policycheck"
)

const usage = `Gander is an OpenStack Image service (the Glance v2 API).

Usage: gander COMMAND [FLAGS]

  serve      serve the API, on http://127.0.0.1:9292 unless told otherwise
  settings   print every setting, as docs/configuration.md has them
  policy-check
             judge policy files, explain decisions, and hold files to expected ones
  policy-sample
             print a policy file of every rule, with the defaults commented out
  policy-rules
             print every rule and whom it lets in, as docs/policy.md has them
  audit      tell what needs a person about the keys of a running service, and what
             will become of them
  keys       list, show and restore keys of a running service
  deletions  show, turn on or turn off whether a running service deletes keys
  version    print the version
  help       print this

Every setting is an environment variable, GANDER_LISTEN, and a flag of serve,
-listen. "gander serve -help" lists them.
`

// command runs gander's command line.
func (p *process) command() int {
	name := "help"
	if len(p.args) > 0 {
		name = p.args[0]
	}
	switch name {
	case "serve":
		return p.commandServe(p.args[1:])
	case "settings":
		return p.print(ConfigurationPage())
	case "policy-check":
		return policycheck.Run(p.args[1:], p.stdout, p.stderr)
	case "policy-sample":
		return p.print(policydoc.Sample())
	case "policy-rules":
		return p.policyRules()
	case "audit", "keys", "deletions":
		return operator.Run(name, p.args[1:], operator.World{Environ: p.environ, Stdout: p.stdout, Stderr: p.stderr})
	case "version":
		return p.print("gander " + Version() + "\n")
	case "help", "-h", "-help", "--help":
		return p.print(usage)
	}
	fmt.Fprintf(p.stderr, "gander: there is no command %q; \"gander help\" lists them\n", name)
	return 2
}

func (p *process) print(text string) int {
	if _, err := io.WriteString(p.stdout, text); err != nil {
		return 1
	}
	return 0
}

func (p *process) policyRules() int {
	page, err := policydoc.Page()
	if err != nil {
		fmt.Fprintf(p.stderr, "gander policy-rules: %v\n", err)
		return 1
	}
	return p.print(page)
}

func (p *process) commandServe(args []string) int {
	options, err := parseServe(args, p.stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if _, known := parts[options.only]; err == nil && !known && options.only != "identity" {
		err = fmt.Errorf("-only: %q cannot be served alone; data, consumers and identity can", options.only)
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "gander serve: %v\n", err)
		return 2
	}
	return p.standalone(options)
}

type serveOptions struct {
	only  string
	flags map[string]string // settings given as flags, by variable
}

// parseServe reads serve's flags: -only, and one for each setting.
func parseServe(args []string, help io.Writer) (serveOptions, error) {
	options := serveOptions{flags: make(map[string]string)}
	set := flag.NewFlagSet("gander serve", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&options.only, "only", "", "serve nothing but this part: data, consumers or identity")
	for _, row := range setting.Table {
		set.Func(row.Flag(), row.Doc, func(value string) error {
			options.flags[row.Name] = value
			return nil
		})
	}
	err := set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		printFlags(help)
		return options, err
	}
	if err == nil && set.NArg() > 0 {
		err = fmt.Errorf("%q is no flag", set.Arg(0))
	}
	return options, err
}

func printFlags(w io.Writer) {
	fmt.Fprint(w, `Usage: gander serve [FLAGS]

  -only PART
      Serve one part alone: "data", the calls that carry image data; "consumers",
      what is due, where no platform brings events to functions; or "identity",
      the development identity.
`)
	for _, row := range setting.Table {
		if row.Refused != "" || row.Uses&(setting.Standalone|standaloneUses) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n  -%s VALUE    (%s)\n", row.Flag(), row.Kind())
		if row.Default != "" {
			fmt.Fprintf(w, "      %s Default: %s.\n", row.Doc, row.Default)
		} else {
			fmt.Fprintf(w, "      %s\n", row.Doc)
		}
	}
}

// ConfigurationPage is docs/configuration.md.
func ConfigurationPage() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Written by "make docs" from the table of settings; a test holds it to that. -->

Every setting is an environment variable, and a flag of ` + "`gander serve`" + ` with the same name: ` + "`GANDER_LISTEN`" + ` is ` + "`-listen`" + `.
A flag wins. Durations are written ` + "`30s`, `10m`, `24h`" + `; sizes ` + "`500GB`, `1TiB`" + `. A function reads the settings that it
needs and no others. All that is wrong is told in one message before the first request; a name that begins with
` + "`GANDER_`" + ` and is not in these tables stops the start, too.

## Settings

| variable | default | what it does | in Glance | read by |
| --- | --- | --- | --- | --- |
`)
	var later []setting.Row
	for _, row := range setting.Table {
		if row.Refused != "" {
			later = append(later, row)
			continue
		}
		doc := row.Doc
		if k := row.Kind(); strings.Contains(k, ",") {
			doc += " Values: " + k + "."
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", row.Name, code(row.Default), doc, code(row.Glance), readers(row))
	}
	b.WriteString(`
A container platform's ` + "`PORT`" + ` is the port of a function that serves HTTP by itself. ` + "`AWS_LAMBDA_RUNTIME_API`" + `, set by AWS
Lambda, makes a function a Lambda.

There are two mixes of what a process keeps its data in. The local one is the folder of ` + "`GANDER_DATA`" + `; the cloud one is ` + "`GANDER_TABLE`" + `
with ` + "`GANDER_BUCKET`" + `, of which a function is given those that it reads. A start that could mean either is refused. On the cloud
mix a function also reads AWS's own variables: ` + "`AWS_REGION`" + `; ` + "`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`" + `,
or ` + "`AWS_CONTAINER_CREDENTIALS_FULL_URI`" + ` and its sisters; ` + "`AWS_ENDPOINT_URL`" + ` and its forms for one service, for other engines;
` + "`AWS_CA_BUNDLE`" + `; and ` + "`HTTPS_PROXY`" + ` with its sisters. ` + "`gander serve`" + ` finds region and credentials in every place that AWS's SDK
knows, profiles among them.

## Settings that stop the start

| variable | in Glance | why |
| --- | --- | --- |
`)
	for _, row := range later {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row.Name, code(row.Glance), row.Refused)
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(s, ", ", "`, `") + "`"
}

// readers names the functions that read a setting.
func readers(row setting.Row) string {
	if row.Uses&setting.Always != 0 {
		return "all"
	}
	var names []string
	all := true
	for _, f := range functions() {
		if f.uses&row.Uses == 0 {
			all = false
			continue
		}
		names = append(names, f.name)
	}
	if row.Uses&(setting.Ticks|setting.Listens) != 0 && len(names) == 0 {
		if row.Uses&setting.Listens != 0 {
			return "whatever has a listener"
		}
		return "standalone, and `-only consumers`"
	}
	if all {
		return "all"
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
