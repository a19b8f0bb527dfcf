package boot

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/key"
)

// metricNamespace is that of Gander's own metrics on AWS.
const metricNamespace = "Gander"

// measureKeys has what is measured about keys told: to CloudWatch where the function
// is a Lambda, and to whoever asks for the service's health elsewhere.
func (s *services) measureKeys(lambda bool, table string) {
	if lambda {
		s.api.Keys.Measure = emitter(s.log, table, time.Now)
		return
	}
	counts := &counters{}
	s.api.Keys.Measure, s.api.KeyDecisions = counts.take, counts.decisions
}

// emitter writes measures as log lines that CloudWatch takes for metrics. They are
// written at every log level. What they are of is told apart by the name of the
// table, which every function about keys knows.
//
// Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
func emitter(log *slog.Logger, table string, now func() time.Time) func(key.Measure) {
	return func(m key.Measure) {
		at := now()
		dimensions := []string{"Table"}
		line := slog.NewRecord(at, slog.LevelInfo, "key metric", 0)
		line.AddAttrs(slog.String("Table", table))
		if m.Of != "" {
			dimensions = append(dimensions, "Decision")
			line.AddAttrs(slog.String("Decision", m.Of))
		}
		line.AddAttrs(slog.Int(m.Name, m.Value), slog.Any("_aws", metricData{
			Timestamp: at.UnixMilli(),
			Metrics: []metricDirective{{
				Namespace: metricNamespace, Dimensions: [][]string{dimensions},
				Metrics: []metricDefinition{{Name: m.Name, Unit: "Count"}},
			}},
		}))
		_ = log.Handler().Handle(context.Background(), line) // as slog.Logger does
	}
}

// metricData is the member _aws of a line.
type metricData struct {
	// Timestamp is in milliseconds since 1970.
	Timestamp int64
	Metrics   []metricDirective `json:"CloudWatchMetrics"`
}

type metricDirective struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metricDefinition
}

type metricDefinition struct {
	Name string
	Unit string
}

// counters keep how often what was decided about keys since the process began.
type counters struct {
	mu     sync.Mutex
	counts map[string]int64
}

func (c *counters) take(m key.Measure) {
	if m.Name != key.MeasureDecisions {
		return // the table itself tells of the others
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = make(map[string]int64)
	}
	c.counts[m.Of] += int64(m.Value)
}

// decisions returns the counts, by the state that keys came to.
func (c *counters) decisions() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}
