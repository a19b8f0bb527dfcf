package file

import (
	"context"
	"errors"

	"github.com/gander-images/gander/shared/blob"
)

// Copy implements blob.Store. The kernel copies, and shares the bytes where the
// file system can.
func (s *Store) Copy(ctx context.Context, name, version, to string) (blob.Object, error) {
	if err := errors.Join(check(ctx, name), blob.CheckName(to)); err != nil {
		return blob.Object{}, err
	}
	from, size, err := s.openFile(name, version)
	if err != nil {
		return blob.Object{}, explain("copying", name, err)
	}
	defer func() { _ = from.Close() }() // it was only read
	w, err := s.begin(ctx, to)
	if err != nil {
		return blob.Object{}, err
	}
	err = w.copyFrom(from, size)
	if err == nil {
		var object blob.Object
		if object, err = w.Commit(ctx); err == nil {
			return object, nil
		}
	}
	if aborted := w.Abort(ctx); aborted != nil {
		return blob.Object{}, errors.Join(err, aborted)
	}
	return blob.Object{}, err
}
