package dynamo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/gander-images/gander/shared/awsfailure"
	"github.com/gander-images/gander/shared/table"
)

// Pauses between attempts: random, up to a bound that doubles.
const (
	firstPause = 20 * time.Millisecond
	mostPause  = 640 * time.Millisecond
)

// leastAttempt is the time that an attempt gets at least, as far as the context
// has any.
const leastAttempt = 500 * time.Millisecond

// A call is one call of the port, made of one attempt or more.
type call struct {
	write    bool
	deadline time.Time     // no attempt begins after it
	each     time.Duration // for one attempt, so that one that hangs can be repeated
	least    time.Duration // with less left, an attempt would more likely be cut off than answered
	pause    time.Duration // bound of the next one
	attempt  attempt
	unsure   bool  // an attempt may have happened
	clock    bool  // a signature was refused already
	reason   error // of the last attempt that did not just run out of time
}

type attemptKey struct{}

// begin opens a call, whose time is the port's patience or what the context has
// left.
func (t *Table) begin(ctx context.Context, write bool) *call {
	c := &call{write: write, deadline: time.Now().Add(t.settings.patience), pause: firstPause}
	c.attempt.repeatable = write
	if d, ok := ctx.Deadline(); ok && d.Before(c.deadline) {
		c.deadline = d
	}
	all := time.Until(c.deadline)
	c.each, c.least = max(all/3, leastAttempt), all/20
	return c
}

// until makes attempts until one succeeds, one shows that more are of no use, or
// the time is over. It returns the port's errors.
//
// An attempt of a write that was not answered may have happened. From then on
// only an answer to the same request, which DynamoDB knows by its token, says
// what became of it; without one the call is ErrUnknown.
func (c *call) until(ctx context.Context, do func(context.Context) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return c.told(busy, err)
		}
		err := c.once(ctx, do)
		if err == nil {
			return nil
		}
		v := c.attempt.judge(err)
		if !awsfailure.Overtime(err) {
			c.reason = err
		}
		c.unsure = c.unsure || c.write && v == unknown
		again := v == busy || v == unknown || c.mayBeClock(err)
		if !again || !c.rest(ctx) {
			return c.told(v, err)
		}
	}
}

// mayBeClock reports, once in a call, that a signature was refused. That may be
// for our clock, which the SDK sets by the answer; then the next one is right.
func (c *call) mayBeClock(err error) bool {
	var api smithy.APIError
	if c.clock || !errors.As(err, &api) || api.ErrorCode() != "InvalidSignatureException" {
		return false
	}
	c.clock = true
	return true
}

// told is the last word of a call whose last attempt failed so.
func (c *call) told(v verdict, err error) error {
	if c.unsure {
		v = unknown
	}
	kind := v.kind(c.write)
	if c.reason != nil && awsfailure.Overtime(err) {
		return fmt.Errorf("%w: %w, after %w", kind, &cause{err}, &cause{c.reason})
	}
	return fmt.Errorf("%w: %w", kind, &cause{err})
}

func (c *call) once(ctx context.Context, do func(context.Context) error) error {
	c.attempt.sent = false
	ctx = awsfailure.Watched(context.WithValue(ctx, attemptKey{}, &c.attempt), &c.attempt.sent)
	ctx, cancel := context.WithTimeout(ctx, c.each)
	defer cancel()
	return do(ctx)
}

// rest pauses before the next attempt; false: there is no time for one.
func (c *call) rest(ctx context.Context) bool {
	pause := rand.N(c.pause) //nolint:gosec // no secret
	c.pause = min(2*c.pause, mostPause)
	if time.Until(c.deadline)-pause < c.least {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// ready refuses a call whose context has ended.
func ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", table.ErrBusy, err)
	}
	return nil
}

// watch adds to every request two steps that a call needs: one sees to its body,
// one notes that it goes out, after all that could keep it back.
func watch(stack *middleware.Stack) error {
	if err := stack.Build.Add(middleware.BuildMiddlewareFunc("Body", setBody), middleware.Before); err != nil {
		return err
	}
	return awsfailure.Watch(stack)
}

// setBody has a repeated write send the first attempt's bytes again: a token goes
// with its bytes, and the SDK writes maps in any order.
func setBody(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (
	out middleware.BuildOutput, metadata middleware.Metadata, err error,
) {
	a, watched := ctx.Value(attemptKey{}).(*attempt)
	request, isHTTP := in.Request.(*smithyhttp.Request)
	if !watched || !isHTTP {
		return next.HandleBuild(ctx, in)
	}
	if stream, ok := request.GetStream().(io.ReadSeeker); ok && (a.sends == nil || !a.repeatable) {
		a.sends = stream
	}
	if a.sends == nil {
		return next.HandleBuild(ctx, in)
	}
	if _, err := a.sends.Seek(0, io.SeekStart); err != nil {
		return out, metadata, err
	}
	if in.Request, err = request.SetStream(body{a.sends}); err != nil {
		return out, metadata, err
	}
	return next.HandleBuild(ctx, in)
}

// A body can be read and sought, and nothing else. With WriteTo, which a
// bytes.Reader has, the SDK sometimes cuts its own connection: when an answer
// begins to arrive before net/http has looked for the end of the body, WriteTo
// returns io.EOF, and that counts as a failure to send.
type body struct{ io.ReadSeeker }
