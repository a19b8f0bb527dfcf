package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

// upload fills an image: whole, with its length or in chunks, or broken off in
// the middle.
func (w *writer) upload(ctx context.Context, i *own) {
	data := w.bytes()
	sum := sha256.Sum256(data)
	r := request{
		call: "upload", by: w.member, image: i.id, want: http.StatusNoContent,
		sets: map[string]*string{journal.Data: text(journal.Digest(int64(len(data)), sum[:]))},
		// 410: its lease ended, or it was deleted.
		refusals: []int{http.StatusNotFound, http.StatusConflict, http.StatusGone},
		http: outside.Call{
			Method: http.MethodPut, Path: "/v2/images/" + i.id + "/file", Body: bytes.NewReader(data), Length: int64(len(data)),
			Header: map[string]string{"Content-Type": "application/octet-stream"},
		},
	}
	if w.maybe() {
		r.http.Length = -1
	}
	if w.chance.IntN(4) == 0 {
		r.http.Body = &slow{ctx: ctx, from: r.http.Body, piece: len(data)/(1+w.chance.IntN(40)) + 1}
	}
	if len(data) > 0 && w.chance.IntN(4) == 0 {
		r.call, r.sets, r.cut = "upload cut", nil, true
		r.http.Body = io.MultiReader(bytes.NewReader(data[:w.chance.IntN(len(data))]), broken{})
	}
	if a := w.send(ctx, r); a != nil && a.Status == r.want {
		i.filled = true
	}
}

// bytes returns some: mostly few, sometimes a few MiB.
func (w *writer) bytes() []byte {
	most := []int{0, 1 << 10, 64 << 10, 64 << 10, 512 << 10}[w.chance.IntN(5)]
	if w.chance.IntN(50) == 0 {
		most = 4 << 20
	}
	data := make([]byte, w.chance.IntN(most+1))
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(w.chance.Uint32())
	}
	_, _ = rand.NewChaCha8(seed).Read(data) // never fails
	return data
}

// A slow body comes in pieces, so that a kill finds uploads half done, and some
// take longer than a lease.
type slow struct {
	ctx   context.Context //nolint:containedctx // Read has none of its own
	from  io.Reader
	piece int
}

// Read implements io.Reader.
func (s *slow) Read(p []byte) (int, error) {
	if err := pause(s.ctx, 60*time.Millisecond); err != nil {
		return 0, err
	}
	return s.from.Read(p[:min(len(p), s.piece)])
}

// broken is where a body ends too early.
type broken struct{}

var errBroken = errors.New("the client breaks off, as it should")

// Read implements io.Reader.
func (broken) Read([]byte) (int, error) { return 0, errBroken }
