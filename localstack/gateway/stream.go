package gateway

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/gander-images/gander/localstack/gateway/mapping"
	"github.com/gander-images/gander/localstack/gateway/pattern"
	"github.com/gander-images/gander/localstack/template"
)

// startMappings starts what feeds functions from streams.
func (g *Gateway) startMappings(ctx context.Context, s *template.Stack, functions []function) error {
	if g.config.NoStream {
		return nil
	}
	readers, err := queueReaders(s, functions)
	if err != nil {
		return err
	}
	for _, f := range functions {
		events, err := eventsOf(s, f.id, "DynamoDB")
		if err != nil {
			return err
		}
		for _, name := range events {
			settings, err := readMapping(s, f, name)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", f.id, name, err)
			}
			m := mapping.Start(settings, mapping.Options{
				Streams: dynamodbstreams.NewFromConfig(g.config.AWS), Invoke: g.feed(f.name), Log: g.log, Every: pollEvery,
				GaveUp: func(message []byte) { g.queue(ctx, readers, message) },
			})
			g.mappings = append(g.mappings, feeding{m, f.name})
		}
	}
	return nil
}

// pollEvery is shorter than AWS's: tests wait for it.
const pollEvery = 50 * time.Millisecond

// eventsOf names a function's events of a type.
func eventsOf(s *template.Stack, id, kind string) ([]string, error) {
	events, err := s.Keys(id, "Events")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range events {
		v, err := s.Property(id, "Events", name, "Type")
		if err != nil {
			return nil, err
		}
		switch found := template.Text(v); found {
		case kind:
			names = append(names, name)
		case "DynamoDB", "Schedule", "SQS":
		default:
			return nil, fmt.Errorf("%s: an event of type %q is not known here", id, found)
		}
	}
	return names, nil
}

// readMapping reads the settings of a stream's event. One that is not known here
// is an error: it would change what the function gets.
func readMapping(s *template.Stack, f function, name string) (mapping.Settings, error) {
	keys, err := s.Keys(f.id, "Events", name, "Properties")
	if err != nil {
		return mapping.Settings{}, err
	}
	m := mapping.Settings{Function: f.spec.ARN, Retries: -1}
	for _, key := range keys {
		if key == "DestinationConfig" {
			m.Destination = true // it is kept here, whatever it names
			continue
		}
		v, err := s.Property(f.id, "Events", name, "Properties", key)
		if err == nil {
			err = readSetting(&m, key, v)
		}
		if err != nil {
			return m, fmt.Errorf("%s: %w", key, err)
		}
	}
	return m, nil
}

func readSetting(m *mapping.Settings, key string, v any) (err error) {
	switch key {
	case "Stream":
		m.Stream = template.Text(v)
	case "StartingPosition":
		m.Latest = template.Text(v) == "LATEST"
	case "BatchSize":
		m.BatchSize, err = template.Number(v)
	case "FunctionResponseTypes":
		l, _ := v.([]any)
		m.Partial = slices.Contains(l, any("ReportBatchItemFailures"))
	case "BisectBatchOnFunctionError":
		m.Bisect = template.Text(v) == "true"
	case "MaximumRetryAttempts":
		m.Retries, err = template.Number(v)
	case "MaximumRecordAgeInSeconds":
		var seconds int
		seconds, err = template.Number(v)
		m.RecordAge = time.Duration(max(seconds, 0)) * time.Second
	case "FilterCriteria":
		m.Filters, err = readFilters(v)
	case "MaximumBatchingWindowInSeconds", "ParallelizationFactor": // only how fast
	case "Enabled":
		if template.Text(v) != "true" {
			err = fmt.Errorf("a mapping that is off is not known here")
		}
	default:
		err = fmt.Errorf("it is not known here")
	}
	return err
}

func readFilters(v any) ([]*pattern.Pattern, error) {
	criteria, _ := v.(template.Tree)
	rows, _ := criteria["Filters"].([]any)
	var all []*pattern.Pattern
	for _, row := range rows {
		m, _ := row.(template.Tree)
		p, err := pattern.Compile(template.Text(m["Pattern"]))
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// feed hands events to a consumer, and keeps count.
func (g *Gateway) feed(name string) mapping.Invoke {
	f := g.functions[name]
	return func(ctx context.Context, event []byte) (answer []byte, failed bool, err error) {
		began := time.Now()
		outcome, err := f.Invoke(ctx, event)
		if err != nil {
			return nil, false, err
		}
		g.tally.change(name, func(t *Tally) {
			if outcome.Failed {
				t.Failed++
			} else {
				t.Events++
			}
		})
		if outcome.Failed {
			g.log.Error("a function failed on an event", "function", name, "kind", outcome.Kind, "message", outcome.Message())
		} else {
			g.log.Info("took an event", "function", name, "ms", time.Since(began).Milliseconds())
		}
		return outcome.Payload, outcome.Failed, nil
	}
}
