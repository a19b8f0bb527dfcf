// Package bolt keeps a table in one bbolt file, for one process.
//
// Writers are grouped: while one group is being synced to disk the next one
// gathers, so that many transactions share one sync. Every caller is answered
// after the sync that made its writes durable. Readers run beside, and may see
// a group a moment before its sync has ended.
package bolt

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gander-images/gander/shared/table"
)

var (
	_ table.Table = (*Table)(nil)
	_ table.Feed  = (*Table)(nil)
)

// A Table is one open file. Close it when done.
type Table struct {
	path     string
	settings settings
	opened   time.Time

	mu   sync.RWMutex // held for reading by whoever uses db
	db   *bbolt.DB    // nil once closed, or while it cannot be opened again
	file *os.File     // db's own

	queue   chan *request
	gate    sync.RWMutex // held for reading by whoever puts into queue
	gated   bool         // queue is closed
	once    sync.Once
	stopped chan struct{} // the writer has ended
	feeds   feeds

	// The writer's own.
	expected  int           // writers that there probably are
	spent     time.Duration // how long the last commit took
	unsettled error         // why the file has to be settled before the next group
	stuck     error         // why nothing can be written until a restart

	counts struct{ transactions, groups, syncs, dropped atomic.Int64 }
}

type settings struct {
	noSync    bool
	lockWait  time.Duration
	retention time.Duration // changes are kept for consumers at most so long
	feedBytes int64         // and at most so many bytes of them
	now       func() time.Time
	linger    func(spent time.Duration) time.Duration
	commit    func(*bbolt.Tx) error
}

// An Option changes how a table is opened.
type Option func(*settings)

// WithoutSync leaves out every sync to disk. What was answered may be lost, or
// the file be damaged, when the machine stops. For tests of other packages.
func WithoutSync() Option { return func(s *settings) { s.noSync = true } }

// WithFeedLimits sets how long and how many bytes of changes are kept for
// consumers that have not taken them yet. The defaults are 24 hours, as in a
// DynamoDB stream, and 256 MiB.
func WithFeedLimits(age time.Duration, bytes int64) Option {
	return func(s *settings) { s.retention, s.feedBytes = age, bytes }
}

// Open opens the table kept in the file at path, and makes it if there is none.
// It fails, within about a second, if another process has it open.
func Open(path string, opts ...Option) (*Table, error) {
	t := &Table{
		path: path,
		settings: settings{
			lockWait: time.Second, retention: 24 * time.Hour, feedBytes: 256 << 20,
			now: time.Now, linger: linger, commit: (*bbolt.Tx).Commit,
		},
		queue:   make(chan *request, maxGroup),
		stopped: make(chan struct{}),
	}
	for _, o := range opts {
		o(&t.settings)
	}
	t.feeds.init()
	if err := t.openFile(); err != nil {
		return nil, err
	}
	if err := t.prepare(); err != nil {
		return nil, errors.Join(err, t.db.Close())
	}
	t.opened = t.settings.now()
	go t.run()
	return t, nil
}

// Close lets the running calls end, refuses new ones, and closes the file.
// Running Changes calls see their context end. It may be called again.
func (t *Table) Close() error {
	t.once.Do(func() {
		t.feeds.stop()
		t.gate.Lock()
		t.gated = true
		close(t.queue)
		t.gate.Unlock()
	})
	<-t.stopped
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.db == nil || t.stuck != nil { // stuck: bbolt would wait for ever
		return t.stuck
	}
	err := t.db.Close()
	t.db = nil
	if err != nil {
		return fmt.Errorf("closing the table file %s: %w", t.path, err)
	}
	return nil
}

// Stats counts what the writer did since the table was opened.
type Stats struct {
	Transactions int64 // answered, with writes made
	Groups       int64 // commits that they shared
	Syncs        int64 // syncs to disk: two for each commit, none with WithoutSync
	Dropped      int64 // changes taken away before some consumer had done them
}

// Stats returns the counts so far.
func (t *Table) Stats() Stats {
	return Stats{
		Transactions: t.counts.transactions.Load(),
		Groups:       t.counts.groups.Load(),
		Syncs:        t.counts.syncs.Load(),
		Dropped:      t.counts.dropped.Load(),
	}
}

var (
	errClosed  = fmt.Errorf("%w: the table is closed", table.ErrBusy)
	errNotOpen = fmt.Errorf("%w: the table file is not open", table.ErrBusy)
)

// view runs read on the last committed state.
func (t *Table) view(read func(*bbolt.Tx) error) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.db == nil {
		return errNotOpen
	}
	return t.db.View(read)
}
