package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/localstack/template"
)

// A timer is a schedule that feeds a function.
type timer struct {
	function string
	rule     string // ARN
	every    time.Duration
}

// startTimers starts what feeds functions by the clock.
func (g *Gateway) startTimers(ctx context.Context, s *template.Stack, functions []function) error {
	for _, f := range functions {
		events, err := eventsOf(s, f.id, "Schedule")
		if err != nil {
			return err
		}
		for _, name := range events {
			v, err := s.Property(f.id, "Events", name, "Properties", "Schedule")
			if err != nil {
				return err
			}
			every, err := rate(template.Text(v))
			if err != nil {
				return fmt.Errorf("%s: %s: %w", f.id, name, err)
			}
			rule := "arn:" + template.Partition + ":events:" + template.Region + ":" + template.Account + ":rule/gander-" + f.id + name
			g.timers = append(g.timers, timer{f.name, rule, every})
		}
	}
	if g.config.NoSchedule {
		return nil
	}
	for _, t := range g.timers {
		g.running.Go(func() { g.tick(ctx, t) })
	}
	return nil
}

var rates = regexp.MustCompile(`^rate\(([1-9][0-9]*) (minute|hour|day)s?\)$`)

// rate reads a schedule's expression. A calendar is not known here.
func rate(text string) (time.Duration, error) {
	m := rates.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("the schedule %s is not known here", text)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, err
	}
	return time.Duration(n) * map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[m[2]], nil
}

func (g *Gateway) tick(ctx context.Context, t timer) {
	ticker := time.NewTicker(t.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = g.fire(ctx, t) // it is in the log; the next tick tries again
		}
	}
}

// fire hands a function the event of its schedule.
//
// Source: Amazon EventBridge User Guide, "Events from AWS services", scheduled
// events.
func (g *Gateway) fire(ctx context.Context, t timer) error {
	event, err := json.Marshal(object{
		"version": "0", "id": uuid.NewString(), "detail-type": "Scheduled Event", "source": "aws.events", "account": template.Account,
		"time": time.Now().UTC().Format(time.RFC3339), "region": template.Region, "resources": []string{t.rule}, "detail": object{},
	})
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	answer, failed, err := g.feed(t.function)(ctx, event)
	if err == nil && failed {
		err = fmt.Errorf("gateway: %s failed: %s", t.function, answer)
	}
	return err
}

// Sweep lets the schedules fire at once, whether they are on or not, and waits
// for their functions.
func (g *Gateway) Sweep(ctx context.Context) error {
	var failures []error
	for _, t := range g.timers {
		failures = append(failures, g.fire(ctx, t))
	}
	return errors.Join(failures...)
}
