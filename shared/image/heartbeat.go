package image

import (
	"context"
	"errors"
	"time"
)

var errSilent = errors.New("image: the lease could not be kept: the table did not answer in time")

// beat keeps the upload's lease until ctx ends. When the lease is lost, it
// cancels the upload with the cause.
func (u *upload) beat(ctx context.Context, cancel context.CancelCauseFunc) {
	defer close(u.ended)
	ticker := time.NewTicker(u.service.Lease / beatsPerLease)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := u.renew(ctx); err != nil {
			cancel(err)
			return
		}
	}
}

// renew moves the deadline. A table that does not answer is asked again at the
// next beat, until the lease has run out.
func (u *upload) renew(ctx context.Context) error {
	for {
		next := *u.lease
		next.Deadline = u.service.now().Add(u.service.Lease)
		outcome, err := u.service.Table.Transact(ctx, next.put())
		if err != nil {
			if u.lease.Deadline.After(u.service.now()) {
				return nil
			}
			return errSilent
		}
		if outcome.OK() {
			next.revision++
			*u.lease = next
			return nil
		}
		failed, _ := outcome.FailedAt(0)
		now, err := decodeLease(failed.Item)
		if err != nil {
			return err
		}
		if now == nil {
			return errLost
		}
		*u.lease = *now // its due entry was moved, or an answer was lost
	}
}
