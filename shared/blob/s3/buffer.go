package s3

import (
	"errors"
	"io"
	"sync"
)

const chunkSize = 1 << 20

type chunk [chunkSize]byte

// chunks are shared by all writers.
var chunks = sync.Pool{New: func() any { return new(chunk) }}

// A buffer holds the bytes of one part, in chunks, so that a small object takes
// little. It is read again and again, until it is released.
type buffer struct {
	mu     sync.Mutex // the transport may still read when a request is over
	chunks []*chunk
	size   int
	at     int64
}

// add copies as much of p as there is room for below limit bytes.
func (b *buffer) add(p []byte, limit int) int {
	p = p[:min(len(p), limit-b.size)]
	for rest := p; len(rest) > 0; {
		used := b.size % chunkSize
		if used == 0 {
			b.chunks = append(b.chunks, chunks.Get().(*chunk))
		}
		n := copy(b.chunks[len(b.chunks)-1][used:], rest)
		b.size, rest = b.size+n, rest[n:]
	}
	return len(p)
}

var errReleased = errors.New("the bytes are gone")

// Read implements io.Reader.
func (b *buffer) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at >= int64(b.size) {
		return 0, io.EOF
	}
	if b.chunks == nil {
		return 0, errReleased
	}
	from := b.chunks[b.at/chunkSize][b.at%chunkSize:]
	n := copy(p, from[:min(int64(len(from)), int64(b.size)-b.at)])
	b.at += int64(n)
	return n, nil
}

// Seek implements io.Seeker.
func (b *buffer) Seek(offset int64, whence int) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += int64(b.size)
	}
	if offset < 0 {
		return b.at, errors.New("seeking before the first byte")
	}
	b.at = offset
	return b.at, nil
}

// release gives the memory back. Who still reads gets an error.
func (b *buffer) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.chunks {
		chunks.Put(c)
	}
	b.chunks = nil
}
