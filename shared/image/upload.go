package image

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

const (
	beatsPerLease = 10              // heartbeats in the life of a lease
	progressEvery = 5 * time.Second // between two log lines of a running upload
	settleTime    = time.Minute     // to put things right after an upload failed
)

// errLost is what an upload answers whose image was deleted, or whose lease ran
// out, while bytes flowed.
//
// Source: glance/api/v2/image_data.py, upload: 410 for an image that vanished.
var errLost = problem.New(problem.Gone, "The image was deleted, or its upload given up, while the data was uploaded.")

// Upload takes the bytes of a queued image and makes it active. The answer
// comes after bytes and record are durable. Whatever fails, the image is back
// to queued, nothing of the data is left, and a task tells the owner why. While
// it runs, a lease holds the image in saving; nothing else does.
//
// Errors: Conflict unless the image is queued; Invalid when its formats are not
// set or the size is not the declared one; TooLarge beyond the cap or when the
// store is full; Gone when the image was deleted meanwhile; Changed when another
// request was first.
//
// Source: glance/api/v2/image_data.py, ImageDataController.upload.
func (s *Service) Upload(ctx context.Context, g policy.Grant, c caller.Caller, img *Image, r UploadRequest) error {
	if err := g.Permits(policy.UploadImage); err != nil {
		return err
	}
	if err := mayChange(img, c); err != nil {
		return err
	}
	if err := s.checkUpload(img, r); err != nil {
		return err
	}
	u, err := s.beginUpload(ctx, c, img, r)
	if errors.Is(err, table.ErrUnknown) {
		u.withdraw(ctx)
	}
	if err != nil {
		return err
	}
	return u.run(ctx, r)
}

func (s *Service) checkUpload(img *Image, r UploadRequest) error {
	if img.Status != Queued {
		return problem.New(problem.Conflict, "Image status transition from %s to saving is not allowed", img.Status)
	}
	if img.DiskFormat == nil || img.ContainerFormat == nil {
		return problem.New(problem.Invalid, "Properties disk_format, container_format must be set prior to saving data.")
	}
	if limit := s.Limits.SizeCap; limit >= 0 && r.Size != nil && *r.Size > limit {
		return errOverCap(limit)
	}
	return nil
}

func errOverCap(limit int64) error {
	return problem.New(problem.TooLarge, "Image exceeds the maximum size of %d bytes", limit)
}

// An upload is one running PUT of bytes.
type upload struct {
	service *Service
	store   *Store
	place   place
	lease   *lease
	ended   chan struct{} // closed when the heart has stopped
	log     *slog.Logger
}

// run moves the bytes, while the heart beats, and settles how it ended.
func (u *upload) run(ctx context.Context, r UploadRequest) error {
	beating, cancel := context.WithCancelCause(ctx)
	go u.beat(beating, cancel)
	stop := func() {
		cancel(nil)
		<-u.ended
	}
	defer stop()

	w, err := u.store.Blobs.Create(beating, u.place.Name)
	if err != nil {
		stop()
		return u.fail(ctx, nil, true, err, "The image store did not take the data.")
	}
	digest, err := u.ingest(beating, r, w)
	if err != nil {
		stop()
		reason, err := u.explain(beating, r, digest.Size, err)
		return u.fail(ctx, w, false, err, reason)
	}
	object, err := w.Commit(context.WithoutCancel(beating)) // the bytes are whole, whether or not the client waits
	if err != nil {
		stop()
		return u.fail(ctx, w, true, err, "The image store did not keep the data.")
	}
	stop()
	if err := u.commit(context.WithoutCancel(ctx), object, digest); err != nil {
		return u.fail(ctx, nil, true, err, "The image's record could not be written.")
	}
	return nil
}

// ingest passes the bytes on, and logs now and then how far it came.
func (u *upload) ingest(ctx context.Context, r UploadRequest, w blob.Writer) (blob.Digest, error) {
	logged := u.service.now()
	options := blob.IngestOptions{
		Limit: u.service.Limits.SizeCap,
		Exact: r.Exact,
		Progress: func(total int64) {
			if now := u.service.now(); now.Sub(logged) >= progressEvery {
				logged = now
				u.log.InfoContext(ctx, "upload runs", "bytes", total)
			}
		},
	}
	if options.Limit < 0 {
		options.Limit = blob.Unlimited
	}
	if r.Exact {
		options.Limit = *r.Size
	}
	return blob.Ingest(ctx, r.Body, w, options)
}

// errOtherSize refuses data that is not as long as its size header said.
//
// Source: glance/api/v2/image_data.py, upload: 400 since 2025.2.
func errOtherSize(declared int64) error {
	return problem.New(problem.Invalid, "The size of the data differs from the declared size of %d bytes.", declared)
}

// explain turns why bytes stopped flowing into the caller's answer and the
// reason that the owner can read later.
func (u *upload) explain(ctx context.Context, r UploadRequest, read int64, err error) (reason string, answer error) {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errLost):
		return "The image was deleted, or its upload given up.", errLost
	case errors.Is(err, blob.ErrShort), errors.Is(err, blob.ErrOverLimit) && r.Exact:
		answer = errOtherSize(*r.Size)
	case errors.Is(err, blob.ErrOverLimit):
		answer = errOverCap(u.service.Limits.SizeCap)
	case errors.Is(err, blob.ErrSource), ctx.Err() != nil:
		return fmt.Sprintf("The data stopped coming after %d bytes.", read),
			fmt.Errorf("receiving the data of image %s: %w", u.place.Image, err)
	case problem.CodeOf(err) != problem.Internal:
		answer = err
	default:
		answer = problem.Because(err, problem.Unavailable, "The image store did not take the data. Try again.")
	}
	_, reason = problem.Status(answer)
	return reason, answer
}

// commit makes the image active. A lost race with a patcher is tried again, and
// so is a table that does not answer, until the lease ends.
func (u *upload) commit(ctx context.Context, object blob.Object, digest blob.Digest) error {
	location := Location{Store: u.store.ID, Name: object.Name, Version: object.Version}
	pause := 50 * time.Millisecond
	for {
		err := u.activate(ctx, location, digest)
		switch {
		case err == nil, errors.Is(err, errLost), errors.Is(err, table.ErrFull), errors.Is(err, table.ErrItemTooLarge):
			return err
		case !u.lease.Deadline.After(u.service.now()):
			return err
		case Changed(err):
			continue
		}
		u.log.WarnContext(ctx, "the record of a finished upload is tried again", "error", err)
		u.service.Pause(pause)
		pause = min(2*pause, 2*time.Second)
	}
}

func (u *upload) activate(ctx context.Context, at Location, digest blob.Digest) error {
	img, l, err := u.service.readWithLease(ctx, u.place.Image, u.lease.Upload)
	switch {
	case err != nil:
		return err
	case img != nil && img.holds(u.place):
		return nil // an earlier try whose answer was lost
	case img == nil || l == nil || img.Upload != l.Upload:
		return errLost
	}
	algo := DefaultHashAlgo
	next := img.clone()
	u.service.stamp(next, u.lease.Writer)
	next.Status = Active
	next.Upload = ""
	next.Size, next.Checksum = &digest.Size, &digest.MD5
	next.HashAlgo, next.HashValue = &algo, &digest.SHA512
	next.Locations = []Location{at}
	return u.service.save(ctx, img, next, l.remove(), l.entry().Settle())
}

// fail ends the upload so that nothing of it is left, and returns err. w is the
// writer where it may still hold bytes; left says that others may exist.
// What cannot be put right now is left to the lease's due entry, which stands.
func (u *upload) fail(ctx context.Context, w blob.Writer, left bool, err error, reason string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if w != nil {
		if aborted := w.Abort(ctx); aborted != nil {
			u.log.ErrorContext(ctx, "what an upload wrote could not be removed yet", "error", aborted)
			left = true
		}
	}
	landed, settled := u.settle(ctx, reason, left)
	switch {
	case landed:
		return nil
	case errors.Is(settled, errLost):
		return errLost // whatever it was, it came of that
	case settled != nil:
		u.log.ErrorContext(ctx, "an upload that failed is left to its lease", "error", settled)
	}
	return err
}

// settle takes the record back, against whoever changes it meanwhile, and only
// then removes bytes: a record whose answer was lost may name them. landed says
// that it does, and that the image is active after all. The error is errLost where
// somebody else had ended the upload before.
func (u *upload) settle(ctx context.Context, reason string, left bool) (landed bool, err error) {
	s := u.service
	for {
		img, l, err := s.readWithLease(ctx, u.place.Image, u.lease.Upload)
		switch {
		case err != nil:
			return false, err
		case img != nil && img.holds(u.place):
			return true, nil
		case l == nil: // its deleter or the sweeper saw to the rest; no record can name the bytes any more
			if err := s.clear(ctx, u.place); err != nil {
				return false, err
			}
			return false, errLost
		}
		parts := partsEntry(s.now(), u.place)
		var extra []table.Write
		if left {
			extra = append(extra, parts.Put())
		}
		err = s.revert(ctx, img, l, reason, extra...)
		switch {
		case Changed(err):
			continue
		case err == nil && left:
			err = s.RemoveParts(ctx, parts)
		}
		return false, err
	}
}
