package boot

import (
	"context"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/dynamo"
)

// work does in the background what the reaper and the sweeper do elsewhere. The
// function it returns waits for what runs.
func (s *services) work(v setting.Values) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.follow(ctx, v.SweepEvery) })
	running.Go(func() { s.tick(ctx, v.SweepEvery) })
	return func() {
		cancel()
		running.Wait()
	}
}

// follow is the reaper: it reacts to the table's changes as they come. While they
// cannot be had, the sweeper does their work, later.
func (s *services) follow(ctx context.Context, again time.Duration) {
	feed := s.feed()
	for ctx.Err() == nil {
		reaper := &insistent{services: s, pause: pause}
		err := feed.Changes(ctx, Reaper.Name, reaper.take)
		if err != nil && ctx.Err() == nil {
			s.log.Error("the table's changes cannot be followed; what is due waits for the sweeper", "error", err, "again_in", again.String())
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

// feed tells what changes in the table: the table itself where the process has it
// for its own, else a poller of the stream that a platform would map to functions.
func (s *services) feed() table.Feed {
	if remote, ok := s.table.(*dynamo.Table); ok {
		return dynamo.Follow(remote, s.account)
	}
	return s.table.(table.Feed) // the local table
}

// tick is the sweeper: it looks for what is due, at once and then ever again.
func (s *services) tick(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := s.sweepAll(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("sweeping", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}
