package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha512"
	"hash"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

const yardstickCommand = "yardstick"

func startYardstick(ctx context.Context, dir string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return startChild(ctx, exec.CommandContext(ctx, self, yardstickCommand, dir))
}

// serveYardstick is the least that a Go server can do: /bytes answers that many,
// /sink takes a body, /files are plain files below dir.
func serveYardstick(dir string) error {
	filler := bytes.Repeat([]byte("x"), 1<<20)
	mux := http.NewServeMux()
	mux.HandleFunc("/bytes", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(filler[:min(n, len(filler))])
	})
	mux.HandleFunc("/sink", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir(dir))))
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a benchmark's own server
	if err != nil {
		return err
	}
	slog.New(slog.NewJSONHandler(os.Stderr, nil)).Info("started", "listen", listener.Addr().String())
	server := http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	return server.Serve(listener)
}

// syncs tells how many small writes, each followed by fsync, the disk takes in a
// second, one after the other.
func syncs(dir string, d time.Duration) (float64, error) {
	f, err := os.Create(filepath.Join(dir, "syncs"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	page := make([]byte, 4<<10)
	start, n := time.Now(), 0
	for time.Since(start) < d {
		if _, err := f.WriteAt(page, int64(n%64)<<12); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(start).Seconds(), nil
}

// plainWrite tells how long it takes to write that many bytes to a new file and
// sync it once.
func plainWrite(path string, data []byte, times int64) (time.Duration, error) {
	start := time.Now()
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for range times {
		if _, err := f.Write(data); err != nil {
			return 0, err
		}
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	return time.Since(start), nil
}

// hashes tells how long MD5 and SHA-512, beside each other, take for as many
// bytes.
func hashes(data []byte, times int64) time.Duration {
	start := time.Now()
	var wait sync.WaitGroup
	for _, h := range []hash.Hash{md5.New(), sha512.New()} {
		wait.Go(func() {
			for range times {
				_, _ = h.Write(data)
			}
			_ = h.Sum(nil)
		})
	}
	wait.Wait()
	return time.Since(start)
}
