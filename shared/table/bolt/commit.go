package bolt

import (
	"errors"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gander-images/gander/shared/table"
)

// What one group may hold.
const (
	maxGroup      = 256
	maxGroupBytes = 8 << 20
)

// Waiting in favour of larger groups.
const (
	lingerMost    = 2 * time.Millisecond   // for writers that are on their way back
	positionDelay = 100 * time.Millisecond // for writes that positions can go along with
)

// linger is how long a group waits for writers, given what the last commit took:
// so short that it costs little where they do not come.
func linger(spent time.Duration) time.Duration { return min(spent/4, lingerMost) }

// run is the writer: the only goroutine that changes the file.
func (t *Table) run() {
	defer close(t.stopped)
	group := make([]*request, 0, maxGroup)
	for {
		var open bool
		group, open = t.gather(group[:0])
		if len(group) > 0 || !open || t.feeds.due() {
			t.serve(group)
		}
		if !open {
			return
		}
	}
}

// gather waits for requests, or for positions that have waited long enough,
// and returns the next group. False: the table is being closed.
func (t *Table) gather(group []*request) ([]*request, bool) {
	var overdue <-chan time.Time
	for len(group) == 0 {
		select {
		case r, open := <-t.queue:
			if !open {
				return group, false
			}
			group = admit(group, r)
		case <-t.feeds.noted:
			overdue = time.After(positionDelay)
		case <-overdue:
			return group, true
		}
	}
	return t.fill(group), true
}

// fill adds what is queued. The writers of the last group are probably on their
// way back: they get a moment, a part of what the last commit took. Otherwise
// two halves of them would take turns, each with a commit of its own.
func (t *Table) fill(group []*request) []*request {
	size := group[0].bytes
	var patience *time.Timer
	for len(group) < maxGroup && size < maxGroupBytes {
		var late <-chan time.Time
		if len(group) < t.expected {
			if patience == nil {
				patience = time.NewTimer(t.settings.linger(t.spent))
				defer patience.Stop()
			}
			late = patience.C
		}
		r, ok := next(t.queue, late)
		if !ok {
			break
		}
		before := len(group)
		if group = admit(group, r); len(group) > before {
			size += r.bytes
		}
	}
	return group
}

// next takes from the queue: at once, or until late.
func next(queue <-chan *request, late <-chan time.Time) (*request, bool) {
	if late == nil {
		select {
		case r, open := <-queue:
			return r, open
		default:
			return nil, false
		}
	}
	select {
	case r, open := <-queue:
		return r, open
	case <-late:
		return nil, false
	}
}

func admit(group []*request, r *request) []*request {
	if r.take() {
		return append(group, r)
	}
	return group
}

// serve commits a group and answers its members. A member that spoils the
// group is answered alone and the others are tried again; on a full disk each
// is tried alone, for a small one, or one that deletes, may still fit.
func (t *Table) serve(group []*request) {
	t.expected = len(group)
	start := time.Now()
	defer func() { t.spent = time.Since(start) }()
	for {
		spoiler, err := t.attempt(group)
		if spoiler >= 0 {
			group[spoiler].answer(err)
			group = append(group[:spoiler:spoiler], group[spoiler+1:]...)
			continue
		}
		if errors.Is(err, table.ErrFull) && len(group) > 1 {
			for i := range group {
				t.serve(group[i : i+1])
			}
			return
		}
		t.expected += len(t.queue) // before any of the group can be there again
		for _, r := range group {
			r.answer(err)
		}
		return
	}
}

// attempt makes all writes of a group in one bbolt transaction. With an error
// none of them happened, except as ErrUnknown says. A spoiler is the index of
// the member that made the engine fail, -1 for none.
func (t *Table) attempt(group []*request) (spoiler int, err error) {
	if err := t.usable(); err != nil {
		return -1, err
	}
	tx, err := t.db.Begin(true)
	if err != nil {
		return -1, t.refused(err)
	}
	b := newBatch(tx, t.settings.now().UnixMilli())
	for i, r := range group {
		if err := safely(func() error { return b.apply(r) }); err != nil {
			return i, errors.Join(err, tx.Rollback())
		}
	}
	positions := t.feeds.snapshot()
	if b.changed == 0 && (len(positions.dirty) == 0 || !flushes(group)) {
		return -1, tx.Rollback()
	}
	dropped, err := t.finish(b, positions)
	if err != nil {
		return -1, t.refused(errors.Join(err, tx.Rollback()))
	}
	if err := t.commit(tx); err != nil {
		return -1, err
	}
	t.committed(group, b, positions, dropped)
	return -1, nil
}

// flushes reports whether positions alone are worth a commit: when nothing
// else was asked for, or somebody waits for them.
func flushes(group []*request) bool {
	for _, r := range group {
		if len(r.writes) == 0 {
			return true
		}
	}
	return len(group) == 0
}

// finish adds to a batch what goes along with every commit.
func (t *Table) finish(b *batch, p positions) (dropped int64, err error) {
	err = safely(func() error {
		consumers := b.tx.Bucket(consumerBucket)
		for name, seq := range p.dirty {
			if err := consumers.Put([]byte(name), sequenceKey(seq)); err != nil {
				return err
			}
		}
		var err error
		dropped, err = t.trim(b, p.floor, p.registered)
		return err
	})
	return dropped, err
}

// committed counts and announces a group that is on disk.
func (t *Table) committed(group []*request, b *batch, p positions, dropped int64) {
	made := 0
	for _, r := range group {
		if len(r.writes) > 0 && r.err == nil && r.outcome.OK() {
			made++
		}
	}
	t.counts.transactions.Add(int64(made))
	t.counts.groups.Add(1)
	t.counts.dropped.Add(dropped)
	if !t.settings.noSync {
		t.counts.syncs.Add(2)
	}
	t.feeds.written(p)
	if b.changed > 0 {
		t.feeds.announce()
	}
}

// safely turns a panic into an error.
func safely(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return do()
}

// commit commits tx. Without an error it is on disk.
func (t *Table) commit(tx *bbolt.Tx) error {
	id := tx.ID()
	cause := safely(func() error { return t.settings.commit(tx) })
	if cause == nil {
		return nil
	}
	if tx.DB() != nil { // a panic left it open
		return t.abandon(tx, cause)
	}
	return t.settleCommit(id, cause)
}
