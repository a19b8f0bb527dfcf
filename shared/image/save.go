package image

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// errChanged is the loser's answer in a race for one record.
var errChanged = problem.New(problem.Conflict, "The image was changed by another request meanwhile. Try again.")

// Changed reports whether err says that the record was not as it had been read.
// Whoever reads it again, and is still allowed to, may try again.
func Changed(err error) bool { return errors.Is(err, errChanged) }

// A contributor adds its writes to the one transaction that takes an image from
// before (nil when it is made) to after.
type contributor func(ctx context.Context, s *Service, before, after *Image) ([]table.Write, error)

// contributors are all that take part in a save. A later feature adds itself
// here; save does not change.
var contributors = []contributor{recordWrite, listWrites, purgeWrites, keyWrites}

// save makes one transaction of everything that takes the image from before to
// after, and of extra. On success after holds its new revision.
//
// Errors: Changed when the record is not as it was read, or a condition of extra
// failed; errTaken on making an image whose id is known; table's errors.
func (s *Service) save(ctx context.Context, before, after *Image, extra ...table.Write) error {
	after.Writer.Change = s.NewID()
	var writes []table.Write
	for _, contribute := range contributors {
		more, err := contribute(ctx, s, before, after)
		if err != nil {
			return err
		}
		writes = append(writes, more...)
	}
	writes = append(writes, extra...)
	outcome, err := table.Settle(ctx, s.Table, landed(after), writes...)
	switch {
	case err != nil:
		return fmt.Errorf("saving image %s: %w", after.ID, err)
	case outcome.OK():
		after.Revision = revisionOf(before) + 1
		s.decided(after)
		return nil
	case before == nil && failedRecord(outcome):
		return errTaken(after.ID)
	}
	return errChanged
}

// landed says how a save whose answer was lost is recognised: the record then bears
// its mark.
func landed(after *Image) func(*table.Item) bool {
	return func(item *table.Item) bool {
		now, err := decode(item)
		return err == nil && now.Writer.Change == after.Writer.Change
	}
}

func failedRecord(outcome table.Outcome) bool {
	_, failed := outcome.FailedAt(0)
	return failed
}

// errTaken refuses an id that some image has or had.
//
// Source: glance/api/v2/images.py, create: Duplicate is 409.
func errTaken(id string) error {
	return problem.New(problem.Conflict, "Image ID %s already exists!", id)
}

func revisionOf(img *Image) int64 {
	if img == nil {
		return 0
	}
	return img.Revision
}

// recordWrite writes the record itself. It is the first contributor: landed
// looks for its outcome at index 0.
func recordWrite(_ context.Context, _ *Service, before, after *Image) ([]table.Write, error) {
	body, err := encode(after)
	if err != nil {
		return nil, err
	}
	condition := table.IfAbsent()
	if before != nil {
		condition = table.IfRevision(before.Revision)
	}
	return []table.Write{{Kind: table.Put, Key: Key(after.ID), Schema: recordSchema, Body: body, If: condition}}, nil
}

// listWrites moves the image between lists.
func listWrites(_ context.Context, _ *Service, before, after *Image) ([]table.Write, error) {
	return entryWrites(before, after), nil
}

// purgeWrites makes the due entry when the image is deleted, and removes it when
// the image comes back or its bytes are gone.
func purgeWrites(_ context.Context, _ *Service, before, after *Image) ([]table.Write, error) {
	had, has := awaitsPurge(before), awaitsPurge(after)
	switch {
	case !had && has:
		return []table.Write{purgeEntry(after).Put()}, nil
	case had && !has:
		return []table.Write{purgeEntry(before).Settle()}, nil
	}
	return nil, nil
}

func awaitsPurge(img *Image) bool {
	return img != nil && (img.Status == Deleted || img.Status == Purging)
}

// stamp marks next as changed now by whoever made the request.
func (s *Service) stamp(next *Image, w Writer) {
	next.UpdatedAt = s.now()
	next.Writer = w
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }
