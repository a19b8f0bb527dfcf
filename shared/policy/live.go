package policy

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gander-images/gander/shared/caller"
)

// A Live decides by the newest good rules of its files, which may change while it
// is asked. Every single decision is by one whole version; who makes several that
// belong together asks Current once.
type Live struct {
	source Source

	loading sync.Mutex
	seen    string // what the files were like at the last look
	loaded  atomic.Pointer[loaded]
}

// A Source is where a Live has its rules from.
type Source struct {
	Paths []string // files and directories, as Read takes them; none: the registered defaults, for ever
	Mode  Mode
	Now   func() time.Time

	// Needs are rules that something beside operations asks for. Changed files
	// without one of them are not taken.
	Needs []Rule

	// Pause waits a little. Files that changed are read again after it until two
	// readings agree: somebody may be writing them, and half a file can be a valid
	// one with fewer rules. Nil: they are taken at once.
	Pause func()
}

// loaded is what a Live goes by. It never changes.
type loaded struct {
	enforcer *Enforcer
	state    State
	blank    []string // files with nothing in them
}

// A State tells which rules are in force.
type State struct {
	Version  string // of the Document
	Files    []string
	LoadedAt time.Time
	Faults   Findings // why what the files say by now is not in force; empty: it is
}

// Degraded reports whether the files say something that could not be taken.
func (s State) Degraded() bool { return len(s.Faults) > 0 }

// NewLive returns a Live that begins with rules which were read from the source.
func NewLive(from Source, doc *Document, e *Enforcer) *Live {
	l := &Live{source: from, seen: look(doc)}
	l.keep(doc, e)
	return l
}

// keep puts rules in force.
func (l *Live) keep(doc *Document, e *Enforcer) {
	l.loaded.Store(&loaded{enforcer: e, blank: doc.blank, state: State{Version: doc.Version(), Files: doc.Files(), LoadedAt: l.source.Now()}})
}

// look tells one reading of the files from another, also where they could not be
// read.
func look(doc *Document) string {
	seen := doc.Version() + "\n" + doc.findings.Error()
	for _, file := range doc.files {
		seen += "\n" + file
	}
	return seen
}

// Reload looks at the files. Where they say something else than at the last look,
// and all of it can be taken, it is in force from now on; where not, what was in
// force stays, and State tells why. changed is false where they say the same.
//
// Errors: none; findings are those of Compile.
func (l *Live) Reload() (changed bool, findings Findings) {
	l.loading.Lock()
	defer l.loading.Unlock()
	doc, seen := l.read()
	if seen == l.seen {
		return false, nil
	}
	l.seen = seen
	e, findings := Compile(doc, l.source.Mode)
	findings = findings.Asked(l.source.Needs)
	if e != nil {
		findings = append(findings, l.missing(doc, e)...)
	}
	if len(findings.Refused()) > 0 {
		old := l.loaded.Load()
		state := old.state
		state.Faults = findings.Refused()
		l.loaded.Store(&loaded{enforcer: old.enforcer, blank: old.blank, state: state})
		return true, findings
	}
	l.keep(doc, e)
	return true, findings
}

// missing are faults of files that changed, and of none that a start is given. A
// folder that is empty for a moment, or a file that a full disk left empty, must not
// turn rules back to their defaults.
func (l *Live) missing(doc *Document, e *Enforcer) Findings {
	if len(doc.files) == 0 {
		return Findings{{File: l.source.Paths[0], Reason: "there is no policy file any more", Refused: true}}
	}
	var findings Findings
	old := l.loaded.Load()
	for _, file := range doc.blank {
		if slices.Contains(old.state.Files, file) && !slices.Contains(old.blank, file) {
			findings = append(findings, Finding{File: file, Reason: "there is nothing in it any more; where no rule is meant to be, write {}", Refused: true})
		}
	}
	for _, rule := range l.source.Needs {
		if !e.Has(rule) {
			findings = append(findings, Finding{Rule: string(rule), Reason: "there is no such rule any more, and property protections ask it", Refused: true})
		}
	}
	return findings
}

// maxReadings bounds how often files that keep changing are read for one look.
const maxReadings = 10

// read reads the files until they hold still.
func (l *Live) read() (doc *Document, seen string) {
	doc, _ = Read(l.source.Paths...)
	seen = look(doc)
	for range maxReadings {
		if seen == l.seen || l.source.Pause == nil {
			return doc, seen
		}
		l.source.Pause()
		before := seen
		doc, _ = Read(l.source.Paths...)
		if seen = look(doc); seen == before {
			return doc, seen
		}
	}
	return nil, l.seen // the next look may find them at rest
}

// State returns which rules are in force, and whether they are those of the files.
func (l *Live) State() State { return l.loaded.Load().state }

// Current returns the rules that are in force now, and stays with them.
func (l *Live) Current() *Enforcer { return l.loaded.Load().enforcer }

// Decide implements Decider.
func (l *Live) Decide(rule Rule, c caller.Caller, t Target) (bool, error) {
	return l.Current().Decide(rule, c, t)
}

// Authorize implements Decider.
func (l *Live) Authorize(rule Rule, c caller.Caller, t Target) (Grant, error) {
	return l.Current().Authorize(rule, c, t)
}
