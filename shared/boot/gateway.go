package boot

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gander-images/gander/shared/boot/event"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/problem"
)

// answerReserve is left of an invocation's time when a request's context ends,
// so that its answer still goes out.
const answerReserve = time.Second

// sendReserve is left of it for an answer that is given in place of one that did
// not come in the reserve either.
const sendReserve = 300 * time.Millisecond

// A gatewayHandler answers gateway events by an HTTP handler.
type gatewayHandler struct {
	handler http.Handler
	log     *slog.Logger
}

// errBroken says that an answer could not be finished. A gateway turns it into
// a 502; a short answer with a good status would be a lie.
var errBroken = errors.New("boot: the answer broke off")

// Invoke implements lambda.Handler. An event that is no HTTP request is an
// error of the invocation, which a gateway turns into a 502.
func (h *gatewayHandler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	within, cancel := withReserve(ctx)
	defer cancel()
	r, shape, err := event.Request(within, payload)
	switch {
	case problem.CodeOf(err) != problem.Internal:
		return encode(refusal(r, shape, err))
	case err != nil:
		return nil, err
	}
	httpapi.Identify(r)
	answer := event.NewRecorder(shape, r)
	done := make(chan ending, 1)
	go func() { done <- serveWhole(h.handler, answer, r) }()
	late, stop := lastMoment(ctx)
	defer stop()
	select {
	case e := <-done:
		return h.finish(e, r, shape, answer)
	case <-late:
		// What still runs ends by its context, at the latest in the next invocation,
		// but for an upload whose bytes are whole: that goes on then, until it is
		// settled or its lease ends. The answer that it writes nobody reads.
		h.log.ErrorContext(ctx, "an invocation ran out of time", "request_id", r.Header.Get(requestIDHeader), "path", r.URL.Path)
		return encode(refusal(r, shape, problem.New(problem.Unavailable, "The request ran out of time. Try again.")))
	}
}

func (h *gatewayHandler) finish(e ending, r *http.Request, shape event.Shape, answer *event.Recorder) ([]byte, error) {
	switch {
	case e.cause != nil:
		panic(e.cause)
	case !e.whole && !answer.Over():
		return nil, errBroken
	}
	encoded, fits, err := answer.Encode()
	if err != nil || fits {
		return encoded, err
	}
	h.log.WarnContext(r.Context(), "an answer was too large for the gateway", "path", r.URL.Path)
	return encode(refusal(r, shape, problem.New(problem.TooLarge,
		"The answer is larger than can be sent from here. Ask for at most %d bytes at a time, with a Range header, or a smaller limit where it is a list; or use an endpoint that runs outside of Lambda.", answer.Limit())))
}

const requestIDHeader = "X-Openstack-Request-Id"

// refusal is an answer that is given in the operation's place.
func refusal(r *http.Request, shape event.Shape, err error) *event.Recorder {
	answer := event.NewRecorder(shape, r)
	answer.Header().Set(requestIDHeader, httpapi.Identify(r))
	httpapi.WriteError(answer, r, err)
	return answer
}

func encode(answer *event.Recorder) ([]byte, error) {
	encoded, _, err := answer.Encode()
	return encoded, err
}

// An ending is how a handler ended.
type ending struct {
	whole bool // it brought its answer to an end
	cause any  // of a panic that nobody expected
}

func serveWhole(h http.Handler, w http.ResponseWriter, r *http.Request) (e ending) {
	defer func() {
		if cause := recover(); cause != nil && cause != http.ErrAbortHandler {
			e.cause = cause
		}
	}()
	h.ServeHTTP(w, r)
	return ending{whole: true}
}

func withReserve(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok && time.Until(end) > 2*answerReserve {
		return context.WithDeadline(ctx, end.Add(-answerReserve))
	}
	return context.WithCancel(ctx)
}

// lastMoment comes when an answer must go out, or never where there is no end.
func lastMoment(ctx context.Context) (moment <-chan time.Time, stop func()) {
	end, ok := ctx.Deadline()
	if !ok {
		return nil, func() {}
	}
	left := time.Until(end)
	timer := time.NewTimer(max(left-sendReserve, left/2))
	return timer.C, func() { timer.Stop() }
}
