package image

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/blob"
)

// A leaving store has the caller go at the end of an upload: when the bytes are
// whole, and before they are kept.
type leaving struct {
	blob.Store
	leave func()
}

func (l leaving) Create(ctx context.Context, name string) (blob.Writer, error) {
	w, err := l.Store.Create(ctx, name)
	return leavingWriter{w, l.leave}, err
}

type leavingWriter struct {
	blob.Writer
	leave func()
}

func (w leavingWriter) Commit(ctx context.Context) (blob.Object, error) {
	w.leave()
	return w.Writer.Commit(ctx)
}

// left is a body whose sender goes in its middle.
type left struct{ leave func() }

func (l left) Read([]byte) (int, error) {
	l.leave()
	return 0, io.ErrUnexpectedEOF
}

// TestUploadsOutliveTheirCallers: a caller who goes when the bytes are whole has
// them kept; one who goes before leaves nothing for the lease to end.
func TestUploadsOutliveTheirCallers(t *testing.T) {
	for name, c := range map[string]struct {
		whole bool
		want  Status
	}{"at the end": {true, Active}, "in the middle": {false, Queued}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			img := w.create(raw())
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			body := io.MultiReader(strings.NewReader("the bytes"), left{leave})
			if c.whole {
				body = strings.NewReader("the bytes")
				w.use(w.table, leaving{w.blobs, leave})
			}
			err := w.service.Upload(ctx, w.grant("upload_image", demo, img), demo, img, UploadRequest{Body: body})
			if (err == nil) != c.whole {
				t.Errorf("the upload answers %v", err)
			}
			w.wantStatus(img.ID, c.want)
			w.use(w.table, w.blobs)
			w.audit()
		})
	}
}
