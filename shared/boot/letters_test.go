package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/deadletter"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// letters are the dead letters as an admin reads them.
func (st *story) readLetters() []deadletter.Letter {
	st.Helper()
	var list struct {
		Consumers []struct {
			Letters []deadletter.Letter `json:"dead_letters"`
		}
	}
	if err := json.Unmarshal([]byte(st.call("admin", "GET /gander/v1/consumers", nil, 200)), &list); err != nil || len(list.Consumers) != 1 {
		st.Fatal(list, err)
	}
	return list.Consumers[0].Letters
}

func (st *story) retryLetter(id string) {
	st.Helper()
	st.call("admin", "POST /gander/v1/consumers/reaper/retry", strings.NewReader(fmt.Sprintf(`{"id":%q}`, id)), 202)
}

// poison writes entries that nobody here can work on: of an unknown kind, of a newer
// form, and with a body that makes no sense. Work follows that is well.
func (st *story) poison() []due.Entry {
	st.Helper()
	unknown, newer, odd := due.New("invention", st.clock, "a", nil), due.New("parts", st.clock, "b", nil), due.New("purge", st.clock, "c", []int{1})
	for _, e := range []due.Entry{unknown, newer, odd} {
		w := e.Put()
		if e.ID == newer.ID {
			w.Schema = 99
		}
		if outcome, err := st.tab.Transact(st.Context(), w); err != nil || !outcome.OK() {
			st.Fatal(outcome, err)
		}
	}
	image := st.image(1, 0, "")
	st.call(member, "DELETE "+image, nil, 204)
	return []due.Entry{unknown, newer, odd}
}

// purged reports whether the poison's neighbour had its turn.
func (st *story) purged() bool {
	items, err := st.tab.Get(st.Context(), table.Key{Partition: "image#" + id(1), Sort: "image"})
	return err == nil && items[0] != nil && strings.Contains(string(items[0].Body), `"purged"`)
}

// mend makes this version one that knows what to do with poison, and tries its letters
// again.
func (st *story) mend(entries []due.Entry) {
	st.Helper()
	for _, kind := range []string{"invention", "parts", "purge"} {
		st.runner.Handlers[kind] = func(ctx context.Context, e due.Entry) error {
			_, err := st.tab.Transact(ctx, e.Settle())
			return err
		}
	}
	delete(st.runner.Handlers, deadletter.RetryKind)
	st.keepLetters()
	if _, err := st.tab.Transact(st.Context(), entries[1].Settle()); err != nil { // written anew by its newer writer
		st.Fatal(err)
	}
	if _, err := st.tab.Transact(st.Context(), entries[1].Put()); err != nil {
		st.Fatal(err)
	}
	for _, l := range st.readLetters() {
		st.retryLetter(l.ID)
	}
}

func (st *story) wantNoPoison(entries []due.Entry) {
	st.Helper()
	if left := st.readLetters(); len(left) != 0 {
		st.Errorf("left are the letters %+v", left)
	}
	for _, e := range entries {
		if items, err := st.tab.Get(st.Context(), e.Key()); err != nil || items[0] != nil {
			st.Errorf("%v is still there, %v", e.Key(), err)
		}
	}
}

// wantLetters holds the letters of poison to what an admin has to know.
func (st *story) wantLetters(entries []due.Entry) {
	st.Helper()
	all := map[string]deadletter.Letter{}
	for _, l := range st.readLetters() {
		if l.Item == nil {
			st.Fatalf("of nothing: %+v", l)
		}
		all[l.Item.Partition] = l
	}
	for partition, reason := range map[string]string{
		"due#invention#0": due.UnknownKind.Error(), "due#parts#0": due.Newer.Error(),
		"due#purge#0": "The work failed for an internal reason, which the log tells beside the entry's key.",
	} {
		if l := all[partition]; l.Reason != reason || l.Tries < 2 || l.At.IsZero() {
			st.Errorf("%s: %+v", partition, l)
		}
	}
	if len(all) != len(entries) {
		st.Errorf("%d letters of %d entries", len(all), len(entries))
	}
}

// TestPoisonInTheFeed: changes that nobody can work on keep no other from its turn. They
// become dead letters, after a few tries, and go once they were mended and tried again;
// a process that starts anew in between changes nothing.
func TestPoisonInTheFeed(t *testing.T) {
	st := newStory(t)
	entries := st.poison()
	reaper := &insistent{services: st.services, pause: func(context.Context, time.Duration) {
		if !st.purged() {
			t.Error("the feed waits for poison, and so does what came after it")
		}
	}}
	st.playFeed(reaper)
	st.wantLetters(entries)
	st.restart()
	st.deliver(func(c []table.Change) { _, _ = st.runner.React(t.Context(), c) }) // once more, in vain
	st.wantLetters(entries)
	st.mend(entries)
	st.playFeed(&insistent{services: st.services, pause: func(context.Context, time.Duration) { t.Error("a try in vain") }})
	st.wantNoPoison(entries)
}

// playFeed lets a reaper follow the table's feed until it has caught up.
func (st *story) playFeed(r *insistent) {
	st.Helper()
	ctx, cancel := context.WithCancel(st.Context())
	ended := make(chan error)
	go func() { ended <- st.tab.Changes(ctx, Reaper.Name, r.take) }()
	st.eventually("the reaper has caught up", func() bool {
		p, err := st.tab.Position(st.Context(), Reaper.Name)
		return err == nil && p.Behind == 0
	})
	cancel()
	if err := <-ended; err != nil {
		st.Error(err)
	}
}

// TestAttemptsAreBounded: a change is tried as often as is said, with pauses that
// double, and then left with a letter; while no letter can be written, it is not left.
func TestAttemptsAreBounded(t *testing.T) {
	st := newStory(t)
	entry := st.poison()[0]
	change := func(sequence string) table.Change {
		return table.Change{Sequence: sequence, New: &table.Item{Key: entry.Key(), Schema: 1, Body: entry.Body}}
	}
	var pauses []time.Duration
	r := &insistent{services: st.services, pause: func(_ context.Context, d time.Duration) { pauses = append(pauses, d) }}
	batch := []table.Change{change("1"), change("2")}
	want := []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond}
	for range 4 {
		if done, err := r.take(t.Context(), batch); done != 0 || err != nil {
			t.Fatal(done, err)
		}
	}
	if !slices.Equal(pauses, want) || len(st.readLetters()) != 0 {
		t.Errorf("paused %v, letters %+v", pauses, st.readLetters())
	}
	whole := st.letters.Table
	st.letters.Table = unwritable{whole}
	if done, err := r.take(t.Context(), batch); done != 0 || !errors.Is(err, table.ErrBusy) {
		t.Errorf("without a letter: %d, %v", done, err)
	}
	st.letters.Table = whole
	if done, err := r.take(t.Context(), batch); done != 1 || err != nil || len(st.readLetters()) != 1 {
		t.Errorf("at last: %d, %v, %+v", done, err, st.readLetters())
	}
	if done, err := r.take(t.Context(), batch[1:]); done != 0 || err != nil { // its own tries begin
		t.Errorf("the next: %d, %v", done, err)
	}
}

type unwritable struct{ table.Table }

// Transact implements table.Table.
func (unwritable) Transact(context.Context, ...table.Write) (table.Outcome, error) {
	return table.Outcome{}, table.ErrBusy
}

// TestPoisonInTheStream: the reaper's function reports the first change that it cannot
// work on; what its mapping gives up on comes by way of the queue to the sweeper, again
// and again, and is the same letters in the table.
func TestPoisonInTheStream(t *testing.T) {
	st := newStory(t)
	entries := st.poison()
	changes := slices.DeleteFunc(st.collect(), func(c table.Change) bool { return c.New == nil || !strings.HasPrefix(c.New.Partition, "due#") })
	for range 2 {
		answer, err := reap(t.Context(), st.services, asEvent(t, changes))
		if want := (batchFailures{[]failedItem{{strings.TrimLeft(changes[0].Sequence, "0")}}}); err != nil || !slices.Equal(answer.(batchFailures).Items, want.Items) {
			t.Fatal(answer, err)
		}
	}
	if !st.purged() {
		t.Error("what came after poison had no turn")
	}
	if left := st.readLetters(); len(left) != 0 {
		t.Errorf("before the mapping gives up: %+v", left)
	}
	given := queueEvent(t, strings.TrimLeft(changes[0].Sequence, "0"), strings.TrimLeft(changes[len(changes)-1].Sequence, "0"))
	for range 2 {
		answer, err := sweep(t.Context(), st.services, given)
		if err != nil || len(answer.(batchFailures).Items) != 0 {
			t.Fatal(answer, err)
		}
	}
	st.wantLetters(entries)
	st.mend(entries)
	st.deliver(st.reap)
	st.wantNoPoison(entries)
}

// queueEvent is the platform's event about a batch that it gave up on.
func queueEvent(t *testing.T, first, last string) []byte {
	t.Helper()
	sample, err := os.ReadFile("testdata/sweeper-given-up.json")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(sample), "FIRST", first)
	return []byte(strings.ReplaceAll(text, "LAST", last))
}

// TestQueuesOfOthers: a message that makes no sense is kept as what it is, and one that
// cannot be kept comes again.
func TestQueuesOfOthers(t *testing.T) {
	st := newStory(t)
	event := []byte(`{"Records":[
		{"messageId":"m-1","eventSource":"aws:sqs","body":"hello","attributes":{"SentTimestamp":"1782900000000"}},
		{"messageId":"m-2","eventSource":"aws:sqs","body":"{\"DDBStreamBatchInfo\":7}","attributes":{"SentTimestamp":"1782900000000"}}]}`)
	whole := st.letters.Table
	st.letters.Table = unwritable{whole}
	answer, err := sweep(t.Context(), st.services, event)
	if want := []failedItem{{"m-1"}, {"m-2"}}; err != nil || !slices.Equal(answer.(batchFailures).Items, want) {
		t.Errorf("%v, %v", answer, err)
	}
	st.letters.Table = whole
	for range 2 {
		if answer, err = sweep(t.Context(), st.services, event); err != nil || len(answer.(batchFailures).Items) != 0 {
			t.Errorf("%v, %v", answer, err)
		}
	}
	if left := st.readLetters(); len(left) != 2 || left[0].Item != nil || !strings.HasPrefix(left[1].ID, "20260701T100000") {
		t.Errorf("kept %+v", left)
	}
	w := httptest.NewRecorder()
	h := postHandler{consumer: Sweeper, services: st.services}
	h.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(string(event))))
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"batchItemFailures":[]}` {
		t.Errorf("by POST: %d %s", w.Code, w.Body)
	}
}

// TestOutageLeavesNoLetters: while the vault is out of reach, key steps wait, other work
// goes on, and nobody is told of each key, unless that lasts. Once it is back all is
// done, and the letters go.
func TestOutageLeavesNoLetters(t *testing.T) {
	st := newStory(t)
	st.tell()
	st.clock = storyStart
	st.down = vault.ErrBusy
	st.deliver(st.react)
	st.clock = storyStart.Add(10 * time.Minute) // when they are asked for again
	for range 3 {
		if err := st.runner.Sweep(t.Context()); !errors.Is(err, vault.ErrBusy) {
			t.Errorf("the sweeper says %v", err)
		}
	}
	if left := st.readLetters(); len(left) != 0 {
		t.Errorf("at first there are %+v", left)
	}
	if n := len(st.ending().Objects); n != 1 {
		t.Errorf("%d objects are left, of images that need no key any more", n)
	}
	st.clock = storyStart.Add(2 * time.Hour)
	for range 2 {
		_ = st.runner.Sweep(t.Context())
	}
	reasons := map[string]int{}
	for _, l := range st.readLetters() {
		reasons[l.Reason]++
	}
	if want := map[string]int{"The key store is not available. Try again.": 3}; !maps.Equal(reasons, want) {
		t.Errorf("after two hours the letters say %v", reasons)
	}
	st.down = nil
	st.sweepOften()
	if left := st.readLetters(); len(left) != 0 {
		t.Errorf("in the end there are %+v", left)
	}
	for _, s := range st.vault.Snapshot().Secrets {
		if kept := s.Name.Key == id(102) || s.Name.Key == id(104); s.GoneAt.IsZero() != kept {
			t.Errorf("in the end the secret of %v goes at %v", s.Name, s.GoneAt)
		}
	}
}
