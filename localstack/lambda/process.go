package lambda

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/gander-images/gander/localstack/child"
)

// How long a process may take until it first asks for an invocation, and how
// long after a SIGTERM, which only processes with an extension get.
//
// Source: AWS Lambda Developer Guide, "Understanding the Lambda execution
// environment lifecycle", init phase and shutdown phase.
const (
	initPatience  = 10 * time.Second
	shutdownGrace = 500 * time.Millisecond
)

// A process is one running program of a function, with the Runtime API that it
// alone talks to.
type process struct {
	spec   Spec
	child  *child.Child
	server *http.Server
	api    *api
	output *lines

	most    atomic.Int64 // bytes of memory seen
	tooMuch atomic.Bool  // it was killed for its memory
}

func startProcess(spec Spec) (*process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("lambda: %w", err)
	}
	p := &process{spec: spec, api: newAPI(spec), output: &lines{to: spec.Log, name: spec.Name}}
	p.server = &http.Server{Handler: p.api.handler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(listener) }() // until end
	command := exec.Command(spec.Bootstrap)
	command.Dir = filepath.Dir(spec.Bootstrap)
	command.Env = spec.environ(listener.Addr().String())
	command.Stdout, command.Stderr = p.output, p.output
	if p.child, err = child.Start(command); err != nil {
		_ = p.server.Close()
		return nil, fmt.Errorf("lambda: %w", err)
	}
	return p, nil
}

// invoke hands over one event. good is false when the process must not be used
// again.
func (p *process) invoke(ctx context.Context, id string, event []byte) (outcome Outcome, good bool) {
	call := invocation{id: id, event: event, outcome: make(chan Outcome, 1)}
	starting := time.NewTimer(initPatience)
	defer starting.Stop()
	select {
	case p.api.calls <- &call:
	case o := <-p.api.refused:
		return o, false
	case <-p.child.Exited():
		return p.exitedEarly(), false
	case <-starting.C:
		return failure("Sandbox.Timedout", "The init phase timed out after %v", initPatience), false
	case <-ctx.Done():
		return Outcome{}, false
	}
	watch, stop := context.WithCancel(ctx)
	defer stop()
	go p.watchMemory(watch)
	timeout := time.NewTimer(p.spec.Timeout)
	defer timeout.Stop()
	select {
	case o := <-call.outcome:
		return o, true
	case <-p.child.Exited():
		return p.exited(&call), false
	case <-timeout.C:
		return failure("Sandbox.Timedout", "%s Task timed out after %.2f seconds", id, p.spec.Timeout.Seconds()), false
	case <-ctx.Done():
		return Outcome{}, false
	}
}

// exitedEarly tells why there was no first invocation: what the process said
// itself, if it did.
func (p *process) exitedEarly() Outcome {
	select {
	case o := <-p.api.refused:
		return o
	default:
		return failure("Runtime.ExitError", "Runtime exited before it was ready: %v", p.child.State())
	}
}

// exited tells why a process ended that worked on an invocation. Its answer may
// have come just before its end.
func (p *process) exited(call *invocation) Outcome {
	select {
	case o := <-call.outcome:
		return o
	default:
	}
	if p.tooMuch.Load() {
		return failure("Runtime.OutOfMemory", "%s Runtime used more than the %d MB of memory that it may have", call.id, p.spec.Memory)
	}
	return failure("Runtime.ExitError", "%s Runtime exited with error: %v", call.id, p.child.State())
}

// gone reports whether the process ended by itself.
func (p *process) gone() bool {
	select {
	case <-p.child.Exited():
		return true
	default:
		return false
	}
}

// end kills the process. One that registered an extension is told before, which
// is how a Go function asks for a SIGTERM.
func (p *process) end() {
	if p.api.extended.Load() {
		p.child.Stop(shutdownGrace)
	} else {
		p.child.Kill()
	}
	_ = p.server.Close()
	p.output.flush()
}
