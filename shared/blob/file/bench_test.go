package file

import (
	"context"
	"crypto/md5" //nolint:gosec // the yardstick of Glance's checksum
	"crypto/sha512"
	"errors"
	"hash"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gander-images/gander/shared/blob"
)

const benchSize = 256 * mib

// BenchmarkUpload passes 256 MiB through Ingest into a synced store. Its
// yardsticks are what it cannot be faster than: the two hashes on two cores,
// and writing and syncing the same bytes to the same disk.
func BenchmarkUpload(b *testing.B) {
	b.Run("ingest", func(b *testing.B) {
		s := benchStore(b)
		perPass(b, func() error { return benchUpload(s) })
	})
	b.Run("yardstick-hashes", func(b *testing.B) {
		perPass(b, func() error { benchHashes(); return nil })
	})
	b.Run("yardstick-write-and-sync", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "plain")
		perPass(b, func() error { return benchPlainWrite(path) })
	})
}

func perPass(b *testing.B, pass func() error) {
	b.Helper()
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		if err := pass(); err != nil {
			b.Fatal(err)
		}
	}
}

func benchStore(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func benchUpload(s *Store) error {
	ctx := context.Background()
	w, err := s.Create(ctx, "images/one/upload")
	if err != nil {
		return err
	}
	source := io.LimitReader(zeroes{}, benchSize)
	if _, err := blob.Ingest(ctx, source, w, blob.IngestOptions{Limit: blob.Unlimited}); err != nil {
		return errors.Join(err, w.Abort(ctx))
	}
	o, err := w.Commit(ctx)
	if err != nil {
		return err
	}
	return s.Delete(ctx, o.Name, o.Version)
}

func benchHashes() {
	var both sync.WaitGroup
	for _, h := range []hash.Hash{md5.New(), sha512.New()} { //nolint:gosec // as above
		both.Go(func() {
			block := make([]byte, mib)
			for range benchSize / mib {
				_, _ = h.Write(block) // never fails, as its documentation says
			}
		})
	}
	both.Wait()
}

func benchPlainWrite(path string) error {
	f, err := os.Create(path) //nolint:gosec // in a folder of the test
	if err != nil {
		return err
	}
	block := make([]byte, mib)
	for range benchSize / mib {
		if _, err := f.Write(block); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(f.Sync(), f.Close(), os.Remove(path))
}

// BenchmarkSmallUpload is what one object of 4 KiB costs when nothing else
// happens; its yardstick writes, syncs and names one file.
func BenchmarkSmallUpload(b *testing.B) {
	b.Run("store", func(b *testing.B) {
		s := benchStore(b)
		b.ReportAllocs()
		for b.Loop() {
			o, err := write(s, "images/one/upload", 4096)
			if err == nil {
				err = s.Delete(b.Context(), o.Name, o.Version)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("yardstick-write-sync-rename-sync", func(b *testing.B) {
		dir := b.TempDir()
		folder, err := os.Open(dir) //nolint:gosec // in a folder of the test
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = folder.Close() }()
		for b.Loop() {
			f, err := os.Create(filepath.Join(dir, "new")) //nolint:gosec // in a folder of the test
			if err != nil {
				b.Fatal(err)
			}
			_, err = f.Write(make([]byte, 4096))
			err = errors.Join(err, f.Sync(), f.Close(), os.Rename(f.Name(), filepath.Join(dir, "old")), folder.Sync())
			err = errors.Join(err, os.Remove(filepath.Join(dir, "old")), folder.Sync())
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDownload sends 256 MiB over loopback, beside a plain file's own way
// into the socket and beside a copy through memory.
func BenchmarkDownload(b *testing.B) {
	s := benchStore(b)
	o, err := write(s, "images/one/upload", benchSize)
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(s.root.Name(), objectPlace(o.Name), o.Version)
	open := func() (io.ReadCloser, error) { return s.Open(b.Context(), o.Name, o.Version, 0, -1) }
	plain := func() (io.ReadCloser, error) { return os.Open(path) } //nolint:gosec // in a folder of the test
	b.Run("store", func(b *testing.B) { benchSend(b, open, io.Copy) })
	b.Run("yardstick-file", func(b *testing.B) { benchSend(b, plain, io.Copy) })
	b.Run("yardstick-through-memory", func(b *testing.B) {
		benchSend(b, plain, func(w io.Writer, r io.Reader) (int64, error) {
			return io.Copy(struct{ io.Writer }{w}, struct{ io.Reader }{r})
		})
	})
}

func benchSend(b *testing.B, open func() (io.ReadCloser, error), send func(io.Writer, io.Reader) (int64, error)) {
	b.Helper()
	to := benchSocket(b)
	perPass(b, func() error {
		r, err := open()
		if err != nil {
			return err
		}
		n, err := send(to, r)
		if err == nil && n != benchSize {
			err = io.ErrShortWrite
		}
		return errors.Join(err, r.Close())
	})
}

// benchSocket is one end of a connection whose other end reads all.
func benchSocket(b *testing.B) net.Conn {
	b.Helper()
	l, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var ends sync.WaitGroup
	ends.Go(func() {
		from, err := l.Accept()
		if err != nil {
			return // the dialer says why
		}
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{from}, make([]byte, mib))
		_ = from.Close()
	})
	to, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_, _ = to.Close(), l.Close()
		ends.Wait()
	})
	return to
}
