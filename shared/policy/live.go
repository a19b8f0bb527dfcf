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
	paths []string
	mode  Mode
	now   func() time.Time

	loading sync.Mutex
	seen    string // what files were like when they were last looked at
	loaded  atomic.Pointer[loaded]
}

// loaded is what a Live goes by. It never changes.
type loaded struct {
	enforcer *Enforcer
	state    State
}

// A State tells which rules are in force.
type State struct {
	Version  string // of the Document
	Files    []string
	LoadedAt time.Time
	Faults   Findings // why what the files now say is not in force; empty: it is
}

// Degraded reports whether the rules in force are older than the files.
func (s State) Degraded() bool { return len(s.Faults) > 0 }

// Open reads the paths as Read does, and returns a Live for what Compile makes of
// them. It is nil if and only if a finding is refused. No paths: the registered
// defaults, for ever.
func Open(paths []string, mode Mode, now func() time.Time) (*Live, Findings) {
	l := &Live{paths: slices.Clone(paths), mode: mode, now: now}
	doc, _ := Read(paths...)
	e, findings := Compile(doc, mode)
	if e == nil {
		return nil, findings
	}
	l.seen = look(doc)
	l.keep(doc, e)
	return l, findings
}

// keep puts rules in force.
func (l *Live) keep(doc *Document, e *Enforcer) {
	l.loaded.Store(&loaded{enforcer: e, state: State{Version: doc.Version(), Files: doc.Files(), LoadedAt: l.now()}})
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
// force stays, and State tells why. changed is false, and findings are nil, where
// they say the same.
//
// Files that a directory no longer has are no fault, but for the last one: a
// folder that is empty for a moment must not turn every rule back to its default.
func (l *Live) Reload() (changed bool, findings Findings) {
	l.loading.Lock()
	defer l.loading.Unlock()
	doc, _ := Read(l.paths...)
	seen := look(doc)
	if seen == l.seen {
		return false, nil
	}
	l.seen = seen
	e, findings := Compile(doc, l.mode)
	was := l.loaded.Load()
	if len(doc.files) == 0 && len(was.state.Files) > 0 && e != nil {
		e, findings = nil, append(findings, Finding{File: l.paths[0], Reason: "it has no file any more", Refused: true})
	}
	if e == nil {
		state := was.state
		state.Faults = findings.Refused()
		l.loaded.Store(&loaded{enforcer: was.enforcer, state: state})
		return true, findings
	}
	l.keep(doc, e)
	return true, findings
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
