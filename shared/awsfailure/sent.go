package awsfailure

import (
	"context"

	"github.com/aws/smithy-go/middleware"
)

type sentKey struct{}

// Watched returns a context whose requests set sent when they go out. Without that, an
// attempt that failed has not happened.
func Watched(ctx context.Context, sent *bool) context.Context {
	return context.WithValue(ctx, sentKey{}, sent)
}

// Watch is the option of a client whose requests are watched: it notes that one goes
// out, after all that could keep it back.
func Watch(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Sent", noteSent), middleware.After)
}

func noteSent(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	if sent, watched := ctx.Value(sentKey{}).(*bool); watched {
		*sent = true
	}
	return next.HandleDeserialize(ctx, in)
}
