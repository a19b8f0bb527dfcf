package key

import (
	"context"
	"log/slog"
)

// What is measured about keys. Alarms of template.yaml go by these names.
const (
	MeasureDecisions  = "KeyDecisions"      // one for each decision, by the state that the key came to
	MeasureMissing    = "MissingKeys"       // usable keys whose secret is gone, at the end of a round
	MeasureUnrecorded = "UnrecordedSecrets" // secrets without a record, at the end of a round
	MeasureOff        = "KeyDeletionsOff"   // 1 while keys are not deleted, else 0, at the end of a round and when it happens
	MeasureUncovered  = "KeysUncovered"     // one for each usable key whose secret was on its way out
)

// A Measure is a number about keys as a whole.
type Measure struct {
	Name  string
	Of    string // of decisions: the state, or none; else empty
	Value int
}

// none is the state of a key without a record, where a name must not be empty.
const none = "none"

func (s *Service) measure(name, of string, value int) {
	if s.Measure != nil {
		s.Measure(Measure{name, of, value})
	}
}

// measureDecision counts a decision that has happened.
func (s *Service) measureDecision(d Decision) {
	to := string(d.To)
	if to == "" {
		to = none
	}
	s.measure(MeasureDecisions, to, 1)
}

// alarm tells what needs a person, once it is known. It never has a value of a key.
func (s *Service) alarm(ctx context.Context, what, id, why string) {
	s.Log.LogAttrs(ctx, slog.LevelError, "a key needs a person", slog.String("alarm", what), slog.String("key_id", id), slog.String("why", why))
}
