package image

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/task"
)

// LeaseKind is the kind of due entry that ends an upload which fell silent.
const LeaseKind = "lease"

const leaseSchema = 1

// A lease is an upload's claim on an image. Its worker moves the deadline while
// bytes flow; it never touches the record for that.
type lease struct {
	Image    string    `json:"image"`
	Upload   string    `json:"upload"`
	Store    string    `json:"store"`
	Owner    string    `json:"owner,omitempty"` // the image's project, for the task that tells the reason
	Writer   Writer    `json:"writer"`
	Started  time.Time `json:"started"`
	Deadline time.Time `json:"deadline"`
	// Due is the time of the due entry; the deadline may lie behind it.
	Due time.Time `json:"due"`

	revision int64
}

// A place is where an upload puts its bytes.
type place struct {
	Image string `json:"image"`
	Store string `json:"store"`
	Name  string `json:"name"`
}

func (l *lease) place() place {
	return place{Image: l.Image, Store: l.Store, Name: objectName(l.Image, l.Upload)}
}

func (l *lease) key() table.Key { return leaseKey(l.Image, l.Upload) }

func leaseKey(imageID, upload string) table.Key {
	return table.Key{Partition: partition(imageID), Sort: "lease#" + upload}
}

// leased is the body of a lease's due entry.
type leased struct {
	Image  string `json:"image"`
	Upload string `json:"upload"`
}

func (l *lease) entry() due.Entry {
	return due.New(LeaseKind, l.Due, l.Upload, leased{Image: l.Image, Upload: l.Upload})
}

// put writes the lease: a new one, or over the revision that was read.
func (l *lease) put() table.Write {
	body, err := json.Marshal(l)
	if err != nil {
		panic(fmt.Sprintf("image: a lease cannot be written: %v", err))
	}
	condition := table.IfAbsent()
	if l.revision > 0 {
		condition = table.IfRevision(l.revision)
	}
	return table.Write{Kind: table.Put, Key: l.key(), Schema: leaseSchema, Body: body, If: condition}
}

// remove takes the lease away; a heartbeat in between does not save it.
func (l *lease) remove() table.Write {
	return table.Write{Kind: table.Delete, Key: l.key(), If: table.IfPresent()}
}

func (s *Service) readLease(ctx context.Context, imageID, upload string) (*lease, error) {
	items, err := s.Table.Get(ctx, leaseKey(imageID, upload))
	if err != nil {
		return nil, fmt.Errorf("reading the lease of upload %s: %w", upload, err)
	}
	return decodeLease(items[0])
}

func decodeLease(item *table.Item) (*lease, error) {
	if item == nil {
		return nil, nil
	}
	if item.Schema > leaseSchema {
		return nil, errNewer
	}
	l := &lease{revision: item.Revision}
	if err := json.Unmarshal(item.Body, l); err != nil {
		return nil, fmt.Errorf("reading lease %s: %w", item.Sort, err)
	}
	return l, nil
}

// readWithLease returns a record and one of its leases, nil where absent.
func (s *Service) readWithLease(ctx context.Context, imageID, upload string) (*Image, *lease, error) {
	items, err := s.Table.Get(ctx, Key(imageID), leaseKey(imageID, upload))
	if err != nil {
		return nil, nil, fmt.Errorf("reading image %s and its lease: %w", imageID, err)
	}
	l, err := decodeLease(items[1])
	if err != nil || items[0] == nil {
		return nil, l, err
	}
	img, err := decode(items[0])
	return img, l, err
}

// EndLease is the handler of LeaseKind. A lease that still beats gets a later
// entry. One that does not is ended: the image is back to queued, its parts are
// due for removal, and a task tells the owner why.
func (s *Service) EndLease(ctx context.Context, e due.Entry) error {
	var body leased
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return fmt.Errorf("reading the entry: %w", err)
	}
	img, l, err := s.readWithLease(ctx, body.Image, body.Upload)
	if err != nil {
		return err
	}
	switch {
	case l == nil || !l.Due.Equal(e.At):
		return s.drop(ctx, e) // settled, or moved, by somebody else
	case l.Deadline.After(s.now()):
		return s.moveLease(ctx, l, e)
	}
	reason := fmt.Sprintf("The upload was silent for %s and was given up. Upload the data again.", s.Lease)
	err = s.revert(ctx, img, l, reason, partsEntry(s.now(), l.place()).Put())
	if Changed(err) {
		return nil // its worker came back, or somebody else ended it; the entry tells on the next walk
	}
	return err
}

// moveLease gives the entry of a beating lease a later time. One that has not beaten
// since is not due yet by this clock, which may have been set back.
func (s *Service) moveLease(ctx context.Context, l *lease, e due.Entry) error {
	if l.Deadline.Equal(l.Due) {
		return nil
	}
	l.Due = l.Deadline
	// A lost race means that the worker or another sweeper went on.
	_, err := s.Table.Transact(ctx, e.Settle(), l.entry().Put(), l.put())
	return err
}

// still holds that a record is as it was read; img is nil where there was none.
func still(id string, img *Image) table.Write {
	w := table.Write{Kind: table.Check, Key: Key(id), If: table.IfAbsent()}
	if img != nil {
		w.If = table.IfRevision(img.Revision)
	}
	return w
}

// drop removes an entry that stands for nothing any more, as long as also holds: that
// nobody came back to the very entry meanwhile.
func (s *Service) drop(ctx context.Context, e due.Entry, also ...table.Write) error {
	_, err := s.Table.Transact(ctx, append(also, e.Settle())...)
	return err
}

// revert ends an upload that came to nothing: the lease goes, the image, if it
// still waits for this upload, is back to queued without any trace of the data,
// and a task tells the reason. Errors: Changed.
func (s *Service) revert(ctx context.Context, img *Image, l *lease, reason string, extra ...table.Write) error {
	writes := append([]table.Write{l.remove(), l.entry().Settle()}, extra...)
	waits := img != nil && img.Upload == l.Upload
	if waits { // whoever owns the image by now reads why
		l.Owner = ownerText(img)
	}
	writes = append(writes, task.Ended(s.failedUpload(l, reason))...)
	if !waits {
		outcome, err := s.Table.Transact(ctx, writes...)
		if err == nil && !outcome.OK() {
			return errChanged
		}
		return err
	}
	next := img.clone()
	s.stamp(next, l.Writer)
	next.Status = Queued
	next.Upload = ""
	next.Size, next.VirtualSize = nil, nil
	return s.save(ctx, img, next, writes...)
}

// failedUpload is the task that an upload leaves whose bytes never became the
// image's.
func (s *Service) failedUpload(l *lease, reason string) task.Task {
	input, _ := json.Marshal(map[string]any{"image_id": l.Image, "backend": []string{l.Store}}) // cannot fail: plain text
	return task.Task{
		ID: l.Upload, Type: task.TypeUpload, Status: task.Failure, Owner: l.Owner, ImageID: l.Image,
		RequestID: l.Writer.Request, UserID: l.Writer.User, Input: input, Message: reason,
		CreatedAt: l.Started, UpdatedAt: s.now(),
	}
}
