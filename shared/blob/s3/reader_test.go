package s3

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/problem"
)

// held puts an object into the fake.
func (f *fake) held(s *Store, data []byte) blob.Object {
	f.Helper()
	o, _, err := put(f.Context(), s, "a", data)
	if err != nil {
		f.Fatal(err)
	}
	return o
}

func readAll(ctx context.Context, s *Store, o blob.Object, offset, length int64) ([]byte, error) {
	r, err := s.Open(ctx, o.Name, o.Version, offset, length)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// A connection that breaks in the middle is made anew where it broke.
func TestReadingGoesOnWhereItBroke(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 40_000)
	for _, c := range []struct {
		offset, length int64
		ranges         []string
	}{
		{0, -1, []string{"", "bytes=100000-639999", "bytes=200000-639999", "bytes=300000-639999"}},
		{7, -1, []string{"bytes=7-", "bytes=100007-639999", "bytes=200007-639999", "bytes=300007-639999"}},
		{7, 500_000, []string{"bytes=7-500006", "bytes=100007-500006", "bytes=200007-500006", "bytes=300007-500006"}},
	} {
		f := newFake(t)
		s := f.store()
		o := f.held(s, data)
		var asked []string
		f.before = func(r *http.Request) {
			if version := r.URL.Query().Get("versionId"); version != o.Version {
				t.Errorf("version %q was asked for", version)
			}
			asked = append(asked, r.Header.Get("Range"))
		}
		f.breakWith(on("GetObject", 3, fault{after: 100_000}))
		got, err := readAll(t.Context(), s, o, c.offset, c.length)
		want := data[c.offset:]
		if c.length >= 0 {
			want = want[:c.length]
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, or others, and %v; want %d", len(got), err, len(want))
		}
		if !slices.Equal(asked, c.ranges) {
			t.Errorf("asked for %q, want %q", asked, c.ranges)
		}
	}
}

func TestReadingThatCannotGoOn(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 40_000)
	for name, c := range map[string]struct {
		next func(f *fake) func(string, int) fault // after the first break
		want error
	}{
		"nothing more comes": {func(*fake) func(string, int) fault { return on("GetObject", 100, fault{cut: true}) }, blob.ErrBusy},
		"deleted": {func(f *fake) func(string, int) fault {
			return func(string, int) fault { delete(f.objects, "a"); return fault{} }
		}, blob.ErrNotFound},
		"no range is given": {func(f *fake) func(string, int) fault {
			f.before = func(r *http.Request) { r.Header.Del("Range") }
			return nil
		}, blob.ErrBusy},
		"refused": {func(*fake) func(string, int) fault {
			return on("GetObject", 100, fault{status: 403, code: "AccessDenied"})
		}, blob.ErrBusy},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			s := f.store()
			o := f.held(s, data)
			f.breakWith(on("GetObject", 1, fault{after: 100_000}))
			r, err := s.Open(t.Context(), o.Name, o.Version, 0, -1)
			if err != nil {
				t.Fatal(err)
			}
			f.breakWith(c.next(f))
			got, err := io.ReadAll(r)
			if !errors.Is(err, c.want) || len(got) != 100_000 {
				t.Errorf("%d bytes and %v; want 100000 and %v", len(got), err, c.want)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Connections that break without a byte come to an end.
func TestReadingThatBreaksForEver(t *testing.T) {
	f := newFake(t)
	s := f.store()
	o := f.held(s, small)
	f.breakWith(on("GetObject", 1000, fault{none: true}))
	if _, err := readAll(t.Context(), s, o, 0, -1); !errors.Is(err, blob.ErrBusy) {
		t.Errorf("error %v, want ErrBusy", err)
	}
	if n := f.count("GetObject"); n != 1+maxBreaks {
		t.Errorf("%d requests, want %d", n, 1+maxBreaks)
	}
	f.breakWith(on("GetObject", 1000, fault{after: 100}))
	if got, err := readAll(t.Context(), s, o, 0, -1); err != nil || !bytes.Equal(got, small) {
		t.Errorf("100 bytes at a time: %d bytes, %v", len(got), err)
	}
}

// S3 keeps the checksum that it was given, and the SDK verifies it at the end.
func TestReadingVerifiesTheChecksum(t *testing.T) {
	f := newFake(t)
	s := f.store()
	o := f.held(s, large)
	f.sum = crc32.ChecksumIEEE(large)
	if got, err := readAll(t.Context(), s, o, 0, -1); err != nil || !bytes.Equal(got, large) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	f.sum++
	if _, err := readAll(t.Context(), s, o, 0, -1); !errors.Is(err, blob.ErrBusy) {
		t.Errorf("bytes with another checksum: error %v, want ErrBusy", err)
	}
}

// A store that ignores a range, or shortens it, is found out.
func TestOpenHoldsTheRange(t *testing.T) {
	f := newFake(t)
	s := f.store()
	o := f.held(s, small)
	if _, err := s.Open(t.Context(), o.Name, o.Version, 0, int64(len(small))+1); !problem.Is(err, problem.BadRange) {
		t.Errorf("a range beyond the end: error %v, want BadRange", err)
	}
	f.before = func(r *http.Request) { r.Header.Del("Range") }
	if _, err := s.Open(t.Context(), o.Name, o.Version, 5, 10); !errors.Is(err, blob.ErrBusy) {
		t.Errorf("all bytes in place of some: error %v, want ErrBusy", err)
	}
	if _, err := s.Open(t.Context(), o.Name, o.Version, int64(len(small)), 10); !problem.Is(err, problem.BadRange) {
		t.Errorf("all bytes in place of none: error %v, want BadRange", err)
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	f := newFake(t)
	s := f.store()
	o := f.held(s, make([]byte, 32<<20)) // more than sockets hold
	ctx, cancel := context.WithCancel(t.Context())
	r, err := s.Open(ctx, o.Name, o.Version, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// A connection that falls silent is cut, and counts as broken.
func TestSilence(t *testing.T) {
	f := newFake(t)
	f.breakWith(on("HeadObject", 1, fault{hang: true}))
	s := f.store(func(s *Store) { s.silence = 50 * time.Millisecond })
	if _, err := s.Stat(t.Context(), "a"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound from the second try", err)
	}
	if n := f.count("HeadObject"); n != 2 {
		t.Errorf("%d tries, want 2", n)
	}
}
