package lambda

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

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

// A Process is one running program of a function, with the Runtime API that it
// alone talks to.
type Process struct {
	spec   Spec
	child  *child.Child
	server *http.Server
	api    *api
	output *lines // of a Function's process
	once   sync.Once

	most    atomic.Int64 // bytes of memory seen
	tooMuch atomic.Bool  // it was killed for its memory
}

// Start starts the command as a function's process that belongs to no Function:
// its environment and its output are the command's, to which only the address of
// the Runtime API is added. An invocation may take as long as timeout.
func Start(command *exec.Cmd, timeout time.Duration) (*Process, error) {
	name := filepath.Base(command.Path)
	return start(command, Spec{Name: name, ARN: "arn:aws:lambda:us-east-1:123456789012:function:" + name, Timeout: timeout})
}

func start(command *exec.Cmd, spec Spec) (*Process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("lambda: %w", err)
	}
	p := &Process{spec: spec, api: newAPI(spec)}
	p.server = &http.Server{Handler: p.api.handler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(listener) }() // until the end
	command.Env = append(command.Env, "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String())
	if p.child, err = child.Start(command); err != nil {
		_ = p.server.Close()
		return nil, fmt.Errorf("lambda: %w", err)
	}
	return p, nil
}

func startProcess(spec Spec) (*Process, error) {
	output := &lines{to: spec.Log, name: spec.Name}
	command := exec.Command(spec.Bootstrap)
	command.Dir, command.Env = filepath.Dir(spec.Bootstrap), spec.environ()
	command.Stdout, command.Stderr = output, output
	p, err := start(command, spec)
	if err != nil {
		return nil, err
	}
	p.output = output
	return p, nil
}

// Polled is closed when the process first asks for an invocation.
func (p *Process) Polled() <-chan struct{} { return p.api.polled }

// Registered is closed when the process has an extension, and so will be told of
// its end.
func (p *Process) Registered() <-chan struct{} { return p.api.registered }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.child.Exited() }

// State tells how the process ended. It waits for the end.
func (p *Process) State() *os.ProcessState { return p.child.State() }

// An untoldError is an end of an invocation of which the process itself said
// nothing, and what the platform says in its place.
type untoldError struct{ outcome Outcome }

// Error implements error.
func (e *untoldError) Error() string { return "lambda: " + e.outcome.Kind + ": " + e.outcome.Message() }

func untold(kind, format string, args ...any) (Outcome, error) {
	return Outcome{}, &untoldError{failure(kind, format, args...)}
}

// Invoke hands over one event and returns what the process says became of it. If
// it says nothing in its time, or ends, that is an error. After an error, and
// after an outcome of its start, the process is of no more use.
func (p *Process) Invoke(ctx context.Context, event []byte) (Outcome, error) {
	if err := fits(event); err != nil {
		return Outcome{}, err
	}
	call := invocation{id: uuid.NewString(), event: event, outcome: make(chan Outcome, 1)}
	starting := time.NewTimer(initPatience)
	defer starting.Stop()
	select {
	case p.api.calls <- &call:
		return p.await(ctx, &call)
	case o := <-p.api.refused:
		return o, nil
	case <-p.Exited():
		return p.exitedEarly()
	case <-starting.C:
		return untold("Sandbox.Timedout", "The init phase timed out after %v", initPatience)
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("lambda: the process does not ask for an event: %w", ctx.Err())
	}
}

// await waits for the end of an invocation that the process has taken.
func (p *Process) await(ctx context.Context, call *invocation) (Outcome, error) {
	watch, stop := context.WithCancel(ctx)
	defer stop()
	if p.spec.Memory > 0 {
		go p.watchMemory(watch)
	}
	timeout := time.NewTimer(p.spec.Timeout)
	defer timeout.Stop()
	select {
	case o := <-call.outcome:
		return o, nil
	case <-p.Exited():
		return p.exited(call)
	case <-timeout.C:
		return untold("Sandbox.Timedout", "%s Task timed out after %.2f seconds", call.id, p.spec.Timeout.Seconds())
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("lambda: the process does not answer: %w", ctx.Err())
	}
}

// exitedEarly tells why there was no first invocation: what the process said
// itself, if it did.
func (p *Process) exitedEarly() (Outcome, error) {
	select {
	case o := <-p.api.refused:
		return o, nil
	default:
		return untold("Runtime.ExitError", "Runtime exited before it was ready: %v", p.child.State())
	}
}

// exited tells why a process ended that worked on an invocation. Its answer may
// have come just before its end.
func (p *Process) exited(call *invocation) (Outcome, error) {
	select {
	case o := <-call.outcome:
		return o, nil
	default:
	}
	if p.tooMuch.Load() {
		return untold("Runtime.OutOfMemory", "%s Runtime used more than the %d MB of memory that it may have", call.id, p.spec.Memory)
	}
	return untold("Runtime.ExitError", "%s Runtime exited with error: %v", call.id, p.child.State())
}

// gone reports whether the process ended by itself.
func (p *Process) gone() bool {
	select {
	case <-p.Exited():
		return true
	default:
		return false
	}
}

// Stop asks the process to end, and kills it when it has not after the grace.
func (p *Process) Stop(grace time.Duration) {
	p.once.Do(func() {
		p.child.Stop(grace)
		_ = p.server.Close()
	})
}

// Kill ends the process at once, unless it was stopped before.
func (p *Process) Kill() {
	p.once.Do(func() {
		p.child.Kill()
		_ = p.server.Close()
	})
}

// end ends a Function's process as the platform does. One that registered an
// extension is told before, which is how a Go function asks for a SIGTERM.
func (p *Process) end() {
	select {
	case <-p.Registered():
		p.Stop(shutdownGrace)
	default:
		p.Kill()
	}
	p.output.flush()
}
