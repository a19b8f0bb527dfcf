package httpapi

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"
)

// pieceSize is how many bytes a client must take or give within the stall
// timeout, where the kernel moves them without us.
const pieceSize = 256 << 10

// errClientGone marks an answer that its client did not take to the end.
var errClientGone = errors.New("the client did not take the answer to its end")

// An answerWriter counts what is sent, and moves the deadline of the connection
// along, so that a slow client may take its time and a stopped one may not.
type answerWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	status  int
	bytes   int64
}

func newAnswerWriter(w http.ResponseWriter, stall time.Duration) *answerWriter {
	return &answerWriter{ResponseWriter: w, control: http.NewResponseController(w), stall: stall}
}

// Unwrap lets http.ResponseController reach the server's own writer.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (w *answerWriter) Write(p []byte) (total int, err error) {
	for {
		piece := p[total:min(len(p), total+pieceSize)]
		w.extend()
		n, err := w.ResponseWriter.Write(piece)
		total += n
		w.bytes += int64(n)
		if err != nil || total == len(p) {
			return total, err
		}
	}
}

// ReadFrom implements io.ReaderFrom. It hands files to the server's own writer,
// which lets the kernel copy them to the socket, a piece at a time.
func (w *answerWriter) ReadFrom(src io.Reader) (total int64, err error) {
	fast, ok := w.ResponseWriter.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	limit, limited := src.(*io.LimitedReader) // the kernel copies one limited file, not a nested one
	inner := src
	if limited {
		inner = limit.R
	}
	for {
		size := int64(pieceSize)
		if limited {
			size = min(size, limit.N)
		}
		w.extend()
		n, err := fast.ReadFrom(&io.LimitedReader{R: inner, N: size})
		total += n
		w.bytes += n
		if limited {
			limit.N -= n
		}
		if err != nil || n < size || limited && limit.N == 0 {
			return total, err
		}
	}
}

func (w *answerWriter) extend() {
	if w.stall > 0 {
		_ = w.control.SetWriteDeadline(time.Now().Add(w.stall)) // not every transport has one
	}
}

// A bodyReader is a request body whose client must keep sending.
type bodyReader struct {
	io.ReadCloser
	control *http.ResponseController
	stall   time.Duration
	read    int64 // bytes
	fixed   bool  // the deadline stays where it is
	ended   bool
}

func newBodyReader(w http.ResponseWriter, body io.ReadCloser, stall time.Duration) *bodyReader {
	if body == nil {
		body = http.NoBody
	}
	return &bodyReader{
		ReadCloser: body, control: http.NewResponseController(w), stall: stall, ended: body == http.NoBody,
	}
}

// whole gives the client one stall timeout for all of the body.
func (b *bodyReader) whole() {
	b.extend()
	b.fixed = true
}

// Read implements io.Reader.
func (b *bodyReader) Read(p []byte) (int, error) {
	if !b.fixed {
		b.extend()
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if err != nil {
		b.ended = true
	}
	return n, err
}

// extend moves the deadline, unless the body is at its end: then the server reads
// on by itself, to notice a client that leaves, and a deadline would look like
// one.
func (b *bodyReader) extend() {
	if b.stall > 0 && !b.ended {
		_ = b.control.SetReadDeadline(time.Now().Add(b.stall)) // not every transport has one
	}
}

// patience is how long the server waits for the rest of a body that nobody
// reads, before the answer goes out.
const patience = 5 * time.Second

// leave gives up on what is left of the body.
func (b *bodyReader) leave() {
	if b.stall > 0 && !b.ended {
		_ = b.control.SetReadDeadline(time.Now().Add(min(patience, b.stall/2)))
	}
}

// stream sends the bytes of an answer. After its headers there is no other way
// to tell the client of a failure than to break off.
func (x *exchange) stream(response *Response) {
	defer response.Stream.Close()
	setLength(x.out.Header(), response.Status, response.Length)
	x.out.WriteHeader(response.Status)
	n, err := io.Copy(x.out, response.Stream)
	switch {
	case err != nil && clientGone(err):
		x.err = fmt.Errorf("%w: %w", errClientGone, err)
	case err != nil:
		x.err = fmt.Errorf("sending the body: %w", err)
	case response.Length != unknownLength && n != response.Length:
		x.err = fmt.Errorf("sending the body: %d of %d bytes were there", n, response.Length)
	default:
		return
	}
	panic(http.ErrAbortHandler)
}

// clientGone reports whether copying to the network failed on the client's side.
func clientGone(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "read" {
		return false // a store's connection, not the client's
	}
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed)
}

// unknownLength is the length of a stream that is made while it is sent.
const unknownLength = -1

// setLength says how long the body is, where there can be one and it is known.
func setLength(header http.Header, status int, length int64) {
	if length != unknownLength && status != http.StatusNoContent && status != http.StatusNotModified {
		header.Set("Content-Length", strconv.FormatInt(length, 10))
	}
}
