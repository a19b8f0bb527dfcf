package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/gander-images/gander/shared/boot/outside"
)

// recent is how many of its images a writer goes on with. The others stay as they
// are, so that what was answered about them cannot be covered by a later write.
const recent = 4

// sharedImages are changed by all writers and never deleted.
const sharedImages = 4

// A writer makes one request after another.
type writer struct {
	*load
	number int
	chance *rand.Rand
	images []*own
	words  int // unique texts so far

	keys      []*ownKey
	snapshots []*own
}

// An own image is changed by one writer alone.
type own struct {
	id      string
	deleted bool
	filled  bool             // an upload was answered
	locks   map[string]*lock // by property: the keys that it names
	unsure  bool             // a change of them was not answered
}

func newWriter(l *load, number int) *writer {
	return &writer{load: l, number: number, chance: rand.New(rand.NewPCG(l.seed, uint64(number)+1))}
}

// run goes on until there was enough.
func (w *writer) run(ctx context.Context) {
	if w.number < sharedImages {
		w.createShared(ctx)
		w.makeSharedKey(ctx)
	}
	for !w.enough.Load() && ctx.Err() == nil {
		w.act(ctx)
	}
}

// act makes some request.
func (w *writer) act(ctx context.Context) {
	if w.chance.IntN(3) == 0 {
		w.actOnKeys(ctx)
		return
	}
	i := w.recentImage()
	if i == nil {
		w.create(ctx)
		return
	}
	switch n := w.chance.IntN(100); {
	case n < 18:
		w.create(ctx)
	case n < 34:
		w.upload(ctx, i)
	case n < 48:
		w.patch(ctx, i)
	case n < 68:
		w.onShared(ctx)
	case n < 74:
		w.tag(ctx, i.id)
	case n < 84:
		w.memberOf(ctx, i.id)
	case n < 89:
		w.activation(ctx, i)
	case n < 96:
		w.remove(ctx, i)
	default:
		w.restore(ctx)
	}
}

// onShared changes an image that others change meanwhile.
func (w *writer) onShared(ctx context.Context) {
	w.mu.Lock()
	images := w.shared
	w.mu.Unlock()
	if len(images) == 0 {
		return
	}
	id := images[w.chance.IntN(len(images))]
	switch w.chance.IntN(4) {
	case 0:
		w.tag(ctx, id)
	case 1:
		w.memberOf(ctx, id)
	default:
		w.patchShared(ctx, id)
	}
}

func (w *writer) recentImage() *own {
	live := slices.DeleteFunc(slices.Clone(w.images), func(i *own) bool { return i.deleted })
	if len(live) == 0 {
		return nil
	}
	live = live[max(0, len(live)-recent):]
	return live[w.chance.IntN(len(live))]
}

// keep takes an image among those to go on with.
func (w *writer) keep(i *own) {
	w.images = append(w.images, i)
	if len(w.images) > 4*recent {
		w.images = slices.Clone(w.images[recent:])
	}
}

// word returns a text that nobody else writes.
func (w *writer) word() string {
	w.words++
	return string(rune('a'+w.chance.IntN(26))) + "-" + strconv.Itoa(w.number) + "-" + strconv.Itoa(w.words)
}

func (w *writer) maybe() bool { return w.chance.IntN(2) == 0 }

func idOf(a *outside.Answer) string {
	var img struct{ ID string }
	if json.Unmarshal(a.Body, &img) != nil {
		return ""
	}
	return img.ID
}
