package gateway

import (
	"io"
	"maps"
	"sync"
)

// A Tally is what one function has done.
type Tally struct {
	Answers map[int]int // requests, by the status that the caller got
	Events  int         // of the stream or the schedule that it took
	Failed  int         // events on which it failed
	Records int         // of the stream that it took
}

// Good is the number of requests answered with a 2xx or 3xx, and of events
// taken.
func (t Tally) Good() int {
	n := t.Events
	for status, count := range t.Answers {
		if status < 400 {
			n += count
		}
	}
	return n
}

type tally struct {
	mutex sync.Mutex
	rows  map[string]*Tally
}

// change changes a function's row.
func (t *tally) change(function string, change func(*Tally)) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.rows == nil {
		t.rows = make(map[string]*Tally)
	}
	if t.rows[function] == nil {
		t.rows[function] = &Tally{Answers: make(map[int]int)}
	}
	change(t.rows[function])
}

func (g *Gateway) count(function string, status int) {
	g.tally.change(function, func(t *Tally) { t.Answers[status]++ })
}

// Tally tells what each function has done so far, by the name of its folder.
// Requests that reached none are under the empty name.
func (g *Gateway) Tally() map[string]Tally {
	g.tally.mutex.Lock()
	defer g.tally.mutex.Unlock()
	all := make(map[string]Tally, len(g.tally.rows))
	for name, row := range g.tally.rows {
		copied := *row
		copied.Answers = maps.Clone(row.Answers)
		all[name] = copied
	}
	for _, m := range g.mappings {
		row := all[m.function]
		row.Records += m.Delivered()
		all[m.function] = row
	}
	return all
}

// locked lets many write to one log, a write at a time.
type locked struct {
	mutex sync.Mutex
	to    io.Writer
}

// Write implements io.Writer.
func (l *locked) Write(p []byte) (int, error) {
	if l.to == nil {
		return len(p), nil
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.to.Write(p)
}
