package simulation

import (
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/key/keytest"
	"github.com/gander-images/gander/shared/table"
)

// settle ends everybody who still acts, and then lets the sweeper and the clock go on
// until nothing is due any more.
func (r *run) settle() {
	r.end()
	w := r.world
	a := &actor{run: r, index: 0x60, name: "afterwards", expires: map[time.Time]time.Time{}}
	a.services()
	w.advance(w.now.Add(mostLate)) // whatever is on its way arrives
	const most = 40
	rounds := 0
	for round := 0; ; round++ {
		w.tell("sweep at %s", w.now.Format(time.DateTime))
		if err := sweep(a); err != nil {
			w.failed("sweeping: %v", err)
		}
		if round > 2 && (w.witness.behind || isOff(a)) {
			turnOn(a)
		}
		next, any := w.nextDue()
		if !any && w.witness.restored && rounds < 2 { // they settle what the copy did not know
			rounds++
			next, any = w.now.Add(time.Hour), true
		}
		switch {
		case w.witness.wrong != "" || !any:
			w.quiet()
			return
		case round == most:
			w.failed("after %d rounds something is still due: %v", most, w.due())
			return
		}
		w.advance(maxTime(next, w.now.Add(time.Second)))
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// due are the keys of all due entries.
func (w *world) due() []string {
	var all []string
	for _, p := range dueKinds {
		page, _ := w.table.Query(background, table.Query{Partition: "due#" + p + "#0", Limit: 100})
		for _, item := range page.Items {
			all = append(all, item.Partition+" "+item.Sort)
		}
	}
	return all
}

// taskKind has tasks go after their time.
const taskKind = "task-expire"

// dueKinds are all kinds of due work, as the product's handlers name them.
var dueKinds = []string{image.LeaseKind, image.PurgeKind, image.PartsKind, taskKind, key.StepKind, key.RetiredKind}

func (w *world) nextDue() (at time.Time, any bool) {
	for _, kind := range dueKinds {
		page, _ := w.table.Query(background, table.Query{Partition: "due#" + kind + "#0", Limit: 1})
		if len(page.Items) == 0 {
			continue
		}
		text, _, _ := strings.Cut(page.Items[0].Sort, "#")
		t, err := time.Parse("2006-01-02T15:04:05.000000Z", text)
		if err != nil {
			w.failed("%q is no time", text)
		}
		if !any || t.Before(at) {
			at, any = t, true
		}
	}
	return at, any
}

// quiet holds the world to what must be so once nothing is due.
func (w *world) quiet() {
	for i := range w.witness.keys {
		w.quietKey(&w.witness.keys[i])
	}
	for i := range w.vault.secrets {
		s := &w.vault.secrets[i]
		k := w.witness.key(s.name.Key)
		if !s.scheduled && (!k.usable() || k.generation != s.name.Generation) && !w.witness.restored {
			w.failed("at quiet: secret %s/%d is active, and key %s is %q with generation %d", s.name.Key, s.name.Generation, k.id, k.state, k.generation)
		}
	}
	if w.witness.restored {
		w.witness.active(w, w.reported) // and there are bytes that no record knows
		return
	}
	w.witness.secrets(w)
	w.quietBytes()
	if w.judge {
		for _, fault := range keytest.Faults(w.table.All(), w.vault.all()) {
			w.failed("at quiet: %s", fault)
		}
	}
}

func (w *world) quietKey(k *sawKey) {
	all, own := w.witness.holders(k.id)
	items, _ := w.table.Get(background, recordAt(k.id))
	r := readRecord(items[0])
	rows, _ := w.table.Query(background, table.Query{Partition: recordAt(k.id).Partition, Prefix: "holder#", Limit: 100})
	switch {
	case items[0] == nil && all > 0:
		w.failed("at quiet: key %s is held by %d, and has no record", k.id, all)
	case r.Holders != all || r.Own != own || len(rows.Items) != all:
		w.failed("at quiet: key %s counts %d holders, %d its own, in %d rows; there are %d, %d", k.id, r.Holders, r.Own, len(rows.Items), all, own)
	case k.usable() && all == 0 && k.goes && !k.stays:
		w.failed("at quiet: nobody needs key %s, which was wished gone, and it is %s", k.id, k.state)
	case k.state == key.Creating, k.state == key.Abandoned, k.state == key.Scheduled:
		w.failed("at quiet: key %s is %s, and nothing will ever happen", k.id, k.state)
	case k.state == key.External && all == 0:
		w.failed("at quiet: nobody names key %s, which was not made here, and its record is there", k.id)
	}
}

// reported says whether an operator was told that the key's secret is missing.
func (w *world) reported(k *sawKey) bool {
	page, _ := w.table.Query(background, table.Query{Partition: "key-reports", Limit: 100})
	return slices.ContainsFunc(page.Items, func(item table.Item) bool {
		return strings.Contains(string(item.Body), k.id) && strings.Contains(string(item.Body), `"missing"`)
	})
}

// recordAt is where a key's record stands.
func recordAt(id string) table.Key {
	return table.Key{Partition: "key#" + table.Text(id, 256), Sort: "key"}
}

// quietBytes wants the bytes of each active image, and none else.
func (w *world) quietBytes() {
	var have []string
	for i := range w.witness.images {
		id := w.witness.images[i].id
		items, _ := w.table.Get(background, image.Key(id))
		r := readRecord(items[0])
		if r.Status == image.Saving {
			w.failed("at quiet: image %s is still saving", id)
		}
		for _, l := range r.Locations {
			have = append(have, l.Name)
			if !w.blobs[l.Name] {
				w.failed("at quiet: image %s is %s, and its bytes %s are gone", id, r.Status, l.Name)
			}
		}
	}
	for name := range w.blobs {
		if !slices.Contains(have, name) {
			w.failed("at quiet: the bytes %s are left, and no image has them", name)
		}
	}
}
