package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/gander-images/gander/shared/problem"
)

// Open implements blob.Store. What was opened can be read to its end, also
// when the object is deleted meanwhile.
func (s *Store) Open(ctx context.Context, name, version string, offset, length int64) (io.ReadCloser, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	f, size, err := s.openFile(name, version)
	if err != nil {
		return nil, explain("opening", name, err)
	}
	r, err := newReader(f, size, offset, length)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// openFile opens the file of one version, if it is as long as it should be.
func (s *Store) openFile(name, version string) (*os.File, int64, error) {
	size, ok := sizeOf(version)
	if !ok {
		return nil, 0, fs.ErrNotExist
	}
	f, err := s.root.Open(path.Join(objectPlace(name), version))
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Size() != size) {
		err = fmt.Errorf("the file was changed from outside, it has %d bytes: %w", info.Size(), fs.ErrNotExist)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, size, nil
}

// A reader reads a range of a file.
type reader struct {
	file *os.File
	rest io.LimitedReader
}

func newReader(f *os.File, size, offset, length int64) (*reader, error) {
	if offset < 0 || offset > size || offset == size && size > 0 {
		return nil, problem.New(problem.BadRange, "The image data has %d bytes; a range from byte %d on cannot be read.", size, offset)
	}
	if length < 0 {
		length = size - offset
	}
	if length > size-offset {
		return nil, problem.New(problem.BadRange, "The image data has %d bytes; %d bytes from byte %d on cannot be read.", size, length, offset)
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	return &reader{file: f, rest: io.LimitedReader{R: f, N: length}}, nil
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.rest.Read(p)
	if errors.Is(err, io.EOF) && r.rest.N > 0 {
		err = io.ErrUnexpectedEOF // somebody cut the file
	}
	return n, err
}

// WriteTo implements io.WriterTo. The destination sees a limited file, which is
// what the network's own writers know how to let the kernel send.
func (r *reader) WriteTo(w io.Writer) (int64, error) {
	n, err := io.Copy(w, &r.rest)
	if err == nil && r.rest.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close implements io.Closer.
func (r *reader) Close() error { return r.file.Close() }
