package s3

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A plain server takes bytes and gives some: what loopback and HTTP cost by
// themselves.
func plain(b *testing.B, data []byte) *httptest.Server {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	b.Cleanup(server.Close)
	return server
}

const benchSize = 64 << 20

// BenchmarkUpload writes 64 MiB, by S3 and, as the yardstick, by one plain PUT.
// The difference is hashing, twice: the SDK signs over SHA-256 where there is no
// TLS, and CRC-32 goes with each part.
func BenchmarkUpload(b *testing.B) {
	piece := make([]byte, 1<<20)
	b.Run("s3", func(b *testing.B) {
		f := newFake(b)
		f.sink = true
		s := f.store(whole)
		b.SetBytes(benchSize)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			w, err := s.Create(b.Context(), fmt.Sprint("a", i))
			if err != nil {
				b.Fatal(err)
			}
			for range benchSize / len(piece) {
				if _, err := w.Write(piece); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := w.Commit(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		server := plain(b, nil)
		b.SetBytes(benchSize)
		b.ReportAllocs()
		for b.Loop() {
			request, err := http.NewRequestWithContext(b.Context(), http.MethodPut, server.URL, io.LimitReader(&endless{piece}, benchSize))
			if err != nil {
				b.Fatal(err)
			}
			fetch(b, request)
		}
	})
}

type endless struct{ piece []byte }

func (e *endless) Read(p []byte) (int, error) { return copy(p, e.piece), nil }

func fetch(b *testing.B, request *http.Request) {
	b.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		b.Fatal(err)
	}
	_ = response.Body.Close()
}

// BenchmarkDownload reads 64 MiB, by S3 and, as the yardstick, by one plain GET.
func BenchmarkDownload(b *testing.B) {
	data := make([]byte, benchSize)
	b.Run("s3", func(b *testing.B) {
		f := newFake(b)
		s := f.store()
		o, _, err := put(b.Context(), s, "a", data)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(benchSize)
		b.ReportAllocs()
		for b.Loop() {
			r, err := s.Open(b.Context(), o.Name, o.Version, 0, -1)
			if err != nil {
				b.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, r); n != benchSize || err != nil {
				b.Fatal(n, err)
			}
			_ = r.Close()
		}
	})
	b.Run("plain", func(b *testing.B) {
		server := plain(b, data)
		b.SetBytes(benchSize)
		b.ReportAllocs()
		for b.Loop() {
			request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, server.URL, http.NoBody)
			if err != nil {
				b.Fatal(err)
			}
			fetch(b, request)
		}
	})
}

// BenchmarkPresign is what a download costs before the redirect.
func BenchmarkPresign(b *testing.B) {
	s := newFake(b).store()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Presign(b.Context(), "images/1/2", "v1", time.Minute); err != nil {
			b.Fatal(err)
		}
	}
}
