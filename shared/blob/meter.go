package blob

import (
	"context"
	"fmt"
	"io"
)

// maxEmpty is how many reads in a row may give nothing.
const maxEmpty = 100

// A meter reads a source, counts, and holds the limit.
type meter struct {
	source  io.Reader
	options IngestOptions
	total   int64
}

// fill reads until p is full. io.EOF says that the source has ended, with n
// bytes in p; after any other error they are not wanted.
func (m *meter) fill(ctx context.Context, p []byte) (n int, err error) {
	if room := max(0, m.options.Limit-m.total); int64(len(p)) > room {
		p = p[:room+1] // the byte beyond the limit is what tells that it is crossed
	}
	for n < len(p) {
		if err := context.Cause(ctx); err != nil {
			return n, err
		}
		got, err := m.read(p[n:])
		n += got
		m.total += int64(got)
		if m.total > m.options.Limit {
			return n, ErrOverLimit
		}
		if got > 0 && m.options.Progress != nil {
			m.options.Progress(m.total)
		}
		switch {
		case err == io.EOF && m.options.Exact && m.total < m.options.Limit: //nolint:errorlint // a wrapped one is no end
			return n, ErrShort
		case err == io.EOF: //nolint:errorlint // as above
			return n, io.EOF
		case err != nil:
			return n, fmt.Errorf("%w: %w", ErrSource, err)
		}
	}
	return n, nil
}

// read reads at least one byte, or tells why not.
func (m *meter) read(p []byte) (n int, err error) {
	for range maxEmpty {
		if n, err = m.source.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}
