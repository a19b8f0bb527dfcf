// Command ci runs suites of checks, keeps their results and prints them as one
// table, held against floors: how many checks each suite must run at least.
//
// Usage:
//
//	ci go    SUITE -- COMMAND...        runs a command that writes `go test -json`
//	ci step  SUITE NAME -- COMMAND...   runs a command that counts as one check
//	ci table FLOORS                     prints the table; fails when something did
//
// Results are kept in the folder of $CI_RESULTS, build/ci unless set.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"
)

func main() {
	ok, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ci:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: ci go SUITE -- COMMAND... | ci step SUITE NAME -- COMMAND... | ci table FLOORS")

// run reports whether everything passed.
func run(args []string, out io.Writer) (bool, error) {
	words, command := args, []string(nil)
	if i := slices.Index(args, "--"); i >= 0 {
		words, command = args[:i], args[i+1:]
	}
	switch {
	case len(words) == 2 && words[0] == "go" && len(command) > 0:
		return record(goTests(words[1], command, out))
	case len(words) == 3 && words[0] == "step" && len(command) > 0:
		return record(step(words[1], words[2], command, out))
	case len(words) == 2 && words[0] == "table" && command == nil:
		return printTable(words[1], out)
	}
	return false, errUsage
}

// limit is how long one command may take; one that hangs is a failure.
const limit = 25 * time.Minute

// goTests runs a command that writes test events, and counts them. A command
// that fails while no test did is a failure of its own.
func goTests(suite string, command []string, out io.Writer) (Result, error) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	out = &locked{w: out} // two pipes end in it
	tally := newTally(out)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stderr = out
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return Result{Suite: suite}, fmt.Errorf("starting suite %s: %w", suite, err)
	}
	readErr := tally.read(pipe)
	waitErr := cmd.Wait()
	r := tally.result(suite)
	if readErr != nil {
		r.Failures = append(r.Failures, fmt.Sprintf("the output of %s could not be read: %v", command[0], readErr))
	}
	if waitErr != nil && len(r.Failures) == 0 {
		r.Failures = append(r.Failures, fmt.Sprintf("%s: %v", command[0], waitErr))
	}
	r.Seconds = time.Since(start).Seconds()
	return r, nil
}

// locked is a writer for several goroutines.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// step runs a command that is one check; its output is shown when it fails.
func step(suite, name string, command []string, out io.Writer) (Result, error) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	output, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	r := Result{Suite: suite, Seconds: time.Since(start).Seconds()}
	if err != nil {
		r.Failures = []string{fmt.Sprintf("%s: %v", name, err)}
		fmt.Fprintf(out, "%s\nFAIL  %s (%.1f s): %v\n", output, name, r.Seconds, err)
		return r, nil
	}
	r.Passed = 1
	fmt.Fprintf(out, "ok    %s (%.1f s)\n", name, r.Seconds)
	return r, nil
}
