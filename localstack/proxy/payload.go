package proxy

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
)

// guardBody has the body checked against its hash while it flows by, so that
// the last of a body that was tampered with is never passed on.
func guardBody(r *http.Request, payload string) error {
	if !isHash(payload) {
		return nil
	}
	if r.ContentLength == 0 {
		if payload != hashOf(nil) {
			return refusePayload()
		}
		return nil
	}
	r.Body = &guarded{Closer: r.Body, from: bufio.NewReader(r.Body), sum: sha256.New(), want: payload}
	return nil
}

type guarded struct {
	io.Closer
	from *bufio.Reader
	sum  hash.Hash
	want string
}

func (g *guarded) Read(p []byte) (int, error) {
	n, err := g.from.Read(p)
	g.sum.Write(p[:n])
	if _, more := g.from.Peek(1); errors.Is(more, io.EOF) && hex.EncodeToString(g.sum.Sum(nil)) != g.want {
		return 0, refusePayload()
	}
	return n, err
}
