package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

const (
	blockSize  = 1 << 20
	ringBlocks = 4 // blocks under way at a time: an Ingest holds at most 4 MiB
)

// blocks are shared by all pipes.
var blocks = sync.Pool{New: func() any { return new(block) }}

// A block is bytes on their way to every sink.
type block struct {
	bytes [blockSize]byte
	n     int
	owing atomic.Int32 // sinks that have not seen it yet
}

// A pipe carries blocks from one reader to several sinks, each on a goroutine
// of its own. The slowest holds up the rest once the ring is full.
type pipe struct {
	ctx   context.Context //nolint:containedctx // it lives as long as one call
	end   context.CancelCauseFunc
	sinks []chan *block
	done  sync.WaitGroup
	free  chan *block // room for the whole ring: giving back never waits
	made  int
	crash atomic.Pointer[crash]
}

// A crash is a panic on its way to the goroutine that called Ingest.
type crash struct {
	value any
	stack []byte
}

func (c *crash) String() string { return fmt.Sprintf("%v\n\n%s", c.value, c.stack) }

var errCrash = errors.New("a sink panicked")

func newPipe(ctx context.Context, to []Observer) *pipe {
	p := &pipe{free: make(chan *block, ringBlocks)}
	p.ctx, p.end = context.WithCancelCause(ctx)
	for _, sink := range to {
		in := make(chan *block, ringBlocks) // the whole ring: handing out never waits
		p.sinks = append(p.sinks, in)
		p.done.Go(func() { p.drain(in, sink) })
	}
	return p
}

// run carries everything from the source, and returns how much it was. The
// sinks have ended when it returns, or panics because one of them did.
func (p *pipe) run(from *meter) (int64, error) {
	defer p.release()
	defer p.finish() // for a source that panics
	if err := p.carry(from); err != nil {
		p.end(err)
	}
	p.finish()
	if c := p.crash.Load(); c != nil {
		panic(c.String())
	}
	return from.total, context.Cause(p.ctx) // the first of all
}

// carry hands out blocks until the source has ended.
func (p *pipe) carry(from *meter) error {
	for ended := false; !ended; {
		b := p.take()
		n, err := from.fill(p.ctx, b.bytes[:])
		b.n = n
		ended = err == io.EOF //nolint:errorlint // fill wraps no end
		if err != nil && !ended {
			p.free <- b
			return err
		}
		if b.n == 0 {
			p.free <- b
			continue
		}
		p.hand(b)
	}
	return nil
}

// take returns a block that no sink needs any more, and makes one only if the
// ring has none. Sinks give back what they got, whatever happened.
func (p *pipe) take() *block {
	select {
	case b := <-p.free:
		return b
	default:
	}
	if p.made < ringBlocks {
		p.made++
		return blocks.Get().(*block)
	}
	return <-p.free
}

// hand gives a block to every sink.
func (p *pipe) hand(b *block) {
	b.owing.Store(int32(len(p.sinks))) //nolint:gosec // a handful
	for _, in := range p.sinks {
		in <- b
	}
}

// drain gives a sink its blocks. After the first error of anybody it only gives
// them back.
func (p *pipe) drain(in <-chan *block, sink Observer) {
	for b := range in {
		if p.ctx.Err() == nil {
			if err := p.write(sink, b.bytes[:b.n]); err != nil {
				p.end(err)
			}
		}
		if b.owing.Add(-1) == 0 {
			p.free <- b
		}
	}
}

// write turns a panic of a sink, which would end the process, into an error.
func (p *pipe) write(sink Observer, data []byte) (err error) {
	defer func() {
		if value := recover(); value != nil {
			p.crash.CompareAndSwap(nil, &crash{value, debug.Stack()})
			err = errCrash
		}
	}()
	n, err := sink.Write(data)
	if err == nil && n < len(data) {
		err = io.ErrShortWrite
	}
	return err
}

// finish waits until the sinks have seen all. It may be called again.
func (p *pipe) finish() {
	for _, in := range p.sinks {
		close(in)
	}
	p.sinks = nil
	p.done.Wait()
}

// release gives memory and context back.
func (p *pipe) release() {
	for len(p.free) > 0 {
		blocks.Put(<-p.free)
	}
	p.end(nil)
}
