package key

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// A Finding is one thing about keys that an audit tells: something that needs a person,
// or the next thing that the sweeper will do.
type Finding struct {
	Kind       string // missing, unrecorded or elsewhere, as reports; step or retire, of the sweeper
	Key        string
	Generation int   // 0 where it is about the key as a whole
	State      State // of the record; empty where it does not matter
	At         time.Time
	Why        string
	Person     bool // nothing will be done about it unless somebody does it
}

// The kinds of finding beside those of reports: what the sweeper will do.
const (
	willStep   = "step"
	willRetire = "retire"
)

// An AuditPage is a page of findings. Next leads on from it; empty: it is the last.
type AuditPage struct {
	Findings []Finding
	Next     string
}

// sections are the parts of an audit, in their order.
var sections = []string{reportMissing, reportUnrecorded, reportElsewhere, willStep, willRetire}

// Audit returns a page of what is not as it should be about keys, as the last round
// found it, and then of what the sweeper will do and why, the next first. It changes
// nothing.
//
// Errors: Invalid for a position that no page gave; the table's.
func (s *Service) Audit(ctx context.Context, g policy.Grant, from string, limit int) (page AuditPage, err error) {
	if err := g.Permits(policy.ManageKeys); err != nil {
		return page, err
	}
	section, after, err := readPosition(from)
	if err != nil {
		return page, err
	}
	for _, name := range sections[section:] {
		if len(page.Findings) == limit { // the section before ended with the page
			page.Next = position(name, "")
			return page, nil
		}
		found, last, more, err := s.section(ctx, name, after, limit-len(page.Findings))
		if err != nil {
			return page, err
		}
		page.Findings = append(page.Findings, found...)
		if more {
			page.Next = position(name, last)
			return page, nil
		}
		after = ""
	}
	return page, nil
}

// position is where a page ends, in the form that a URL takes.
func position(section, last string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(section + " " + last))
}

func readPosition(from string) (section int, after string, err error) {
	if from == "" {
		return 0, "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(from)
	name, after, _ := strings.Cut(string(text), " ")
	section = slices.Index(sections, name)
	if err != nil || section < 0 || !utf8.ValidString(after) || len(after) > table.MaxSortBytes {
		return 0, "", problem.New(problem.Invalid, "There is no page of the audit that begins after '%s'.", from)
	}
	return section, after, nil
}

func (s *Service) section(ctx context.Context, name, after string, limit int) (found []Finding, last string, more bool, err error) {
	switch name {
	case willStep:
		return s.auditDue(ctx, StepKind, after, limit, s.foundSteps)
	case willRetire:
		return s.auditDue(ctx, RetiredKind, after, limit, s.foundRetired)
	}
	reports, last, more, err := s.reportPage(ctx, name, after, limit)
	for _, r := range reports {
		found = append(found, Finding{
			Kind: r.Kind, Key: r.Key, Generation: r.Generation, At: r.At, Why: r.Why, Person: true,
		})
	}
	return found, last, more, err
}

func (s *Service) auditDue(
	ctx context.Context, kind, after string, limit int, read func(context.Context, []due.Entry) ([]Finding, error),
) (found []Finding, last string, more bool, err error) {
	entries, last, more, err := due.Peek(ctx, s.Table, kind, after, limit)
	if err != nil {
		return nil, "", false, err
	}
	found, err = read(ctx, entries)
	return found, last, more, err
}

func (s *Service) foundSteps(ctx context.Context, entries []due.Entry) ([]Finding, error) {
	ids := make([]string, len(entries))
	for i, e := range entries {
		var body step
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return nil, fmt.Errorf("reading an entry of a key: %w", err)
		}
		ids[i] = body.Key
	}
	records, err := s.FindAll(ctx, ids...)
	if err != nil {
		return nil, err
	}
	found := make([]Finding, 0, len(entries))
	for i, e := range entries {
		f := Finding{Kind: willStep, Key: ids[i], At: e.At, Why: "the entry is dropped: the key has moved on"}
		if r := records[i]; r != nil && r.Due.Equal(e.At) {
			f.State, f.Generation, f.Why = r.State, r.Generation, r.will()
		}
		found = append(found, f)
	}
	return found, nil
}

// will tells what the record's due step does.
func (r *Record) will() string {
	switch {
	case r.State == Creating:
		return "it is given up: it was not made in time"
	case r.State == Abandoned:
		return "what was made of it is deleted with the recovery window, and then its record: its making came to nothing"
	case r.State == Condemned && r.Holders > 0:
		return "nothing is done: it is held again"
	case r.State == Condemned:
		return "its deletion is scheduled with the recovery window: nobody holds it, and a purged image wished it gone"
	case r.Restoring:
		return "a restore that did not end is taken back"
	case r.State == Scheduled && r.Confirmed:
		return "the key store is asked whether its secret is gone: the recovery window has ended then"
	case r.State == Scheduled:
		return "the key store is asked for the deletion, with the recovery window, until it confirms it"
	}
	return "nothing is done in this state"
}

func (s *Service) foundRetired(_ context.Context, entries []due.Entry) ([]Finding, error) {
	found := make([]Finding, 0, len(entries))
	for _, e := range entries {
		var body retired
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return nil, fmt.Errorf("reading an entry of a generation: %w", err)
		}
		found = append(found, Finding{
			Kind: willRetire, Key: body.Key, Generation: body.Generation, At: e.At,
			Why: "this generation is not, or no longer, the key: it is deleted with the recovery window, and looked for until it is gone",
		})
	}
	return found, nil
}
