package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
)

// A Result is what one command of a suite came to.
type Result struct {
	Suite    string
	Passed   int
	Failures []string // one line for each check that failed
	Skips    []string // likewise, with the reason
	Seconds  float64
}

// A Floor is what a suite owes: at least so many checks run, at most so many
// skipped.
type Floor struct {
	Suite string
	Least int
	Skips int
}

func resultsFile() string {
	dir := os.Getenv("CI_RESULTS")
	if dir == "" {
		dir = filepath.Join("build", "ci")
	}
	return filepath.Join(dir, "results.jsonl")
}

// record keeps a result for the table.
func record(r Result, err error) (bool, error) {
	if err != nil {
		r.Failures = append(r.Failures, err.Error())
	}
	line, err := json.Marshal(r)
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(resultsFile()), 0o755); err != nil {
		return false, err
	}
	f, err := os.OpenFile(resultsFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return false, err
	}
	_, err = f.Write(append(line, '\n'))
	return len(r.Failures) == 0, errors.Join(err, f.Close())
}

// printTable reads the results and the floors, and reports whether all is well.
func printTable(floorsPath string, out io.Writer) (bool, error) {
	floors, err := readFile(floorsPath, readFloors)
	if err != nil {
		return false, err
	}
	results, err := readFile(resultsFile(), readResults)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	return write(out, floors, results)
}

func readFile[T any](path string, read func(io.Reader) ([]T, error)) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	items, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return items, nil
}

// readFloors reads lines of suite, floor and permitted skips; # starts a remark.
func readFloors(r io.Reader) ([]Floor, error) {
	var floors []Floor
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		if len(words) != 3 {
			return nil, fmt.Errorf("line %d: want suite, floor and permitted skips", n)
		}
		least, err1 := strconv.Atoi(words[1])
		skips, err2 := strconv.Atoi(words[2])
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if least < 1 {
			return nil, fmt.Errorf("line %d: a floor below 1 holds nothing", n)
		}
		floors = append(floors, Floor{Suite: words[0], Least: least, Skips: skips})
	}
	return floors, lines.Err()
}

func readResults(r io.Reader) ([]Result, error) {
	var results []Result
	d := json.NewDecoder(r)
	for {
		var one Result
		if err := d.Decode(&one); err == io.EOF {
			return results, nil
		} else if err != nil {
			return nil, err
		}
		results = append(results, one)
	}
}

// write prints the table, then what failed and what was skipped, then one line
// of sums. A suite that is absent, unknown or below its floor counts as one
// failure more.
func write(out io.Writer, floors []Floor, results []Result) (bool, error) {
	suites := map[string]*Result{}
	for _, r := range results {
		s := suites[r.Suite]
		if s == nil {
			s = &Result{Suite: r.Suite}
			suites[r.Suite] = s
		}
		s.Passed += r.Passed
		s.Seconds += r.Seconds
		s.Failures = append(s.Failures, r.Failures...)
		s.Skips = append(s.Skips, r.Skips...)
	}
	var sum Result
	var faults []string
	known := map[string]bool{}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "suite\trun\tpassed\tfailed\tskipped\tfloor\tseconds\t")
	for _, f := range floors {
		known[f.Suite] = true
		s := suites[f.Suite]
		if s == nil {
			s = &Result{}
			faults = append(faults, fmt.Sprintf("suite %s did not run", f.Suite))
		}
		ran := s.Passed + len(s.Failures)
		if ran < f.Least {
			faults = append(faults, fmt.Sprintf("suite %s ran %d checks, its floor is %d", f.Suite, ran, f.Least))
		}
		if len(s.Skips) > f.Skips {
			faults = append(faults, fmt.Sprintf("suite %s skipped %d checks, permitted are %d", f.Suite, len(s.Skips), f.Skips))
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%.0f\t\n", f.Suite, ran, s.Passed, len(s.Failures), len(s.Skips), f.Least, s.Seconds)
		sum.Passed += s.Passed
		sum.Failures = append(sum.Failures, s.Failures...)
		sum.Skips = append(sum.Skips, s.Skips...)
	}
	for _, r := range results {
		if !known[r.Suite] {
			known[r.Suite] = true
			faults = append(faults, fmt.Sprintf("suite %s has no floor", r.Suite))
		}
	}
	if err := t.Flush(); err != nil {
		return false, err
	}
	for _, line := range sum.Skips {
		fmt.Fprintln(out, "skipped:", line)
	}
	sum.Failures = append(sum.Failures, faults...)
	for _, line := range sum.Failures {
		fmt.Fprintln(out, "failed:", line)
	}
	_, err := fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", sum.Passed, len(sum.Failures), len(sum.Skips))
	return len(sum.Failures) == 0, err
}
