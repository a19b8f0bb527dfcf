package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/gander-images/gander/shared/boot/event"
	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/problem"
)

// answerReserve is left of an invocation's time when a request's context ends,
// so that its answer still goes out.
const answerReserve = 500 * time.Millisecond

type lambdaHandler = lambda.Handler

// lambda runs a function until the platform ends it.
func (p *process) lambda(name, api string, needs httpapi.Needs, uses setting.Use, handler func(*services) lambdaHandler) int {
	v, err := setting.Read(setting.Source{Environ: p.environ, Uses: uses, Lambda: true})
	if err != nil {
		return p.failInit(name, api, err)
	}
	log := newLog(p.stderr, v)
	s, err := build(v, order{needs: needs, endpoint: v.PublicEndpoint}, log)
	if err != nil {
		return p.failInit(name, api, err)
	}
	logStart(log, name, v, nil)
	lambda.StartWithOptions(handler(s))
	return 1 // it ends the process itself
}

// failInit tells the platform why there is no function to invoke.
//
// Source: AWS Lambda Developer Guide, "Using the Lambda runtime API",
// initialization error.
func (p *process) failInit(name, api string, cause error) int {
	const kind = "Runtime.BadConfiguration"
	body, err := json.Marshal(map[string]any{"errorType": kind, "errorMessage": cause.Error(), "stackTrace": []string{}})
	if err == nil {
		err = postInitError("http://"+api+"/2018-06-01/runtime/init/error", kind, body)
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "%s: telling the platform: %v\n", name, err)
	}
	return p.fail(name, cause)
}

func postInitError(url, kind string, body []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Lambda-Runtime-Function-Error-Type", kind)
	client := http.Client{Transport: &http.Transport{Proxy: nil}}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

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
	ctx, cancel := withReserve(ctx)
	defer cancel()
	r, shape, err := event.Request(ctx, payload)
	if err != nil && problem.CodeOf(err) == problem.Internal {
		return nil, err
	}
	answer := event.NewRecorder(shape, r)
	switch {
	case err != nil:
		httpapi.WriteError(answer, r, err)
	case !serveWhole(h.handler, answer, r) && !answer.Over():
		return nil, errBroken
	}
	encoded, fits, err := answer.Encode()
	if err != nil || fits {
		return encoded, err
	}
	return h.refuseLarge(r, shape, answer)
}

// refuseLarge answers in place of an answer that does not fit.
func (h *gatewayHandler) refuseLarge(r *http.Request, shape event.Shape, large *event.Recorder) ([]byte, error) {
	h.log.WarnContext(r.Context(), "an answer was too large for the gateway", "path", r.URL.Path)
	small := event.NewRecorder(shape, r)
	if id := large.Header().Get(requestIDHeader); id != "" {
		small.Header().Set(requestIDHeader, id)
	}
	httpapi.WriteError(small, r, problem.New(problem.TooLarge,
		"The answer is larger than can be sent from here. Ask for at most %d bytes at a time with a Range header, or use an endpoint that runs outside of Lambda.", large.Limit()))
	encoded, _, err := small.Encode()
	return encoded, err
}

const requestIDHeader = "X-Openstack-Request-Id"

// serveWhole reports whether the handler brought its answer to an end. It goes
// on with every panic but the one that says it did not.
func serveWhole(h http.Handler, w http.ResponseWriter, r *http.Request) (whole bool) {
	defer func() {
		if cause := recover(); cause != nil && cause != http.ErrAbortHandler {
			panic(cause)
		}
	}()
	h.ServeHTTP(w, r)
	return true
}

func withReserve(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok && time.Until(end) > 2*answerReserve {
		return context.WithDeadline(ctx, end.Add(-answerReserve))
	}
	return context.WithCancel(ctx)
}
