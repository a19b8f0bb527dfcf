package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// A call is one system call that succeeded. Its begin and end are the numbers of
// the lines that tell of them: what ends on an earlier line than another begins
// on was over before that one.
//
// Source: strace(1): a thread is held at the beginning of a call until that is
// written, and again at its end.
type call struct {
	name       string
	args       []arg
	result     int64
	begin, end int
}

// An arg is one argument: a text without its quotes, or as strace prints it.
type arg struct {
	text string
	path string // of what a file descriptor stands for
}

// path is what the call's first argument stands for.
func (c *call) path() string {
	if len(c.args) == 0 {
		return ""
	}
	return c.args[0].path
}

// data is what a read or a write moved.
func (c *call) data() string {
	if len(c.args) < 2 {
		return ""
	}
	return c.args[1].text
}

// place is the path named by a folder's descriptor at i and a name after it, or
// by a name alone.
func (c *call) place(i int) string {
	if i >= len(c.args) {
		return ""
	}
	if c.args[i].path == "" {
		return c.args[i].text
	}
	name := c.args[i+1].text
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(c.args[i].path, name)
}

// parse reads what "strace -f -ttt -yy" wrote.
func parse(r io.Reader) ([]call, error) {
	var calls []call
	open := map[string]int{}     // thread: its unfinished call
	begun := map[string]string{} // thread: the text of it
	lines := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := lines.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if line == "" {
			return finished(calls), nil
		}
		thread, text := cut(strings.TrimSuffix(line, "\n"))
		if rest, ok := strings.CutSuffix(text, " <unfinished ...>"); ok {
			open[thread], begun[thread] = len(calls), rest
			calls = append(calls, call{begin: number})
			continue
		}
		at := len(calls)
		if strings.HasPrefix(text, "<... ") {
			_, rest, _ := strings.Cut(text, " resumed>")
			start, ok := begun[thread]
			if !ok {
				return nil, fmt.Errorf("line %d ends a call that did not begin", number)
			}
			at, text = open[thread], start+rest
			delete(begun, thread)
		} else {
			calls = append(calls, call{begin: number})
		}
		c, err := parseCall(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		c.begin, c.end = calls[at].begin, number
		calls[at] = c
	}
}

// finished leaves out signals, ends, and calls that failed or did not end.
func finished(calls []call) []call {
	kept := calls[:0]
	for _, c := range calls {
		if c.name != "" && c.result >= 0 {
			kept = append(kept, c)
		}
	}
	return kept
}

// cut takes thread and time off a line.
func cut(line string) (thread, text string) {
	thread, rest, _ := strings.Cut(line, " ")
	_, text, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
	return thread, text
}

// parseCall reads "name(arguments) = result". What is no call has no name.
func parseCall(text string) (call, error) {
	if strings.HasPrefix(text, "---") || strings.HasPrefix(text, "+++") {
		return call{}, nil
	}
	name, rest, ok := strings.Cut(text, "(")
	if !ok {
		return call{}, fmt.Errorf("%.80q is no call", text)
	}
	args, rest, err := parseArgs(rest)
	if err != nil {
		return call{}, fmt.Errorf("%s: %w", name, err)
	}
	_, result, _ := strings.Cut(rest, "= ")
	number, _, _ := strings.Cut(result, " ")
	number, _, _ = strings.Cut(number, "<")
	c := call{name: name, args: args, result: -1}
	if n, err := strconv.ParseInt(number, 0, 64); err == nil {
		c.result = n // "?" says that the process ended
	}
	return c, nil
}

// parseArgs reads up to the parenthesis that closes the arguments.
func parseArgs(text string) (args []arg, rest string, err error) {
	depth, start := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			if i, err = endOfText(text, i); err != nil {
				return nil, "", err
			}
		case '<':
			i += endOfPath(text[i:])
		case '[', '{', '(':
			depth++
		case ']', '}':
			depth--
		case ',', ')':
			if text[i] == ')' && depth > 0 {
				depth--
				continue
			}
			if depth > 0 {
				continue
			}
			if a := strings.TrimSpace(text[start:i]); a != "" {
				args = append(args, readArg(a))
			}
			start = i + 1
			if text[i] == ')' {
				return args, text[i+1:], nil
			}
		}
	}
	return nil, "", errors.New("the arguments do not end")
}

func endOfText(s string, i int) (int, error) {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i, nil
		}
	}
	return 0, errors.New("a text does not end")
}

// endOfPath returns where "<path>", or "<TCP:[here->there]>", ends.
func endOfPath(s string) int {
	sign := ">"
	if open := strings.IndexByte(s, '['); open > 0 && open < strings.IndexByte(s+">", '>') {
		sign = "]>"
	}
	if end := strings.Index(s, sign); end >= 0 {
		return end + len(sign) - 1
	}
	return len(s) - 1
}

func readArg(text string) arg {
	if strings.HasPrefix(text, `"`) {
		if end, err := endOfText(text, 0); err == nil {
			return arg{text: unquote(text[1:end])}
		}
	}
	if open := strings.IndexByte(text, '<'); open > 0 {
		end := open + endOfPath(text[open:])
		return arg{text: text[:open], path: text[open+1 : end]}
	}
	return arg{text: text}
}
