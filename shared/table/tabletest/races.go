package tabletest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

const writers = 32

func testRaces(t *testing.T, open func(*testing.T) Store) {
	each(t, open, map[string]func(*world){
		"one counter, no bound":  raceCounter,
		"one counter, bounded":   raceBound,
		"one revision":           raceRevision,
		"one new item":           raceCreate,
		"sums stay":              raceTransfer,
		"a read after an answer": raceRead,
	})
}

func raceCounter(w *world) {
	const times = 5
	key := w.key("p", "s")
	w.together(writers, func(int) error {
		for range times {
			outcome, err := w.transact(table.Write{Kind: table.Add, Key: key, Counters: map[string]int64{"n": 1}})
			if err != nil || !outcome.OK() {
				return fmt.Errorf("%+v: %w", outcome, err)
			}
		}
		return nil
	})
	w.want(key, &table.Item{Key: key, Revision: writers * times, Counters: map[string]int64{"n": writers * times}})
}

func raceBound(w *world) {
	const places = 20
	key := w.key("p", "s")
	var won atomic.Int64
	w.together(writers, func(i int) error {
		own := w.key("own", fmt.Sprint(i))
		outcome, err := w.transact(put(own, "x"),
			table.Write{Kind: table.Add, Key: key, Counters: map[string]int64{"n": 1}, If: table.IfWithin("n", 0, places)})
		if outcome.OK() && err == nil {
			won.Add(1)
		} else if f, failed := outcome.FailedAt(1); failed && (f.Item == nil || f.Item.Counters["n"] != places) {
			return fmt.Errorf("writer %d lost although there was room: %+v", i, f.Item)
		}
		return err
	})
	if won.Load() != places {
		w.Errorf("%d writers were let in, want %d", won.Load(), places)
	}
	w.want(key, &table.Item{Key: key, Revision: places, Counters: map[string]int64{"n": places}})
	if n := len(w.read(table.Query{Partition: w.name + "own", Limit: 50})); n != places {
		w.Errorf("%d writers left an item, want %d", n, places)
	}
}

func raceRevision(w *world) {
	const times = 3
	key := w.key("p", "s")
	w.must(put(key, ""))
	w.together(writers, func(i int) error {
		for n := range times {
			if err := w.appendText(key, fmt.Sprintf("%d/%d ", i, n)); err != nil {
				return err
			}
		}
		return nil
	})
	got := w.get(key)
	if got.Revision != 1+writers*times {
		w.Errorf("revision %d, want %d", got.Revision, 1+writers*times)
	}
	for i := range writers {
		for n := range times {
			if mark := fmt.Sprintf("%d/%d ", i, n); strings.Count(" "+string(got.Body), " "+mark) != 1 {
				w.Errorf("the update %q was lost or doubled", mark)
			}
		}
	}
}

// appendText adds to a body by reading it and writing against its revision,
// and starts over from the item that a lost race tells.
func (w *world) appendText(key table.Key, text string) error {
	items, err := w.Table.Get(w.ctx, key)
	if err != nil {
		return err
	}
	item := items[0]
	for {
		outcome, err := w.transact(table.Write{
			Kind: table.Put, Key: key, Schema: 1, Body: append(item.Body, text...), If: table.IfRevision(item.Revision),
		})
		if err != nil || outcome.OK() {
			return err
		}
		item = outcome.Failed[0].Item
	}
}

func raceCreate(w *world) {
	key := w.key("p", "s")
	var won atomic.Int64
	w.together(writers, func(i int) error {
		outcome, err := w.transact(put(key, fmt.Sprint(i)))
		if outcome.OK() && err == nil {
			won.Add(1)
		}
		return err
	})
	if won.Load() != 1 {
		w.Errorf("%d writers made the item", won.Load())
	}
	if got := w.get(key); got == nil || got.Revision != 1 {
		w.Errorf("item: %+v", got)
	}
}

// raceTransfer moves amounts between accounts that may not go below 0.
func raceTransfer(w *world) {
	const accounts, start = 4, 3
	for i := range accounts {
		w.must(table.Write{Kind: table.Add, Key: w.key("account", fmt.Sprint(i)), Counters: map[string]int64{"n": start}})
	}
	w.together(writers, func(i int) error {
		for n := range 4 {
			from, to := w.key("account", fmt.Sprint(i%accounts)), w.key("account", fmt.Sprint((i+1+n%3)%accounts))
			if _, err := w.transact(
				table.Write{Kind: table.Add, Key: from, Counters: map[string]int64{"n": -2}, If: table.IfWithin("n", 0, 100)},
				table.Write{Kind: table.Add, Key: to, Counters: map[string]int64{"n": 2}},
			); err != nil {
				return err
			}
		}
		return nil
	})
	sum := int64(0)
	for _, item := range w.query(table.Query{Partition: w.name + "account", Limit: accounts}).Items {
		if item.Counters["n"] < 0 {
			w.Errorf("account %s is at %d", item.Sort, item.Counters["n"])
		}
		sum += item.Counters["n"]
	}
	if sum != accounts*start {
		w.Errorf("the accounts hold %d together, want %d", sum, accounts*start)
	}
}

// raceRead has every writer see its own write at once.
func raceRead(w *world) {
	w.together(writers, func(i int) error {
		key := w.key("p", fmt.Sprint(i))
		for n := int64(1); n <= 5; n++ {
			if _, err := w.transact(table.Write{Kind: table.Add, Key: key, Counters: map[string]int64{"n": 1}}); err != nil {
				return err
			}
			items, err := w.Table.Get(w.ctx, key)
			if err != nil {
				return err
			}
			if items[0] == nil || items[0].Revision != n {
				return fmt.Errorf("writer %d read %+v after write %d", i, items[0], n)
			}
		}
		return nil
	})
}
