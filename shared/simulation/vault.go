package simulation

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

// A secret is never changed in place.
type secret struct {
	name      vault.Name
	value     []byte
	scheduled bool
	goneAt    time.Time
}

// vaultState is the key store that all processes share, and what is on its way to it.
type vaultState struct {
	secrets []secret // a handful, in the order of their making
	epoch   int64
	late    []lateCall
}

// An op is one call that changes the vault.
type op struct {
	kind   string // create, schedule, restore, epoch
	name   vault.Name
	value  []byte
	window time.Duration
	epoch  int64
}

func (o op) String() string {
	if o.kind == "epoch" {
		return fmt.Sprintf("vault epoch %d", o.epoch)
	}
	return fmt.Sprintf("vault %s %s/%d", o.kind, o.name.Key, o.name.Generation)
}

func (o op) hash() uint64 {
	h := mix(hashText(o.kind), hashText(o.name.Key))
	h = mix(h, uint64(o.name.Generation)) //nolint:gosec // never negative
	h = mix(h, hashBytes(o.value))
	return mix(mix(h, uint64(o.window)), uint64(o.epoch)) //nolint:gosec // never negative
}

// A lateCall arrives when the scheduler says so, and at the latest at a time.
type lateCall struct {
	op    op
	until time.Time
}

// mostLate is the longest that a call may be on its way.
const mostLate = 15 * time.Minute

func newVault() *vaultState { return &vaultState{} }

func (v *vaultState) fork() *vaultState {
	return &vaultState{
		secrets: append([]secret(nil), v.secrets...), epoch: v.epoch, late: append([]lateCall(nil), v.late...),
	}
}

func (v *vaultState) find(n vault.Name) *secret {
	for i := range v.secrets {
		if v.secrets[i].name == n {
			return &v.secrets[i]
		}
	}
	return nil
}

// all are the secrets as the port tells of them.
func (v *vaultState) all() map[vault.Name]vault.Secret {
	all := make(map[vault.Name]vault.Secret, len(v.secrets))
	for _, s := range v.secrets {
		all[s.name] = vault.Secret{Name: s.name, Scheduled: s.scheduled, GoneAt: s.goneAt}
	}
	return all
}

// do makes a call happen.
func (v *vaultState) do(o op, now time.Time) error {
	if o.kind == "epoch" {
		v.epoch = max(v.epoch, o.epoch)
		return nil
	}
	s := v.find(o.name)
	switch {
	case o.kind == "create":
		return v.create(s, o)
	case s == nil:
		return vault.ErrNotFound
	case o.kind == "restore":
		s.scheduled, s.goneAt = false, time.Time{}
	case !s.scheduled:
		s.scheduled, s.goneAt = true, now.Add(o.window)
	}
	return nil
}

func (v *vaultState) create(s *secret, o op) error {
	switch {
	case s == nil:
		v.secrets = append(v.secrets, secret{name: o.name, value: bytes.Clone(o.value)})
		return nil
	case s.scheduled:
		return vault.ErrScheduled
	case !bytes.Equal(s.value, o.value):
		return vault.ErrExists
	}
	return nil
}

// expire removes what was scheduled and whose window is over.
func (v *vaultState) expire(now time.Time) {
	kept := v.secrets[:0]
	for _, s := range v.secrets {
		if !s.scheduled || s.goneAt.After(now) {
			kept = append(kept, s)
		}
	}
	v.secrets = kept
}

// firstLate returns the call that must have arrived first of all that must have by a
// time; -1 where there is none.
func (v *vaultState) firstLate(by time.Time) int {
	first := -1
	for i, c := range v.late {
		if !c.until.After(by) && (first < 0 || c.until.Before(v.late[first].until)) {
			first = i
		}
	}
	return first
}

func (v *vaultState) hash() uint64 {
	sum := mix(17, uint64(v.epoch)) //nolint:gosec // never negative
	var each uint64
	for i := range v.secrets {
		s := &v.secrets[i]
		h := mix(hashText(s.name.Key), uint64(s.name.Generation)) //nolint:gosec // never negative
		h = mix(h, hashBytes(s.value))
		if s.scheduled {
			h = mix(h, uint64(s.goneAt.UnixMicro())) //nolint:gosec // in our time
		}
		each ^= h
	}
	sum = mix(sum, each)
	each = 0
	for _, c := range v.late {
		each += mix(c.op.hash(), uint64(c.until.UnixMicro())) //nolint:gosec // in our time
	}
	return mix(sum, each)
}

var seed = maphash.MakeSeed()

func hashText(s string) uint64  { return maphash.String(seed, s) }
func hashBytes(b []byte) uint64 { return maphash.Bytes(seed, b) }

// mix joins two hashes, of which the order counts.
func mix(h, more uint64) uint64 {
	h ^= more + 0x9e3779b97f4a7c15 + h<<6 + h>>2
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}
