package key

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/task"
	"github.com/gander-images/gander/shared/vault"
)

// TaskType is the type of the task by which an image's owner learns about its key.
const TaskType = "key"

// missingMessage names no key: tasks are shown to whoever may see the image.
const missingMessage = "The key that this image's data is encrypted with is missing from the key store. " +
	"The data cannot be decrypted until an operator brings the key back."

// walkRecords holds the record of every usable key against the vault, oldest first.
func (s *Service) walkRecords(ctx context.Context, u *upkeep) error {
	failed := failures{service: s}
	for more := true; more; {
		if err := endsSoon(ctx); err != nil {
			return err
		}
		page, err := s.Table.Query(ctx, table.Query{Partition: listPartition(""), After: u.After, Limit: pageSize})
		if err != nil {
			return fmt.Errorf("walking the keys: %w", err)
		}
		if err := s.settleRecords(ctx, &failed, page.Items); err != nil {
			return err
		}
		if more = page.More; more {
			u.After = page.Last
			if err := s.putUpkeep(ctx, u); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) settleRecords(ctx context.Context, failed *failures, entries []table.Item) error {
	items, err := s.ofEntries(ctx, entries)
	if err != nil {
		return err
	}
	for _, item := range items {
		if err := endsSoon(ctx); err != nil {
			return err
		}
		if item == nil {
			continue
		}
		r, err := decode(item)
		if err == nil {
			err = s.settleRecord(ctx, r)
		}
		if err := failed.met(ctx, item.Partition, err); err != nil {
			return err
		}
	}
	return nil
}

// ofEntries reads the records that entries of a list name: nil for one that is gone by
// now.
func (s *Service) ofEntries(ctx context.Context, entries []table.Item) ([]*table.Item, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	keys := make([]table.Key, len(entries))
	for i, entry := range entries {
		var id string
		if err := json.Unmarshal(entry.Body, &id); err != nil {
			return nil, fmt.Errorf("reading list entry %q: %w", entry.Sort, err)
		}
		keys[i] = recordKey(id)
	}
	items, err := s.Table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	return items, nil
}

func (s *Service) settleRecord(ctx context.Context, r *Record) error {
	if !r.Usable() {
		return nil
	}
	secret, err := s.Vault.Describe(ctx, r.name())
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return s.missing(ctx, r, "the key is usable and the key store does not have it")
	case errors.Is(err, vault.ErrDamaged):
		return s.missing(ctx, r, "the key is usable and the key store cannot read it")
	case err != nil:
		return err
	case secret.Scheduled:
		return s.uncover(ctx, r)
	}
	return nil
}

// missing reports a usable key whose secret is gone, or cannot be read, once, and tells
// the owners of the images that need it: of those too that have named it since.
func (s *Service) missing(ctx context.Context, r *Record, why string) error {
	r, err := s.asItWas(ctx, r)
	if r == nil || err != nil || !s.settled(r, makingTime) {
		return err
	}
	report, err := s.standing(ctx, Report{Key: r.ID, Kind: reportMissing, Generation: r.Generation, Why: why, At: s.now()})
	if err != nil {
		return err
	}
	stands := report.revision > 0
	begun := s.now().Add(-makingTime) // images that name it while its holders are read are for the next round
	some, err := s.tellOwners(ctx, r, report.Told)
	if err != nil || stands && !some {
		return err
	}
	report.Told = begun
	told, err := s.tell(ctx, report)
	if told && !stands {
		s.alarm(ctx, reportMissing, r.ID, why)
	}
	return err
}

// tellOwners leaves a task on every image that holds the key as its owner since after a
// time, and says whether there is one. Images of other projects are told nothing: naming
// a key must not tell what becomes of it.
func (s *Service) tellOwners(ctx context.Context, r *Record, after time.Time) (some bool, err error) {
	q := table.Query{Partition: partition(r.ID), Prefix: holderPrefix + "image#", Limit: pageSize}
	for more := true; more; {
		if err := endsSoon(ctx); err != nil {
			return some, err
		}
		page, err := s.Table.Query(ctx, q)
		if err != nil {
			return some, fmt.Errorf("reading the holders of key %s: %w", r.ID, err)
		}
		for i := range page.Items {
			h, err := decodeHolder(&page.Items[i])
			if err == nil && h.Own && h.Since.After(after) {
				some, err = true, s.tellOwner(ctx, r, h)
			}
			if err != nil {
				return some, err
			}
		}
		more, q.After = page.More, page.Last
	}
	return some, nil
}

// tellOwner leaves the task that it may have left before: its id is made of what it is
// about.
func (s *Service) tellOwner(ctx context.Context, r *Record, h *Holder) error {
	about := sha256.Sum256(fmt.Appendf(nil, "missing key %q %d of image %q", r.ID, r.Generation, h.Image))
	now := s.now()
	writes := task.Ended(task.Task{
		ID: uuid.NewSHA1(uuid.NameSpaceOID, about[:]).String(), Type: TaskType, Status: task.Failure,
		Owner: h.Owner, ImageID: h.Image, Message: missingMessage, CreatedAt: now, UpdatedAt: now,
	})
	held := table.Write{Kind: table.Check, Key: h.key(r.ID), If: table.IfPresent()}
	if _, err := s.Table.Transact(ctx, append(writes, held)...); err != nil {
		return fmt.Errorf("telling the owner of image %s: %w", h.Image, err)
	}
	return nil
}
