package s3

import (
	"context"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/awsfailure"
	"github.com/gander-images/gander/shared/blob"
)

// settleTime bounds what follows a failure.
const settleTime = 30 * time.Second

// settle finds out what became of a request that was to make the object. The
// first try may have made it, and its answer been lost; then the last one was
// told that the name is taken, or that there is no such upload any more.
//
// What S3 refused each time did not happen. Else the object under the name
// decides, if it is this writer's or another's; none there may still appear.
func (w *writer) settle(ctx context.Context, c *call, err error) (blob.Object, error) {
	code := awsfailure.Code(err)
	refused := !c.unanswered
	if refused && code != "PreconditionFailed" && code != "NoSuchUpload" {
		return blob.Object{}, w.store.explain(ctx, "making", w.name, err)
	}
	looking, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	object, writer, missed := w.store.head(looking, w.name, nil)
	switch {
	case missed == nil && writer == w.id:
		w.upload = ""
		return object, nil
	case missed == nil:
		return blob.Object{}, fmt.Errorf("making %s: %w", w.name, blob.ErrExists)
	case refused:
		return blob.Object{}, w.store.explain(ctx, "making", w.name, err)
	}
	w.loose = true
	return blob.Object{}, unknown("making", w.name, err)
}

// recall removes the object if it appeared though Commit failed.
func (w *writer) recall(ctx context.Context) error {
	if !w.loose {
		return nil
	}
	object, writer, err := w.store.head(ctx, w.name, nil)
	switch {
	case err != nil && absent(err), err == nil && writer != w.id:
		return nil
	case err != nil:
		return w.store.explain(ctx, "looking for", w.name, err)
	}
	return w.store.Delete(ctx, w.name, object.Version)
}
