package image

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// A sourceKey is one key that the source of a snapshot names, and the new one that
// takes its place.
type sourceKey struct {
	cloneID string
	names   map[string]string // the snapshot's properties about the clone
	read    *key.Record       // as it was read last
	clone   *key.Record       // nil until it has begun
}

// sourceKeys are those that a snapshot clones, by id.
type sourceKeys map[string]*sourceKey

// sourceKeys finds the keys that are cloned: those that the source names by a property
// which the caller says nothing about. One that both properties name is cloned once. A
// clone goes with its image if the source says that the key goes with it, unless the
// operator has listed either property: then it stays.
func (s *Service) sourceKeys(d SnapshotDraft) sourceKeys {
	found := make(sourceKeys)
	if d.Source == nil {
		return found
	}
	for _, pair := range key.Pairs {
		text := d.Source.Properties[pair[0]]
		if _, said := d.Properties[pair[0]]; said || text == "" {
			continue
		}
		k := found[key.ID(text)]
		if k == nil {
			k = &sourceKey{cloneID: s.NewID(), names: make(map[string]string)}
			found[key.ID(text)] = k
		}
		k.names[pair[0]] = k.cloneID
		policy, said := d.Source.Properties[pair[1]]
		if said && !s.notInherited(pair[0]) && !s.notInherited(pair[1]) {
			k.names[pair[1]] = policy
		}
	}
	return found
}

// names are the properties by which the snapshot names its clones.
func (all sourceKeys) names() map[string]string {
	names := make(map[string]string)
	for _, k := range all {
		maps.Copy(names, k.names)
	}
	return names
}

// ids are the source's keys, sorted.
func (all sourceKeys) ids() []string { return slices.Sorted(maps.Keys(all)) }

// clones are the new keys that have begun.
func (all sourceKeys) clones() []*key.Record {
	var begun []*key.Record
	for _, id := range all.ids() {
		if clone := all[id].clone; clone != nil {
			begun = append(begun, clone)
		}
	}
	return begun
}

// readSourceKeys reads the source's keys, of which the caller must be allowed to read each.
func (s *Service) readSourceKeys(ctx context.Context, rights SnapshotRights, all sourceKeys) (map[string]policy.Grant, error) {
	grants := make(map[string]policy.Grant, len(all))
	for _, id := range all.ids() {
		var err error
		k := all[id]
		if s.Keys != nil {
			if k.read, err = s.Keys.Find(ctx, id); err != nil {
				return nil, err
			}
		}
		if grants[id], err = rights.Decrypt(ctx, k.read); err != nil {
			return nil, err
		}
		if err := k.read.ReadsValue(); err != nil {
			return nil, err
		}
	}
	return grants, nil
}

// cloneKeys begins the clones. If one cannot be made, all are abandoned.
func (s *Service) cloneKeys(ctx context.Context, rights SnapshotRights, all sourceKeys, img *Image) error {
	grants, err := s.readSourceKeys(ctx, rights, all)
	if err != nil {
		return err
	}
	for _, id := range all.ids() {
		k := all[id]
		k.clone, err = s.Keys.Clone(ctx, grants[id], k.read, key.New{ID: k.cloneID, Owner: deref(img.Owner), Creator: img.CreatorUserID})
		if err != nil {
			s.abandon(ctx, all)
			return err
		}
	}
	return nil
}

func (s *Service) abandon(ctx context.Context, all sourceKeys) {
	for _, clone := range all.clones() {
		s.Keys.Abandon(ctx, clone)
	}
}

const (
	// snapshotTries is how often a snapshot is saved while others write the records of
	// its source's keys.
	snapshotTries = 6
	snapshotPause = 10 * time.Millisecond // before the second try; twice as long before each one after
)

// saveSnapshot saves the image on condition that its source and the source's keys are
// as they were read. When it is a key that has changed, that is read again, and the
// clone's value is still the key's.
func (s *Service) saveSnapshot(
	ctx context.Context, rights SnapshotRights, d SnapshotDraft, sources sourceKeys, img *Image, shared []table.Write,
) error {
	for try := range snapshotTries {
		img.adopts = sources.clones()
		err := s.save(ctx, nil, img, append(s.unmoved(d, sources, img), shared...)...)
		if !Changed(err) {
			return err
		}
		s.Pause(snapshotPause << try)
		if err := s.readSourceAgain(ctx, rights, d, sources); err != nil {
			return err
		}
	}
	return problem.New(problem.Conflict, "The source image's key is being changed by other requests. Try again.")
}

// unmoved are the conditions that a snapshot rests on. A key that the snapshot itself
// comes to hold, because the caller says so, is under one already.
func (s *Service) unmoved(d SnapshotDraft, sources sourceKeys, img *Image) []table.Write {
	if d.Source == nil {
		return nil
	}
	checks := []table.Write{{Kind: table.Check, Key: Key(d.Source.ID), If: table.IfRevision(d.Source.Revision)}}
	held := namingOf(img).Keys
	for _, id := range sources.ids() {
		if _, holds := held[id]; !holds {
			checks = append(checks, sources[id].read.Unmoved())
		}
	}
	return checks
}

// readSourceAgain finds out what has changed. With another source the snapshot would
// be another.
func (s *Service) readSourceAgain(ctx context.Context, rights SnapshotRights, d SnapshotDraft, sources sourceKeys) error {
	if d.Source == nil {
		return errChanged
	}
	now, err := s.read(ctx, d.Source.ID)
	if err != nil {
		return err
	}
	if now == nil || now.Revision != d.Source.Revision {
		return errChanged
	}
	_, err = s.readSourceKeys(ctx, rights, sources)
	return err
}
