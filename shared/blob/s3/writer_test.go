package s3

import (
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Limits of S3 for uploads by parts.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const (
	mostParts    = 10_000
	smallestPart = 5 << 20
	largestPart  = 5 << 30
)

// TestPartsHoldOneTiB: 1 TiB fits the parts that S3 takes, by parts that S3
// takes, in memory that does not grow before the object does.
func TestPartsHoldOneTiB(t *testing.T) {
	total, parts := int64(0), 0
	for n := 1; growing.part(n) > 0; n++ {
		size := growing.part(n)
		if size < smallestPart || size > largestPart || size%chunkSize != 0 {
			t.Errorf("part %d has %d bytes", n, size)
		}
		if size < growing.part(max(1, n-1)) {
			t.Errorf("part %d is smaller than the one before", n)
		}
		total, parts = total+int64(size), n
		for _, bound := range []struct {
			object int64
			memory int
		}{{15 << 30, 32 << 20}, {53 << 30, 48 << 20}, {1 << 40, 144 << 20}} {
			if total <= bound.object && size+growing.spare() > bound.memory {
				t.Fatalf("%d bytes of memory are held at %d bytes of an object, want at most %d", size+growing.spare(), total, bound.memory)
			}
		}
	}
	if parts > mostParts || total < 1<<40 {
		t.Errorf("%d parts hold %d bytes", parts, total)
	}
	if parts := int64(1<<40) / copySize; parts > mostParts || copySize > largestPart {
		t.Errorf("1 TiB is copied by %d parts", parts)
	}
}

// TestP11WriterMemory: memory does not grow with the size of an image. It is
// measured, and within the bounds that the schedule promises.
func TestP11WriterMemory(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name        string
		sent        int // parts before
		size, bound int
	}{
		{"usual", 0, 256 * mib, 32 * mib},
		{"beyond 15 GiB", 1000, 256 * mib, 48 * mib},
		{"beyond 53 GiB", 2200, 400 * mib, 144 * mib},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.sink = true
			w := f.store(whole).begin(t.Context(), "a")
			w.parts = make([]types.CompletedPart, c.sent, mostParts)
			piece := make([]byte, mib)
			before, most := live(), 0
			for written := 0; written < c.size; written += mib {
				if _, err := w.Write(piece); err != nil {
					t.Fatal(err)
				}
				if written%(8*mib) == 0 {
					most = max(most, live()-before)
				}
			}
			if most > c.bound+4*mib || most < c.bound/2 {
				t.Errorf("%d MiB were held, want up to %d", most/mib, c.bound/mib)
			}
			if err := w.Abort(t.Context()); err != nil {
				t.Error(err)
			}
			_ = live() // pools give back what two collections in a row found unused
			if after := live(); after > before+4*mib {
				t.Errorf("%d MiB are held after Abort", (after-before)/mib)
			}
		})
	}
}

// whole has a store send parts as long as they are.
func whole(s *Store) { s.parts = growing }

// live is how much memory is in use, once what is not was collected.
func live() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc) //nolint:gosec // far from the limit
}

// After the last part there is no more room.
func TestMoreThanS3Takes(t *testing.T) {
	f := newFake(t)
	w := f.store(whole).begin(t.Context(), "a")
	w.parts = make([]types.CompletedPart, mostParts)
	if _, err := w.Write([]byte("more")); err == nil {
		t.Fatal("part 10,001 was begun")
	}
	if _, err := w.Commit(t.Context()); err == nil {
		t.Error("Commit succeeded")
	}
	f.wantNothing()
}

// Parts are sent while the next is gathered: the first is on its way before the
// second is full.
func TestPartsAreSentWhileOthersAreGathered(t *testing.T) {
	f := newFake(t)
	w := f.store().begin(t.Context(), "a")
	if _, err := w.Write(large[:few.part(1)+1]); err != nil {
		t.Fatal(err)
	}
	<-w.flight.done
	if n := f.count("UploadPart"); n != 1 {
		t.Errorf("%d parts were sent, want 1", n)
	}
	if err := w.Abort(t.Context()); err != nil {
		t.Error(err)
	}
	f.wantNothing()
}

// What Commit tells is what Stat tells, also of the time: S3 dates an object of
// parts from their beginning.
func TestTimeOfParts(t *testing.T) {
	f := newFake(t)
	s := f.store()
	w := s.begin(t.Context(), "a")
	if _, err := w.Write(large); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.uploads[w.upload].at = time.Now().Add(-time.Hour)
	f.mu.Unlock()
	o, err := w.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if stat, err := s.Stat(t.Context(), "a"); err != nil || stat != o {
		t.Errorf("Commit tells %+v, Stat %+v, %v", o, stat, err)
	}
}

// A part that S3 was taking in when its connection broke may appear after the
// upload was aborted.
//
// Source: Amazon S3 API Reference, AbortMultipartUpload.
func TestAbortIsRepeatedAfterALostPart(t *testing.T) {
	for _, lost := range []bool{false, true} {
		f := newFake(t)
		if lost {
			f.breakWith(on("UploadPart", 100, fault{cut: true}))
		}
		_, w, _ := put(t.Context(), f.store(), "a", large)
		if err := w.Abort(t.Context()); err != nil {
			t.Error(err)
		}
		if n := f.count("AbortMultipartUpload"); lost && n != 2 || !lost && n != 0 {
			t.Errorf("a part lost: %t, and %d requests to abort", lost, n)
		}
		f.Close()
	}
}

// An object of exactly one part takes one request; of exactly two, no empty third.
func TestWholeParts(t *testing.T) {
	for parts, want := range map[int]map[string]int{
		1: {"PutObject": 1},
		2: {"CreateMultipartUpload": 1, "UploadPart": 2, "CompleteMultipartUpload": 1},
	} {
		f := newFake(t)
		data := make([]byte, parts*few.part(1))
		o, _, err := put(t.Context(), f.store(), "a", data)
		if err != nil {
			t.Fatal(err)
		}
		f.wantHeld(o, data)
		for _, op := range []string{"PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"} {
			if n := f.count(op); n != want[op] {
				t.Errorf("%d parts: %d requests of %s, want %d", parts, n, op, want[op])
			}
		}
	}
}

var _ io.ReadSeeker = (*buffer)(nil)

// What the transport still reads of a part that was given back is an error, and
// never another part's bytes.
func TestReleasedBytesAreNotRead(t *testing.T) {
	b := &buffer{}
	b.add(make([]byte, 2*chunkSize), 3*chunkSize)
	if _, err := io.ReadFull(b, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	b.release()
	if n, err := b.Read(make([]byte, 10)); n != 0 || err == nil || err == io.EOF { //nolint:errorlint // EOF would be an end
		t.Errorf("%d bytes, %v", n, err)
	}
	b.release()
	if b.add([]byte("x"), 2*chunkSize) != 0 {
		t.Error("more was added than there is room for")
	}
}
