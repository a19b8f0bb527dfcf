package blob_test

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // the yardstick of Glance's checksum
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/gander-images/gander/shared/blob"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A sink is a writer in memory.
type sink struct {
	blob.Writer
	bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) { return s.Buffer.Write(p) }

// A sinkFunc is a writer that does what it is told.
type sinkFunc func(p []byte) (int, error)

func (f sinkFunc) Write(p []byte) (int, error)                       { return f(p) }
func (f sinkFunc) Commit(context.Context) (o blob.Object, err error) { return o, errors.ErrUnsupported }
func (f sinkFunc) Abort(context.Context) error                       { return nil }

func noise(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(data)
	return data
}

func digestOf(data []byte) blob.Digest {
	md, sha := md5.Sum(data), sha512.Sum512(data) //nolint:gosec // as above
	return blob.Digest{Size: int64(len(data)), MD5: hex.EncodeToString(md[:]), SHA512: hex.EncodeToString(sha[:])}
}

// Readers that give bytes in every manner, and sizes around the block's.
func TestIngestPassesEveryByteOn(t *testing.T) {
	manners := map[string]func(io.Reader) io.Reader{
		"whole":          func(r io.Reader) io.Reader { return r },
		"half":           iotest.HalfReader,
		"data with EOF":  iotest.DataErrReader,
		"odd pieces":     func(r io.Reader) io.Reader { return &pieces{r, 4099} },
		"empty readings": func(r io.Reader) io.Reader { return &hesitant{r: r} },
	}
	for manner, wrap := range manners {
		for _, size := range []int{0, 1, 511, 1<<20 - 1, 1 << 20, 1<<20 + 1, 9<<20 + 17} {
			t.Run(fmt.Sprintf("%s/%d", manner, size), func(t *testing.T) {
				data := noise(size)
				var w, observed sink
				var last int64
				digest, err := blob.Ingest(t.Context(), wrap(bytes.NewReader(data)), &w, blob.IngestOptions{
					Limit: int64(size), Exact: true, Observers: []blob.Observer{&observed},
					Progress: func(total int64) {
						if total <= last {
							t.Errorf("progress went from %d to %d", last, total)
						}
						last = total
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				if want := digestOf(data); digest != want {
					t.Errorf("digest %+v, want %+v", digest, want)
				}
				if last != int64(size) {
					t.Errorf("the last progress was %d of %d", last, size)
				}
				if !bytes.Equal(w.Bytes(), data) || !bytes.Equal(observed.Bytes(), data) {
					t.Error("the bytes that arrived are others")
				}
			})
		}
	}
}

type pieces struct {
	r io.Reader
	n int
}

func (p *pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(p.n, len(b))]) }

// hesitant gives nothing, and no error, before every piece.
type hesitant struct {
	r     io.Reader
	ready bool
}

func (h *hesitant) Read(b []byte) (int, error) {
	h.ready = !h.ready
	if h.ready {
		return 0, nil
	}
	return h.r.Read(b)
}

func TestIngestHoldsTheLimit(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		size, limit int64
		exact       bool
		want        error
	}{
		{0, 0, false, nil},
		{1, 0, false, blob.ErrOverLimit},
		{0, 0, true, nil},
		{1, 0, true, blob.ErrOverLimit},
		{5, 5, false, nil},
		{4, 5, false, nil},
		{4, 5, true, blob.ErrShort},
		{0, 5, true, blob.ErrShort},
		{6, 5, true, blob.ErrOverLimit},
		{mib, mib, true, nil},
		{mib + 1, mib, false, blob.ErrOverLimit},
		{3*mib + 1, 3 * mib, false, blob.ErrOverLimit},
		{3*mib - 1, 3 * mib, true, blob.ErrShort},
		{3 * mib, blob.Unlimited, false, nil},
	} {
		t.Run(fmt.Sprintf("%d of %d exact=%t", c.size, c.limit, c.exact), func(t *testing.T) {
			var w sink
			source := &counting{r: bytes.NewReader(noise(int(c.size)))}
			digest, err := blob.Ingest(t.Context(), source, &w, blob.IngestOptions{Limit: c.limit, Exact: c.exact})
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if errors.Is(err, blob.ErrSource) {
				t.Errorf("%v blames the source", err)
			}
			if digest.Size != c.size {
				t.Errorf("size %d, want %d", digest.Size, c.size)
			}
			if int64(w.Len()) > c.limit {
				t.Errorf("%d bytes were written beyond the limit of %d", w.Len(), c.limit)
			}
		})
	}
}

// An upload that never ends is read for one byte too many, and no further.
func TestIngestReadsNoFurtherThanOneByteBeyondTheLimit(t *testing.T) {
	source := &counting{r: &endless{}}
	_, err := blob.Ingest(t.Context(), source, &sink{}, blob.IngestOptions{Limit: 5<<20 + 3})
	if !errors.Is(err, blob.ErrOverLimit) {
		t.Fatalf("error %v", err)
	}
	if source.n != 5<<20+4 {
		t.Errorf("%d bytes were read for a limit of %d", source.n, 5<<20+3)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// Whose error it was stays to be seen, since each has another status.
func TestIngestTellsWhoFailed(t *testing.T) {
	broken := errors.New("broken")
	const after = 3<<20 + 5
	fails := func() sinkFunc {
		room := after
		return func(p []byte) (int, error) {
			if room -= len(p); room < 0 {
				return 0, broken
			}
			return len(p), nil
		}
	}
	taking := sinkFunc(func(p []byte) (int, error) { return len(p), nil })
	for name, c := range map[string]struct {
		source io.Reader
		w      blob.Writer
		more   []blob.Observer
		want   error
		blamed bool // the source
	}{
		"source":   {io.MultiReader(bytes.NewReader(noise(after)), iotest.ErrReader(broken)), taking, nil, broken, true},
		"cut":      {io.MultiReader(bytes.NewReader(noise(after)), iotest.ErrReader(io.ErrUnexpectedEOF)), taking, nil, io.ErrUnexpectedEOF, true},
		"stuck":    {&stuck{}, taking, nil, io.ErrNoProgress, true},
		"wrapped":  {iotest.ErrReader(fmt.Errorf("the peer is gone: %w", io.EOF)), taking, nil, io.EOF, true},
		"writer":   {&endless{}, fails(), nil, broken, false},
		"observer": {&endless{}, taking, []blob.Observer{fails()}, broken, false},
		"short":    {&endless{}, sinkFunc(func(p []byte) (int, error) { return len(p) - 1, nil }), nil, io.ErrShortWrite, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := blob.Ingest(t.Context(), c.source, c.w, blob.IngestOptions{Limit: blob.Unlimited, Observers: c.more})
			if !errors.Is(err, c.want) || errors.Is(err, blob.ErrSource) != c.blamed {
				t.Errorf("error %v; want %v, by the source: %t", err, c.want, c.blamed)
			}
		})
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// After the first error of one sink, the others see no further bytes.
func TestIngestStopsEverybodyAtTheFirstError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, failed := errors.New("broken"), make(chan struct{})
		var late int
		slow := sinkFunc(func(p []byte) (int, error) {
			select {
			case <-failed:
				late++
			default:
				<-failed
			}
			synctest.Wait() // until the failure has gone round
			return len(p), nil
		})
		writer := sinkFunc(func([]byte) (int, error) { close(failed); return 0, broken })
		_, err := blob.Ingest(t.Context(), &endless{}, writer, blob.IngestOptions{Limit: blob.Unlimited, Observers: []blob.Observer{slow}})
		if !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
		if late != 0 {
			t.Errorf("an observer got %d blocks after the writer had failed", late)
		}
	})
}

// A writer that hangs holds back the source after the ring is full, and Ingest
// until it returns; the context's end is then told.
func TestIngestWithAWriterThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("lease lost")
		ctx, cancel := context.WithCancelCause(t.Context())
		release, source := make(chan struct{}), &counting{r: &endless{}}
		var err error
		returned := false
		go func() {
			writer := sinkFunc(func(p []byte) (int, error) { <-release; return len(p), nil })
			_, err = blob.Ingest(ctx, source, writer, blob.IngestOptions{Limit: blob.Unlimited})
			returned = true
		}()
		synctest.Wait()
		if source.n != 4<<20 {
			t.Errorf("%d bytes were read while none was written, want the ring's 4 MiB", source.n)
		}
		cancel(cause)
		synctest.Wait()
		if returned {
			t.Error("Ingest returned while its writer was still writing")
		}
		close(release)
		synctest.Wait()
		if !returned || !errors.Is(err, cause) {
			t.Errorf("returned %t, error %v", returned, err)
		}
	})
}

func TestIngestThatIsCancelledReadsNoMore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	source := &counting{r: &endless{}}
	_, err := blob.Ingest(ctx, source, &sink{}, blob.IngestOptions{
		Limit:    blob.Unlimited,
		Progress: func(int64) { cancel() },
	})
	if !errors.Is(err, context.Canceled) || source.n > 1<<20 {
		t.Errorf("error %v after %d bytes", err, source.n)
	}
}

// A panic must reach the caller's goroutine, where somebody can catch it.
func TestIngestHandsPanicsToItsCaller(t *testing.T) {
	inspector := sinkFunc(func([]byte) (int, error) { panic("a strange header") })
	defer func() {
		if told := fmt.Sprint(recover()); !strings.Contains(told, "a strange header") || !strings.Contains(told, "ingest_test.go") {
			t.Errorf("recovered %q", told)
		}
	}()
	_, err := blob.Ingest(t.Context(), &endless{}, &sink{}, blob.IngestOptions{Limit: 64 << 20, Observers: []blob.Observer{inspector}})
	t.Errorf("no panic, error %v", err)
}

// A source that panics leaves no goroutine behind; TestMain looks.
func TestIngestOfASourceThatPanics(t *testing.T) {
	defer func() {
		if told := fmt.Sprint(recover()); told != "a broken body" {
			t.Errorf("recovered %q", told)
		}
	}()
	source := io.MultiReader(io.LimitReader(&endless{}, 2<<20), sourceFunc(func([]byte) (int, error) { panic("a broken body") }))
	_, err := blob.Ingest(t.Context(), source, &sink{}, blob.IngestOptions{Limit: blob.Unlimited})
	t.Errorf("no panic, error %v", err)
}

type sourceFunc func(p []byte) (int, error)

func (f sourceFunc) Read(p []byte) (int, error) { return f(p) }

// TestP11IngestMemory: memory does not grow with the size of an image.
func TestP11IngestMemory(t *testing.T) {
	taking := sinkFunc(func(p []byte) (int, error) { return len(p), nil })
	allocated := func(size int64) uint64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		if _, err := blob.Ingest(t.Context(), io.LimitReader(&endless{}, size), taking, blob.IngestOptions{Limit: blob.Unlimited}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for _, size := range []int64{1, 16 << 20, 256 << 20} {
		if got := allocated(size); got > 5<<20 {
			t.Errorf("%d bytes of memory were taken for an object of %d", got, size)
		}
	}
}
