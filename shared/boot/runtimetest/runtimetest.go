// Package runtimetest is the Lambda Runtime API as a function sees it: the call
// for the next invocation, and those that report an answer, an error, or that
// there will be no function; and of the Extensions API what makes the platform
// announce the end of an environment. It starts compiled functions and feeds them
// events.
//
// Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom
// runtimes" and "Using the Lambda Extensions API".
package runtimetest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// An Outcome is how one invocation ended, or why there was none.
type Outcome struct {
	Payload   []byte // the function's answer, or the document of its error
	Failed    bool   // it reported an error
	Init      bool   // it reported that it cannot start
	ErrorType string // of the header that names it
}

// Message returns what the document of an error says.
func (o Outcome) Message() string {
	var document struct {
		Message string `json:"errorMessage"`
	}
	_ = json.Unmarshal(o.Payload, &document) // no document, no message
	return document.Message
}

// A Function is one running process under its own Runtime API.
type Function struct {
	// Polled is closed when the function first asks for an invocation.
	Polled chan struct{}

	// Registered is closed when the function has asked to be told of its end.
	Registered chan struct{}

	server  *http.Server
	command *exec.Cmd
	timeout time.Duration

	events   chan []byte
	outcomes chan Outcome
	exited   chan struct{}
	once     sync.Once
	register sync.Once
	invoked  int
}

// Start runs the command under a new Runtime API; the address is added to its
// environment. Each invocation may take as long as timeout.
func Start(command *exec.Cmd, timeout time.Duration) (*Function, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("runtimetest: %w", err)
	}
	f := &Function{
		Polled: make(chan struct{}), Registered: make(chan struct{}), command: command, timeout: timeout,
		events: make(chan []byte), outcomes: make(chan Outcome, 1), exited: make(chan struct{}),
	}
	f.server = &http.Server{Handler: f.routes(), ReadHeaderTimeout: time.Minute}
	go func() { _ = f.server.Serve(listener) }() // ends by Stop
	command.Env = append(command.Env, "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String())
	if err := command.Start(); err != nil {
		_ = f.server.Close()
		return nil, fmt.Errorf("runtimetest: %w", err)
	}
	go func() {
		_ = command.Wait() // how it ended is in ProcessState
		close(f.exited)
	}()
	return f, nil
}

func (f *Function) routes() http.Handler {
	const base = "/2018-06-01/runtime"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"/invocation/next", f.next)
	mux.HandleFunc("POST "+base+"/invocation/{id}/response", f.report(Outcome{}))
	mux.HandleFunc("POST "+base+"/invocation/{id}/error", f.report(Outcome{Failed: true}))
	mux.HandleFunc("POST "+base+"/init/error", f.report(Outcome{Failed: true, Init: true}))
	mux.HandleFunc("POST /2020-01-01/extension/register", f.extend)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	return mux
}

// extend takes an extension that asks for no events: only then the platform
// sends SIGTERM before it kills.
func (f *Function) extend(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Lambda-Extension-Name") == "" {
		http.Error(w, "an extension has a name", http.StatusForbidden)
		return
	}
	f.register.Do(func() { close(f.Registered) })
	w.Header().Set("Lambda-Extension-Identifier", "00000000-0000-4000-8000-000000000000")
	_, _ = io.WriteString(w, "{}")
}

func (f *Function) next(w http.ResponseWriter, r *http.Request) {
	f.once.Do(func() { close(f.Polled) })
	select {
	case <-r.Context().Done():
	case payload := <-f.events:
		f.invoked++
		id := fmt.Sprintf("00000000-0000-4000-8000-%012d", f.invoked)
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(f.timeout).UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:test")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(payload)
	}
}

func (f *Function) report(outcome Outcome) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		payload, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		o := outcome
		o.Payload, o.ErrorType = payload, r.Header.Get("Lambda-Runtime-Function-Error-Type")
		f.outcomes <- o
		w.WriteHeader(http.StatusAccepted)
	}
}

// Invoke hands the function an event and returns what becomes of it.
func (f *Function) Invoke(ctx context.Context, payload []byte) (Outcome, error) {
	select {
	case f.events <- payload:
	case o := <-f.outcomes: // it cannot start
		return o, nil
	case <-f.exited:
		return f.last()
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("runtimetest: the function does not ask for an event: %w", ctx.Err())
	}
	select {
	case o := <-f.outcomes:
		return o, nil
	case <-f.exited:
		return f.last()
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("runtimetest: the function does not answer: %w", ctx.Err())
	}
}

// last is what the function reported before it ended.
func (f *Function) last() (Outcome, error) {
	select {
	case o := <-f.outcomes:
		return o, nil
	default:
		return Outcome{}, fmt.Errorf("runtimetest: the function ended: %v", f.command.ProcessState)
	}
}

// Terminate announces the end of the environment, as the platform does.
func (f *Function) Terminate() error { return f.command.Process.Signal(syscall.SIGTERM) }

// Exited is closed when the process has ended.
func (f *Function) Exited() <-chan struct{} { return f.exited }

// State tells how the process ended, once it has.
func (f *Function) State() *os.ProcessState { return f.command.ProcessState }

// Stop kills the process and waits for its end.
func (f *Function) Stop() {
	_ = f.command.Process.Kill() // it may be gone
	<-f.exited
	_ = f.server.Close()
}
