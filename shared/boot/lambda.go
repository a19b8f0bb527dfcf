package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
)

type lambdaHandler = lambda.Handler

// lambda runs a function until the platform ends it.
func (p *process) lambda(name, api string, needs httpapi.Needs, uses setting.Use, handler func(*services) lambdaHandler) int {
	s, err := p.buildLambda(name, needs, uses)
	if err != nil {
		return p.failInit(name, api, err)
	}
	turns := newTurnstile()
	go func() { os.Exit(p.endLambda(name, s, turns)) }()
	stdlog.SetFlags(0) // the library's own lines, in the form of ours
	stdlog.SetOutput(slog.NewLogLogger(s.log.Handler(), slog.LevelWarn).Writer())
	lambda.StartWithOptions(counted{handler(s), turns}, lambda.WithEnableSIGTERM())
	return 1 // it ends the process itself
}

func (p *process) buildLambda(name string, needs httpapi.Needs, uses setting.Use) (*services, error) {
	v, cfg, err := p.read(setting.Source{Uses: uses, Lambda: true})
	if err != nil {
		return nil, err
	}
	log := newLog(p.stderr, v)
	s, err := build(v, order{needs: needs, account: cfg, endpoint: v.PublicEndpoint, lambda: true}, log)
	if err != nil {
		return nil, err
	}
	logStart(log, name, v, nil)
	return s, nil
}

// killReserve is how long an invocation may go on after the signal; the platform
// kills the process half a second after it.
//
// Source: AWS Lambda Developer Guide, "Lambda execution environment lifecycle",
// shutdown phase with an internal extension.
const killReserve = 300 * time.Millisecond

// endLambda waits for the signal that the platform sends before it ends an
// environment, lets running work end, and closes what is open.
func (p *process) endLambda(name string, s *services, turns *turnstile) int {
	sig := <-p.signals
	s.log.Info("stopping", "function", name, "signal", sig.String())
	turns.close()
	select {
	case <-turns.empty:
	case <-time.After(killReserve):
		s.log.Warn("a running invocation is cut off", "function", name)
	}
	return p.end(name, s, nil)
}

// A counted handler takes no event once its turnstile is closed.
type counted struct {
	next  lambda.Handler
	turns *turnstile
}

// Invoke implements lambda.Handler.
func (c counted) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if !c.turns.enter() {
		return nil, errors.New("boot: the process is stopping")
	}
	defer c.turns.leave()
	return c.next.Invoke(ctx, payload)
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
