package simulation

import (
	"context"
	"errors"
	"io"
	"maps"

	"github.com/gander-images/gander/shared/blob"
)

// blobState is the store of bytes: by name, whether the object is whole.
type blobState map[string]bool

func (b blobState) fork() blobState { return maps.Clone(b) }

func (b blobState) hash() uint64 {
	var sum uint64
	for name, whole := range b {
		h := hashText(name)
		if whole {
			h = mix(h, 1)
		}
		sum ^= h
	}
	return sum
}

// blobPort is an actor's way to the bytes. It stops where they become whole.
type blobPort struct{ *actor }

func (p blobPort) Create(_ context.Context, name string) (blob.Writer, error) {
	b := p.run.world.blobs
	if b[name] {
		p.answered(3)
		return nil, blob.ErrExists
	}
	b[name] = false
	return &writer{blobPort: p, name: name}, nil
}

type writer struct {
	blobPort

	name string
	size int64
}

func (w *writer) Write(b []byte) (int, error) {
	w.size += int64(len(b))
	return len(b), nil
}

func (w *writer) Commit(ctx context.Context) (blob.Object, error) {
	w.stand(ctx, call{kind: commitCall, name: w.name})
	if _, begun := w.run.world.blobs[w.name]; !begun { // somebody removed what was begun
		w.answered(2)
		return blob.Object{}, blob.ErrBusy
	}
	w.run.world.blobs[w.name] = true
	w.answered(1)
	return blob.Object{Name: w.name, Version: "1", Size: w.size}, nil
}

func (w *writer) Abort(context.Context) error {
	if !w.run.world.blobs[w.name] {
		delete(w.run.world.blobs, w.name)
	}
	return nil
}

func (p blobPort) Stat(_ context.Context, name string) (blob.Object, error) {
	if !p.run.world.blobs[name] {
		p.answered(3)
		return blob.Object{}, blob.ErrNotFound
	}
	return blob.Object{Name: name, Version: "1"}, nil
}

func (p blobPort) Delete(_ context.Context, name, _ string) error {
	if p.run.world.blobs[name] {
		delete(p.run.world.blobs, name)
	}
	return nil
}

func (p blobPort) Discard(_ context.Context, name string) error {
	if whole, there := p.run.world.blobs[name]; there && !whole {
		delete(p.run.world.blobs, name)
	}
	return nil
}

var errUnasked = errors.New("simulation: nobody asks for this here")

func (blobPort) Open(context.Context, string, string, int64, int64) (io.ReadCloser, error) {
	return nil, errUnasked
}

func (blobPort) Copy(context.Context, string, string, string) (blob.Object, error) {
	return blob.Object{}, errUnasked
}

func (blobPort) Walk(context.Context, string, func(blob.Object) error) error { return errUnasked }
