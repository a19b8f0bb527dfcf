package image

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// TestSnapshotRefused holds what no snapshot is made of, and that nothing is left then.
func TestSnapshotRefused(t *testing.T) {
	encrypted := map[string]string{key.CinderKey: theKey, key.CinderPolicy: onDelete}
	for name, c := range map[string]struct {
		who     caller.Caller
		prepare func(*darkroom, *SnapshotDraft)
		want    problem.Code
	}{
		"an unknown kind":      {demo, func(_ *darkroom, d *SnapshotDraft) { d.Kind = "copy" }, problem.Invalid},
		"no kind":              {demo, func(_ *darkroom, d *SnapshotDraft) { d.Kind = "" }, problem.Invalid},
		"nobody's server":      {admin, func(_ *darkroom, d *SnapshotDraft) { d.Project = "" }, problem.Invalid},
		"a server without id":  {demo, func(_ *darkroom, d *SnapshotDraft) { d.Instance = "7" }, problem.Invalid},
		"a long project":       {admin, func(_ *darkroom, d *SnapshotDraft) { d.Project = strings.Repeat("p", 256) }, problem.Invalid},
		"a long name":          {demo, func(_ *darkroom, d *SnapshotDraft) { d.Name = strings.Repeat("n", 256) }, problem.Invalid},
		"a backup of no type":  {demo, func(_ *darkroom, d *SnapshotDraft) { d.Kind = Backup }, problem.Invalid},
		"a type of no backup":  {demo, func(_ *darkroom, d *SnapshotDraft) { d.BackupType = "daily" }, problem.Invalid},
		"a long property":      {demo, func(_ *darkroom, d *SnapshotDraft) { d.Properties = map[string]string{strings.Repeat("n", 256): ""} }, problem.Invalid},
		"too many properties":  {demo, func(w *darkroom, _ *SnapshotDraft) { w.images.Limits.Properties = 4 }, problem.TooLarge},
		"no room for a member": {admin, func(w *darkroom, _ *SnapshotDraft) { w.images.Limits.Members = 0 }, problem.TooLarge},
		"a record beyond all": {demo, func(_ *darkroom, d *SnapshotDraft) {
			d.Properties = map[string]string{"p": strings.Repeat("p", 400<<10)}
		}, problem.TooLarge},
		"an inactive source":       {demo, func(w *darkroom, d *SnapshotDraft) { w.becomes(d, Deactivated) }, problem.Conflict},
		"a queued source":          {demo, func(w *darkroom, d *SnapshotDraft) { w.becomes(d, Queued) }, problem.Conflict},
		"another project's key":    {other, func(w *darkroom, d *SnapshotDraft) { d.Project = "other" }, problem.Forbidden},
		"a scheduled key":          {demo, func(w *darkroom, _ *SnapshotDraft) { w.remove(theKey) }, problem.Conflict},
		"an admin's scheduled key": {admin, func(w *darkroom, _ *SnapshotDraft) { w.remove(theKey) }, problem.Conflict},
		"a key of another manager": {admin, func(w *darkroom, d *SnapshotDraft) { w.names(d, theSecond) }, problem.Conflict},
		"their key elsewhere":      {demo, func(w *darkroom, d *SnapshotDraft) { w.names(d, theSecond) }, problem.Forbidden},
		"a key whose secret is gone": {demo, func(w *darkroom, _ *SnapshotDraft) {
			w.vault.Load(w.fork().vault.Snapshot())
			w.must(w.vault.Schedule(w.t.Context(), vault.Name{Key: theKey, Generation: 1}, 7*24*time.Hour))
		}, problem.Conflict},
		"a source that changed": {demo, func(w *darkroom, d *SnapshotDraft) {
			next := d.Source.clone()
			next.Properties["more"] = "x"
			w.must(w.images.save(w.t.Context(), w.stored(d.Source), next))
		}, problem.Conflict},
	} {
		w := newDarkroom(t)
		w.key(theKey, "demo", "one")
		d := of(w.source(demo, maps.Clone(encrypted)))
		c.prepare(w, &d)
		secrets, before := len(w.secrets()), w.table.All()
		made, err := w.snapshot(c.who, nil, d)
		if made != nil || !problem.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if Changed(err) { // the clone had begun
			for range 4 {
				w.elapse(30 * 24 * time.Hour)
			}
		}
		if left := w.left(before); len(left) > 0 || len(w.secrets()) != secrets {
			t.Errorf("%s: it left %v, and %d secrets for %d", name, left, len(w.secrets()), secrets)
		}
	}
}

func (w *darkroom) becomes(d *SnapshotDraft, s Status) {
	w.t.Helper()
	next := d.Source.clone()
	next.Status = s
	w.must(w.images.save(w.t.Context(), d.Source, next))
	d.Source = next
}

func (w *darkroom) names(d *SnapshotDraft, id string) {
	w.t.Helper()
	next := d.Source.clone()
	next.Properties[key.CinderKey] = id
	w.must(w.images.save(w.t.Context(), d.Source, next))
	d.Source = next
}

// remove has a key deleted by hand, by an admin.
func (w *darkroom) remove(id string) {
	w.t.Helper()
	target := policy.Attributes{"project_id": "demo"}
	g, err := w.rules.Authorize(policy.SecretDelete, admin, target)
	w.must(err)
	overrules, err := w.rules.Authorize(policy.ForceDeleteSecret, admin, target)
	w.must(err)
	w.must(w.images.Keys.Remove(w.t.Context(), g, overrules, w.found(id), true))
}

// Who may not read a key is told the same, whether or not there is one.
func TestSnapshotTellsNothingOfKeys(t *testing.T) {
	told := map[string]bool{}
	for _, there := range []bool{true, false} {
		w := newDarkroom(t)
		if there {
			w.key(theKey, "demo", "one")
		}
		_, err := w.snapshot(other, nil, SnapshotDraft{
			Source: w.source(other, map[string]string{key.CinderKey: theKey}), Instance: theServer, Project: "other", Name: "snap", Kind: Plain,
		})
		told[err.Error()] = true
	}
	if len(told) != 1 {
		t.Errorf("they are told %v", told)
	}
}

// twice breaks some writes of a run, counted over table and vault together.
type twice struct {
	hits map[int]breakage
	seen int
	dead bool
}

func (b *twice) write(unknown error, do func() error) error {
	if b.dead {
		return errDead
	}
	b.seen++
	how, hit := b.hits[b.seen]
	if !hit {
		return do()
	}
	b.dead = how.deadly()
	if how == lostAfter || how == diedAfter {
		if err := do(); err != nil {
			return err
		}
	}
	if b.dead {
		return errDead
	}
	return unknown
}

type twiceTable struct {
	table.Table
	*twice
}

func (t twiceTable) Transact(ctx context.Context, writes ...table.Write) (outcome table.Outcome, err error) {
	err = t.write(table.ErrUnknown, func() (err error) { outcome, err = t.Table.Transact(ctx, writes...); return err })
	if err != nil {
		outcome = table.Outcome{}
	}
	return outcome, err
}

func (t twiceTable) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	if t.dead {
		return nil, errDead
	}
	return t.Table.Get(ctx, keys...)
}

type twiceVault struct {
	vault.Vault
	*twice
}

func (v twiceVault) Create(ctx context.Context, name vault.Name, value []byte) error {
	return v.write(vault.ErrUnknown, func() error { return v.Vault.Create(ctx, name, value) })
}

// Whichever two writes of a snapshot break, in whichever way: all of it is there, or
// nothing but clones on their way out.
func TestSnapshotIsAllOrNothing(t *testing.T) {
	room := newDarkroom(t)
	room.key(theKey, "demo", "one")
	room.key(theSecond, "demo", "two")
	source := room.source(demo, map[string]string{key.CinderKey: theKey, key.CinderPolicy: onDelete, key.ImageKey: theSecond})
	hows := []breakage{lostBefore, lostAfter, diedBefore, diedAfter}
	made, gaveUp := 0, 0
	for first := 1; first <= 8; first++ {
		for second := first; second <= 9; second++ {
			for _, one := range hows {
				for _, other := range hows {
					hits := map[int]breakage{second: other, first: one}
					name := fmt.Sprintf("write %d %s, %d %s", first, one, second, other)
					if room.fork().broken(name, source, hits) {
						made++
					} else {
						gaveUp++
					}
				}
			}
		}
	}
	if made == 0 || gaveUp == 0 {
		t.Errorf("%d snapshots were made, and %d given up", made, gaveUp)
	}
}

// broken makes an admin's snapshot while writes break, and reports whether there is one.
func (w *darkroom) broken(name string, source *Image, hits map[int]breakage) bool {
	w.t.Helper()
	before := w.table.All()
	b := &twice{hits: hits}
	w.use(twiceTable{w.table, b}, twiceVault{w.vault, b})
	img, err := w.snapshot(admin, nil, of(source))
	w.use(w.table, w.vault)
	for range 4 {
		w.elapse(30 * 24 * time.Hour)
	}
	w.audit()
	left := w.left(before)
	there := len(left) > 0
	switch {
	case err == nil && !there:
		w.t.Errorf("%s: it was made, and is not there", name)
	case there:
		w.whole(name, img, left)
	case len(w.secrets()) != 2:
		w.t.Errorf("%s: given up, and the vault has %d secrets", name, len(w.secrets()))
	}
	return there
}

// whole holds that all of a snapshot is there.
func (w *darkroom) whole(name string, img *Image, left []string) {
	w.t.Helper()
	// The image with its member and four entries, the mirror; for each key its record,
	// metadata, holder and two entries.
	if len(left) != 7+2*5 {
		w.t.Errorf("%s: what is there is %v", name, left)
	}
	if img == nil {
		return
	}
	if got := w.stored(img); got.MemberCount != 1 || got.Visibility != Shared || deref(got.Owner) != "admin" {
		w.t.Errorf("%s: it is %s, of %s, with %d members", name, got.Visibility, deref(got.Owner), got.MemberCount)
	}
	for property, value := range map[string]string{key.CinderKey: "one", key.ImageKey: "two"} {
		r := w.found(w.stored(img).Properties[property])
		if r == nil {
			w.t.Errorf("%s: the key of %s is not there", name, property)
			continue
		}
		if got, err := w.vault.Get(w.t.Context(), vault.Name{Key: r.ID, Generation: 1}); string(got) != value || err != nil {
			w.t.Errorf("%s: the key of %s reads %q, %v", name, property, got, err)
		}
	}
}

// encounter is a table in which something happens just before a snapshot is saved.
type encounter struct {
	table.Table
	times int
	meet  func()
}

func (m *encounter) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if strings.HasPrefix(writes[0].Key.Partition, "image#") && m.times > 0 {
		m.times--
		m.meet()
	}
	return m.Table.Transact(ctx, writes...)
}

// counting is a vault that counts the secrets that are made.
type counting struct {
	vault.Vault
	made int
}

func (c *counting) Create(ctx context.Context, name vault.Name, value []byte) error {
	c.made++
	return c.Vault.Create(ctx, name, value)
}

// A snapshot is made of a key as it was read, or read again.
func TestSnapshotWhileItsKeyChanges(t *testing.T) {
	for name, c := range map[string]struct {
		times   int
		meet    func(w *darkroom)
		refused bool
	}{
		"somebody else names it":   {3, func(w *darkroom) { w.source(other, map[string]string{key.CinderKey: theKey}) }, false},
		"it is named without end":  {99, func(w *darkroom) { w.source(other, map[string]string{key.CinderKey: theKey}) }, true},
		"it is deleted":            {1, func(w *darkroom) { w.remove(theKey) }, true},
		"its owner's time is over": {1, func(w *darkroom) { w.remove(theKey); w.elapse(8 * 24 * time.Hour) }, true},
	} {
		w := newDarkroom(t)
		w.key(theKey, "demo", "one")
		d := of(w.source(demo, map[string]string{key.CinderKey: theKey, key.CinderPolicy: onDelete}))
		counted, plain := &counting{Vault: w.vault}, w.images
		met := &encounter{Table: w.table, times: c.times, meet: func() {
			own := *w
			own.images = plain
			c.meet(&own)
			w.clock = own.clock
		}}
		w.use(met, counted)
		img, err := w.snapshot(demo, nil, d)
		if c.refused != (err != nil) || err != nil && (!problem.Is(err, problem.Conflict) || Changed(err)) {
			t.Errorf("%s: %v", name, err)
		}
		if counted.made != 1 {
			t.Errorf("%s: %d clones were made", name, counted.made)
		}
		for n := range w.secrets() {
			if err != nil && n.Key != theKey && w.found(n.Key).State != key.Abandoned {
				t.Errorf("%s: refused, and the clone is %s", name, w.found(n.Key).State)
			}
		}
		for range 4 {
			w.elapse(30 * 24 * time.Hour)
		}
		w.audit()
		if err == nil && w.valueOf(w.stored(img).Properties[key.CinderKey], d.Source) != "one" {
			t.Errorf("%s: the clone is another key", name)
		}
		for n := range w.secrets() {
			if err != nil && n.Key != theKey {
				t.Errorf("%s: refused, and the vault has a clone", name)
			}
		}
	}
}
