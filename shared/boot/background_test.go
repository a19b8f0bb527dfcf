package boot

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
)

// unsteady is a feed whose first connections fail.
type unsteady struct {
	table.Table
	failures int
	changes  []table.Change
}

func (u *unsteady) Changes(ctx context.Context, consumer string, handle table.Handler) error {
	if u.failures > 0 {
		u.failures--
		return errors.New("the stream is out of reach")
	}
	if consumer != Reaper.Name {
		return errors.New("somebody else's position")
	}
	if _, err := handle(ctx, u.changes); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// TestFollowingGoesOn: a feed that failed is followed again, and each failure is
// told once.
func TestFollowingGoesOn(t *testing.T) {
	e := due.New("test", time.Now().Add(-time.Minute), "a", struct{}{})
	item := table.Item{Key: e.Key(), Revision: 1, Schema: 1, Body: e.Body}
	feed := &unsteady{failures: 2, changes: []table.Change{{Sequence: "1", New: &item}}}
	ctx, cancel := context.WithCancel(t.Context())
	var done []string
	logs := &logBuffer{}
	s := &services{table: feed, log: slog.New(slog.NewJSONHandler(logs, nil)), runner: recorder(&done, func(string) error {
		cancel()
		return nil
	})}
	s.follow(ctx, time.Millisecond)
	if len(done) != 1 || strings.Count(logs.String(), `"level":"ERROR"`) != 2 {
		t.Errorf("did %v, logged %s", done, logs)
	}
}
