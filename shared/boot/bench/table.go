package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A row is one figure beside one yardstick. Rates are operations a second.
type row struct {
	name      string
	figure    figure
	beside    string
	yardstick float64
	cpu       time.Duration // the yardstick's, for each operation; below 0: unknown
	allocs    string        // of Go benchmarks
	bar       string        // what was asked for, and whether it was met
}

// A fact is a figure that is no rate.
type fact struct{ what, value, beside, yardstick, bar string }

func bar(text string, met bool) string {
	if met {
		return text + ": met"
	}
	return text + ": missed"
}

func (b *bench) add(r row) {
	fmt.Fprintf(os.Stderr, "measured: %s\n", r.name)
	b.rows = append(b.rows, r)
}

func (b *bench) tell(f fact) {
	fmt.Fprintf(os.Stderr, "measured: %s\n", f.what)
	b.facts = append(b.facts, f)
}

// readGoResults takes the lines of `go test -bench -benchmem`.
func (b *bench) readGoResults(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	var rules []row
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		r := row{name: words[0], figure: figure{cpu: -1}, cpu: -1}
		for i := 3; i < len(words); i += 2 {
			switch value := words[i-1]; words[i] {
			case "ns/op":
				ns, err := strconv.ParseFloat(value, 64)
				if err != nil || ns <= 0 {
					return fmt.Errorf("%s: %q is no time", path, value)
				}
				r.figure.median = time.Duration(ns)
				r.figure.rate = 1e9 / ns
			case "allocs/op":
				r.allocs = value
			case "tx/fsync":
				n, _ := strconv.ParseFloat(value, 64)
				b.facts = append(b.facts, fact{what: "transactions for each fsync, " + words[0], value: value, bar: syncBar(words[0], n)})
			}
		}
		if strings.HasPrefix(r.name, everyRule) {
			rules = append(rules, r)
			continue
		}
		r.bar = decisionBar(r)
		b.rows = append(b.rows, r)
	}
	if len(rules) > 0 {
		b.rows = append(b.rows, slowestRule(rules))
	}
	return lines.Err()
}

// everyRule begins the names of the benchmarks of registered rules, which are too
// many for a row each.
const everyRule = "BenchmarkDefault/"

// slowestRule stands for all of them: the time of the slowest, and the most
// allocations that any makes.
func slowestRule(rules []row) row {
	slowest, most := rules[0], 0
	for _, r := range rules {
		if r.figure.median > slowest.figure.median {
			slowest = r
		}
		n, err := strconv.Atoi(r.allocs)
		if err != nil {
			n = 1 // what is no number is no 0
		}
		most = max(most, n)
	}
	slowest.name = fmt.Sprintf("slowest of %d default rules, %s", len(rules), strings.TrimPrefix(slowest.name, everyRule))
	slowest.allocs = strconv.Itoa(most)
	slowest.bar = ruleBar(slowest)
	return slowest
}

// syncBar is asked for at 16 writers.
func syncBar(name string, n float64) string {
	if !strings.Contains(name, "writers=16") {
		return ""
	}
	return bar("at least 4", n >= 4)
}

// decisionBar is that of policy decisions by usual rules.
func decisionBar(r row) string {
	if !strings.HasPrefix(r.name, "BenchmarkDecide/") || !strings.Contains(r.name, "_image") || !strings.Contains(r.name, "/rule") {
		return ""
	}
	return ruleBar(r)
}

func ruleBar(r row) string {
	return bar("≤ 300 ns, no allocation", r.figure.median <= 300*time.Nanosecond && r.allocs == "0")
}

// print writes the tables. A ratio of 0.5 means half as fast as the yardstick.
func (b *bench) print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tops/s\tmedian\t99 %\tserver CPU each\tallocs\tbeside\tops/s\tCPU each\tratio\tbar")
	for _, r := range b.rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			r.name, number(r.figure.rate), short(r.figure.median), short(r.figure.slow), short(r.figure.cpu), r.allocs,
			r.beside, number(r.yardstick), short(r.cpu), number(ratio(r.figure.rate, r.yardstick)), r.bar)
	}
	fmt.Fprintln(t, "\nwhat\tfigure\tbeside\tits figure\tbar")
	for _, f := range b.facts {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", f.what, f.value, f.beside, f.yardstick, f.bar)
	}
	return t.Flush()
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// number writes three digits that count.
func number(f float64) string {
	switch {
	case f == 0:
		return ""
	case f < 100:
		return strconv.FormatFloat(f, 'g', 3, 64)
	}
	return strconv.FormatFloat(f, 'f', 0, 64)
}

func short(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Microsecond:
		return d.String()
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", float64(d)/1e3)
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}
