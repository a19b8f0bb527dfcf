package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// Handler serves ops, and answers for every other path as the fallback does.
//
// When the bytes of an answer cannot be read to their end, it panics with
// http.ErrAbortHandler, so that the client sees a broken answer and not a short
// one.
func Handler(ops []Operation, s *Services) http.Handler {
	if s.Log == nil {
		s.Log = slog.Default()
	}
	return &handler{router: newRouter(ops), services: s}
}

type handler struct {
	router   *router
	services *Services
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{
		services: h.services.pinned(),
		router:   h.router,
		out:      newAnswerWriter(w, h.services.StallTimeout),
		request:  &Request{Request: r},
		started:  time.Now(),
	}
	defer x.finish()
	x.in = newBodyReader(w, r.Body, h.services.StallTimeout)
	r.Body = x.in
	response, err := x.run()
	x.in.leave()
	x.write(response, err)
}

// An exchange is one request and its answer.
type exchange struct {
	services *Services
	router   *router
	out      *answerWriter
	in       *bodyReader
	request  *Request
	started  time.Time
	err      error // why the answer is a 5xx, or was cut short
	denial   *policy.Denial
}

// run takes the request through the one order of checks.
func (x *exchange) run() (*Response, error) {
	for _, step := range order {
		if response, err := step.check(x); response != nil || err != nil {
			return response, err
		}
	}
	return nil, errors.New("an operation gave no answer") // serve answers or fails
}

// write sends the answer, or the error in the form that the client asked for.
func (x *exchange) write(response *Response, err error) {
	header := x.out.Header()
	if x.request.ID != "" {
		header.Set("X-Openstack-Request-Id", x.request.ID)
	}
	if !x.request.route.public {
		header.Set("Cache-Control", "no-store")
	}
	if err != nil {
		response = x.refuse(err)
	}
	for name, values := range response.Header {
		header[name] = values
	}
	if response.Stream != nil {
		x.stream(response)
		return
	}
	if len(response.Body) > 0 && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	length := int64(len(response.Body))
	if x.request.Method == http.MethodHead && response.Length != 0 {
		length = response.Length
	}
	setLength(header, response.Status, length)
	x.out.WriteHeader(response.Status)
	if _, err := x.out.Write(response.Body); err != nil && x.err == nil && x.request.Method != http.MethodHead {
		x.err = fmt.Errorf("%w: %w", errClientGone, err)
	}
	response.release()
}

// refuse turns err into an answer. What is our fault is kept for the log, but for
// an invocation that had no more time the caller is asked to try again.
func (x *exchange) refuse(err error) *Response {
	if problem.CodeOf(err) == problem.Internal && errors.Is(x.request.Context().Err(), context.DeadlineExceeded) {
		err = problem.Because(err, problem.Unavailable, "The request ran out of time. Try again.")
	}
	_ = errors.As(err, &x.denial)
	if status, _ := problem.Status(err); status >= http.StatusInternalServerError {
		x.err = err
	}
	return errorAnswer(err, x.request)
}

// finish ends the exchange in every case: a panic becomes a 500 where nothing
// was sent yet, and there is one line in the log.
func (x *exchange) finish() {
	cause := recover()
	broken := false
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		broken = true
	} else if cause != nil {
		x.err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		if broken = x.out.status != 0; !broken {
			x.write(nil, x.err)
		}
	}
	x.log()
	if broken {
		panic(http.ErrAbortHandler) // the server's own way to break a connection
	}
}

// log writes the access line. It names the path and never the query, which may
// hold what others must not read. Of a denial it has the checks that failed, as
// the policy writes them, and nothing that they were held against.
func (x *exchange) log() {
	r := x.request
	level := slog.LevelInfo
	attributes := [...]slog.Attr{
		slog.String("request_id", r.ID),
		slog.String("operation", x.operationName()),
		slog.String("method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Int("status", x.out.status),
		slog.Int64("bytes", x.out.bytes),
		slog.Int64("received", x.in.read),
		slog.Duration("duration", time.Since(x.started)),
		slog.String("project", r.Caller.ProjectID),
		slog.String("user", r.Caller.UserID),
		{}, // empty ones are left out
		{},
	}
	if x.denial != nil {
		attributes[len(attributes)-2] = slog.Any("denied", x.denial.Checks)
	}
	if x.err != nil {
		attributes[len(attributes)-1] = slog.String("error", x.err.Error())
		if x.out.status >= http.StatusInternalServerError || !errors.Is(x.err, errClientGone) {
			level = slog.LevelError
		}
	}
	ctx := r.Context()
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	// By way of LogAttrs the log would look up who called, for every request.
	if log := x.services.Log.Handler(); log.Enabled(ctx, level) {
		line := slog.NewRecord(time.Now(), level, "request", 0)
		line.AddAttrs(attributes[:]...)
		_ = log.Handle(ctx, line) // as slog.Logger does
	}
}

func (x *exchange) operationName() string {
	if op := x.request.route.op; op != nil {
		return op.Name
	}
	return ""
}
