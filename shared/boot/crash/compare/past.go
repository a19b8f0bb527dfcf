package main

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gander-images/gander/shared/boot/crash/journal"
)

// A write is what a request set one thing to. It happened, or may have happened,
// between two lines of the journal.
type write struct {
	request    int
	begin, end int
	value      string // absent: nothing
	happened   bool   // it was answered so, or its traces were seen
}

// absent is the value of what is not there.
const absent = ""

// A history is all writes to one image or key, by what they wrote.
type history map[string][]*write

// A past is what a journal tells.
type past struct {
	images map[string]history
	// strays are creates whose answer was lost and whose id nobody knows, by the
	// property that marks them.
	strays map[string]history

	keys map[string]history
	// strayKeys are likewise, by name.
	strayKeys map[string]history

	acknowledged, unknown int
	faults                []string
}

const mark = journal.Property + "mark"

func readPast(lines []journal.Line) *past {
	p := &past{
		images: map[string]history{}, strays: map[string]history{},
		keys: map[string]history{}, strayKeys: map[string]history{},
	}
	asks := map[int]int{}
	for n, l := range lines {
		switch l.Kind {
		case journal.Ask:
			asks[l.Request] = n
		case journal.Answer, journal.Lost:
			begin, ok := asks[l.Request]
			if !ok {
				p.faults = append(p.faults, fmt.Sprintf("line %d of the journal answers request %d, which was not asked", n+1, l.Request))
				continue
			}
			delete(asks, l.Request)
			p.add(lines[begin], l, begin, n)
		}
	}
	for _, begin := range asks { // the journal ends before them
		p.add(lines[begin], journal.Line{Kind: journal.Lost}, begin, math.MaxInt)
	}
	return p
}

// add takes in one request and how it ended.
func (p *past) add(ask, end journal.Line, begin, over int) {
	happened := end.Kind == journal.Answer && end.Status < 300
	switch {
	case end.Kind == journal.Answer && end.Status >= 500:
		over = math.MaxInt // it may go on
	case end.Kind == journal.Answer && !happened:
		return // refused: nothing was written
	}
	if happened {
		p.acknowledged++
	} else {
		p.unknown++
	}
	h := p.historyOf(ask, end, happened)
	sets := maps.Clone(ask.Sets)
	if sets == nil {
		sets = map[string]*string{}
	}
	maps.Copy(sets, end.Sets)
	for key, value := range sets {
		w := &write{request: ask.Request, begin: begin, end: over, happened: happened}
		if value != nil {
			w.value = *value
		}
		h[key] = append(h[key], w)
	}
}

func (p *past) historyOf(ask, end journal.Line, happened bool) history {
	kind, all, strays, asked, id, marked := "image", p.images, p.strays, ask.Image, end.Image, ask.Sets[mark]
	if ask.Key != "" {
		kind, all, strays, id, marked = "key", p.keys, p.strayKeys, end.Key, ask.Sets[journal.Name]
		if asked = ask.Key; asked == journal.NewKey {
			asked = ""
		}
	}
	if asked != "" {
		id = asked
	}
	if id == "" {
		h := history{}
		if marked != nil {
			strays[*marked] = h
		}
		return h
	}
	if all[id] == nil {
		all[id] = history{}
	} else if happened && asked == "" {
		p.faults = append(p.faults, fmt.Sprintf("%s id %s was given twice", kind, id))
	}
	return all[id]
}

// said reports whether any write, whatever became of it, was of this value.
func (h history) said(key, value string) bool {
	return slices.ContainsFunc(h[key], func(w *write) bool { return w.value == value })
}

// prove takes every write for one that happened whose value is seen and was
// written once only: then all else that its request wrote happened, too.
func (h history) prove(seen func(key string) string) {
	proven := map[int]bool{}
	for key, writes := range h {
		value := seen(key)
		var only *write
		for _, w := range writes {
			if w.value != value {
				continue
			}
			if only != nil {
				only = nil
				break
			}
			only = w
		}
		if only != nil && value != absent {
			proven[only.request] = true
		}
	}
	for _, writes := range h {
		for _, w := range writes {
			w.happened = w.happened || proven[w.request]
		}
	}
}

// allows reports whether a thing may have this value after all writes: it is that
// of a write, or absent as at the beginning, and none that happened came wholly
// after it.
func (h history) allows(key, value string) bool {
	beginning := &write{begin: -1, end: -1, happened: true}
	for _, w := range append([]*write{beginning}, h[key]...) {
		if w.value == value && !h.covered(key, w) {
			return true
		}
	}
	return false
}

func (h history) covered(key string, w *write) bool {
	for _, later := range h[key] {
		if later.happened && later.begin > w.end {
			return true
		}
	}
	return false
}

// wanted says which values are allowed, for a fault.
func (h history) wanted(key string) string {
	text := ""
	if h.allows(key, absent) {
		text = "nothing"
	}
	for _, w := range h[key] {
		if w.value != absent && !h.covered(key, w) {
			if text != "" {
				text += " or "
			}
			text += fmt.Sprintf("%q (request %d)", w.value, w.request)
		}
	}
	return text
}
