package simulation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// tablePort is an actor's way to the table.
type tablePort struct{ *actor }

func (p tablePort) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	if !p.stand(ctx, call{kind: readCall, name: "get", what: keys}) || p.fate != goes {
		p.answered(1)
		return nil, table.ErrBusy
	}
	items, err := p.run.world.table.Get(background, keys...)
	for _, item := range items {
		p.answered(hashItem(item))
	}
	p.tell("get", keys, err)
	return items, err
}

func (p tablePort) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if !p.stand(ctx, call{kind: readCall, name: "query", what: q.Partition}) || p.fate != goes {
		p.answered(1)
		return table.Page{}, table.ErrBusy
	}
	page, err := p.run.world.table.Query(background, q)
	for i := range page.Items {
		p.answered(hashItem(&page.Items[i]))
	}
	p.answered(uint64(len(page.Items)))
	p.tell("query", q.Partition+" "+q.Prefix, err)
	return page, err
}

func (p tablePort) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	intime := p.stand(ctx, call{kind: writeCall, name: "transact", what: writes})
	switch {
	case !intime || p.fate == busy:
		p.answered(1)
		return table.Outcome{}, table.ErrBusy
	case p.fate == fails:
		p.answered(2)
		return table.Outcome{}, table.ErrUnknown
	}
	outcome, err := p.run.world.table.Transact(background, writes...)
	for _, f := range outcome.Failed {
		p.answered(mix(uint64(f.Index), hashItem(f.Item))) //nolint:gosec // an index
	}
	p.tell("transact", writes, fmt.Sprint(len(outcome.Failed), " failed, ", err))
	if err == nil && outcome.OK() {
		p.run.world.observe(p.actor)
	}
	if p.fate == lost {
		p.answered(2)
		return table.Outcome{}, table.ErrUnknown
	}
	p.answered(3)
	return outcome, err
}

// vaultPort is an actor's way to the vault.
type vaultPort struct{ *actor }

func (p vaultPort) Get(ctx context.Context, n vault.Name) ([]byte, error) {
	s, err := p.look(ctx, "get", n)
	if err != nil {
		return nil, err
	}
	if s.scheduled {
		return nil, vault.ErrScheduled
	}
	return append([]byte{}, s.value...), nil
}

func (p vaultPort) Describe(ctx context.Context, n vault.Name) (vault.Secret, error) {
	s, err := p.look(ctx, "describe", n)
	return vault.Secret{Name: n, Scheduled: s.scheduled, GoneAt: s.goneAt}, err
}

func (p vaultPort) look(ctx context.Context, name string, n vault.Name) (secret, error) {
	if !p.stand(ctx, call{kind: readCall, name: "vault " + name, what: n}) || p.fate != goes {
		p.answered(1)
		return secret{}, vault.ErrBusy
	}
	s := p.run.world.vault.find(n)
	p.tell("vault "+name, n, s != nil)
	if s == nil {
		p.answered(2)
		return secret{}, vault.ErrNotFound
	}
	p.answered(mix(hashBytes(s.value), uint64(s.goneAt.Unix()))) //nolint:gosec // in our time, or none
	return *s, nil
}

func (p vaultPort) Create(ctx context.Context, n vault.Name, value []byte) error {
	if p.draws {
		value = []byte(valueOf(n.Key))
	}
	return p.change(ctx, op{kind: "create", name: n, value: value})
}

func (p vaultPort) Schedule(ctx context.Context, n vault.Name, w time.Duration) error {
	if w != window {
		p.run.world.failed("%s has a secret deleted after %s, not after the window", p.actor, w)
	}
	return p.change(ctx, op{kind: "schedule", name: n, window: w})
}

func (p vaultPort) Restore(ctx context.Context, n vault.Name) error {
	return p.change(ctx, op{kind: "restore", name: n})
}

func (p vaultPort) List(ctx context.Context, visit func(vault.Secret) error) error {
	if !p.stand(ctx, call{kind: readCall, name: "vault list"}) || p.fate != goes {
		p.answered(1)
		return vault.ErrBusy
	}
	for _, s := range append([]secret(nil), p.run.world.vault.secrets...) {
		h := mix(hashText(s.name.Key), uint64(s.name.Generation)) //nolint:gosec // never negative
		p.answered(mix(h, uint64(s.goneAt.Unix())))               //nolint:gosec // in our time, or none
		if err := visit(vault.Secret{Name: s.name, Scheduled: s.scheduled, GoneAt: s.goneAt}); err != nil {
			return err
		}
	}
	return nil
}

func (p vaultPort) Epoch(ctx context.Context) (int64, error) {
	if !p.stand(ctx, call{kind: readCall, name: "vault epoch"}) || p.fate != goes {
		p.answered(1)
		return 0, vault.ErrBusy
	}
	p.answered(uint64(p.run.world.vault.epoch)) //nolint:gosec // never negative
	return p.run.world.vault.epoch, nil
}

func (p vaultPort) RaiseEpoch(ctx context.Context, n int64) error {
	return p.change(ctx, op{kind: "epoch", epoch: n})
}

// change makes a call that changes the vault, or does to it what fate has in mind.
func (p vaultPort) change(ctx context.Context, o op) error {
	w := p.run.world
	intime := p.stand(ctx, call{kind: vaultCall, name: "vault " + o.kind, what: o})
	if w.now.Sub(p.at.since) > mostLate && p.yield != nil {
		intime = false // no process lives that long
	}
	switch {
	case !intime || p.fate == busy:
		p.answered(1)
		return vault.ErrBusy
	case o.kind == "schedule":
		w.witness.scheduling(w, p.actor, o)
	}
	if p.fate == late || p.fate == doubled {
		w.vault.late = append(w.vault.late, lateCall{op: o, until: w.now.Add(mostLate)})
		w.tell("%s: %s is on its way (%d)", p.actor, o, p.fate)
	}
	if p.fate == late || p.fate == fails {
		p.answered(2)
		return vault.ErrUnknown
	}
	err := w.vault.do(o, w.now)
	p.tell(o.String(), "", err)
	w.witness.secrets(w)
	if p.fate == lost {
		p.answered(2)
		return vault.ErrUnknown
	}
	p.answered(hashText(fmt.Sprint(err)))
	return err
}

// tell traces a call and what became of it.
func (a *actor) tell(name string, what, answer any) {
	if !a.run.world.traces {
		return
	}
	if writes, ok := what.([]table.Write); ok {
		var lines []string
		for _, w := range writes {
			lines = append(lines, fmt.Sprintf("\n      %s %q %q %s", [...]string{"", "put", "add", "delete", "check"}[w.Kind], w.Key.Partition, w.Key.Sort, w.Body))
		}
		what = strings.Join(lines, "")
	}
	fates := [...]string{"", " [answer lost]", " [did not happen]", " [busy]", " [late]", " [doubled]"}
	a.run.world.tell("%s: %s %v -> %v%s", a, name, what, answer, fates[a.fate])
}

func hashItem(item *table.Item) uint64 {
	if item == nil {
		return 3
	}
	h := mix(hashText(item.Sort), mix(uint64(item.Revision), hashBytes(item.Body))) //nolint:gosec // never negative
	var each uint64
	for name, n := range item.Counters {
		each += mix(hashText(name), uint64(n)) //nolint:gosec // its bits
	}
	return mix(mix(h, uint64(item.Schema)), each) //nolint:gosec // never negative
}
