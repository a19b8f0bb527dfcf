package boot

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// drainHTTP is serveHTTP for a process with a load balancer in front. After a
// signal it goes on listening while running requests end, and answers every new
// one 503, the health check among them: so the balancer sees that it goes, and a
// request that was on its way already gets an answer that says to try again.
// Nothing runs any more, or the time is up: then it stops at once.
func (p *process) drainHTTP(ctx context.Context, e entries, v setting.Values, log *slog.Logger) error {
	gate := newGate(http.HandlerFunc(throughEntries), log)
	server := p.server(gate, log)
	if err := p.untilSignal(server, e, v, log); err != nil {
		return err
	}
	waiting, cancel := p.withPatience(ctx, v.StopTimeout)
	defer cancel()
	gate.close()
	select {
	case <-gate.empty:
	case <-waiting.Done():
		return p.cutOff(server, gate)
	}
	return p.shutDown(ctx, server, gate, p.patience.header) // what is left are answers 503
}

// cutOff breaks the connections that are left, and gives what served them time to
// notice: uploads put their images right before they end.
func (p *process) cutOff(server *http.Server, gate *gate) error {
	gate.log.Warn("running requests are cut off")
	gate.close()
	err := server.Close()
	select {
	case <-gate.empty:
	case <-time.After(p.patience.header):
	}
	return err
}

// unlessBusy takes a process for healthy whose table is busy or out of reach. A
// load balancer that replaced it would cut off its transfers, and the next one
// would have the same table.
func unlessBusy(healthy func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := healthy(ctx)
		if errors.Is(err, table.ErrBusy) {
			return nil
		}
		return err
	}
}

// A gate lets requests through until it is closed.
type gate struct {
	*turnstile
	next http.Handler
	log  *slog.Logger
}

func newGate(next http.Handler, log *slog.Logger) *gate {
	return &gate{turnstile: newTurnstile(), next: next, log: log}
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.enter() {
		g.refuse(w, r)
		return
	}
	defer g.leave()
	g.next.ServeHTTP(w, r)
}

func (g *gate) refuse(w http.ResponseWriter, r *http.Request) {
	id := httpapi.Identify(r)
	g.log.InfoContext(r.Context(), "refused, for the process stops", "request_id", id, "method", r.Method, "path", r.URL.Path)
	header := w.Header()
	header.Set(requestIDHeader, id)
	header.Set("Retry-After", "1")
	header.Set("Connection", "close")
	httpapi.WriteError(w, r, problem.New(problem.Unavailable, "This part of the service is stopping. Try again."))
}
