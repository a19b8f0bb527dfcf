// Package lambda runs functions as AWS Lambda does, each invocation in a process
// that does nothing else meanwhile: processes start when they are needed, stay
// for the next invocation, and are killed when they take longer or more memory
// than the function may have. They talk to it by the Runtime API, and ask by the
// Extensions API to be told of their end. Tests start one process by itself.
//
// Source: AWS Lambda Developer Guide, "Understanding the Lambda execution
// environment lifecycle", "Using the Lambda runtime API for custom runtimes",
// "Using the Lambda Extensions API".
package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Most bytes of an invocation: of its event, and of its answer, for which Lambda
// has a hundred bytes more.
//
// Source: AWS Lambda Developer Guide, "Lambda quotas", invocation payload.
const (
	MaxEvent  = 6 << 20
	MaxAnswer = MaxEvent + 100
)

// A Spec says what a function is.
type Spec struct {
	Name      string
	ARN       string
	Bootstrap string        // the program
	Timeout   time.Duration // of an invocation
	Memory    int           // MiB that a process may have; 0 is no limit

	// Environ holds variables as NAME=value. They win over what the platform
	// sets, so that a test can point a function anywhere.
	Environ []string

	// Concurrency is how many processes there may be; further invocations wait.
	Concurrency int

	// Log gets what the function prints, a line at a time.
	Log io.Writer
}

// An Outcome is how one invocation ended.
type Outcome struct {
	Payload []byte // the function's answer, or the document of its error
	Failed  bool
	Init    bool   // it failed before its first invocation, and said that there will be none
	Kind    string // of the error, as the platform names it
}

// Message is what the document of an error says.
func (o Outcome) Message() string {
	var document struct {
		Message string `json:"errorMessage"`
	}
	_ = json.Unmarshal(o.Payload, &document) // no document, no message
	return document.Message
}

// failure is the outcome that the platform itself reports.
func failure(kind, format string, args ...any) Outcome {
	payload, err := json.Marshal(map[string]string{"errorType": kind, "errorMessage": fmt.Sprintf(format, args...)})
	if err != nil {
		payload = []byte("{}") // strings always marshal
	}
	return Outcome{Payload: payload, Failed: true, Kind: kind}
}

// ErrClosed says that the function is being taken down.
var ErrClosed = errors.New("lambda: the function is closed")

// A Function is a function and its processes.
type Function struct {
	spec    Spec
	places  chan struct{} // one for each process that may run
	ctx     context.Context
	close   context.CancelFunc
	running sync.WaitGroup

	mutex  sync.Mutex
	closed bool
	idle   []*Process
	peak   int64
}

// New returns a function without any process yet.
func New(spec Spec) *Function {
	if spec.Concurrency == 0 {
		spec.Concurrency = 10
	}
	f := &Function{spec: spec, places: make(chan struct{}, spec.Concurrency)}
	f.ctx, f.close = context.WithCancel(context.Background())
	return f
}

// Name is the function's name.
func (f *Function) Name() string { return f.spec.Name }

// ARN is the function's ARN.
func (f *Function) ARN() string { return f.spec.ARN }

// Timeout is how long an invocation may take.
func (f *Function) Timeout() time.Duration { return f.spec.Timeout }

// PeakMemory is the most memory in bytes that a process of the function was seen
// to have, on Linux; elsewhere 0.
func (f *Function) PeakMemory() int64 {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.peak
}

// Invoke hands the event to a process and waits for what becomes of it. When the
// context ends, the caller goes; the invocation goes on to its end, as on AWS.
func (f *Function) Invoke(ctx context.Context, event []byte) (Outcome, error) {
	if err := fits(event); err != nil {
		return Outcome{}, err
	}
	done := make(chan Outcome, 1)
	select {
	case f.places <- struct{}{}:
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("lambda: waiting for a process: %w", ctx.Err())
	case <-f.ctx.Done():
		return Outcome{}, ErrClosed
	}
	if !f.begin(func() {
		defer func() { <-f.places }()
		done <- f.run(event)
	}) {
		return Outcome{}, ErrClosed
	}
	select {
	case o := <-done:
		if f.ctx.Err() != nil {
			return Outcome{}, ErrClosed
		}
		return o, nil
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("lambda: waiting for an answer: %w", ctx.Err())
	}
}

func fits(event []byte) error {
	if len(event) > MaxEvent {
		return fmt.Errorf("lambda: an event of %d bytes is more than the %d that are taken", len(event), MaxEvent)
	}
	return nil
}

// begin starts work that Close waits for, unless that began before.
func (f *Function) begin(work func()) bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.closed {
		return false
	}
	f.running.Go(work)
	return true
}

// run takes an idle process, or starts one, and keeps it when it is still good.
func (f *Function) run(event []byte) Outcome {
	p := f.take()
	if p == nil {
		var err error
		if p, err = startProcess(f.spec); err != nil {
			return failure("Runtime.InvalidEntrypoint", "%v", err)
		}
	}
	outcome, err := p.Invoke(f.ctx, event)
	var untold *untoldError
	if errors.As(err, &untold) {
		outcome = untold.outcome
	}
	f.mutex.Lock()
	f.peak = max(f.peak, p.peak())
	f.mutex.Unlock()
	if err == nil && !outcome.Init {
		f.give(p)
	} else {
		p.end()
	}
	return outcome
}

// take prefers the process that was used last, as the platform does.
func (f *Function) take() *Process {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for len(f.idle) > 0 {
		p := f.idle[len(f.idle)-1]
		f.idle = f.idle[:len(f.idle)-1]
		if !p.gone() {
			return p
		}
		p.end()
	}
	return nil
}

func (f *Function) give(p *Process) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.idle = append(f.idle, p)
}

// Close ends all processes; invocations that run come to nothing.
func (f *Function) Close() {
	f.close()
	f.mutex.Lock()
	f.closed = true
	f.mutex.Unlock()
	f.running.Wait()
	f.mutex.Lock()
	defer f.mutex.Unlock()
	var ends sync.WaitGroup
	for _, p := range f.idle {
		ends.Go(p.end)
	}
	ends.Wait()
	f.idle = nil
}

// environ is what a process sees: what the platform sets, and over it what the
// function's settings and the caller say.
//
// Source: AWS Lambda Developer Guide, "Defined runtime environment variables".
func (s Spec) environ() []string {
	folder := filepath.Dir(s.Bootstrap)
	values := map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME": s.Name, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(s.Memory), "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/" + s.Name, "AWS_LAMBDA_LOG_STREAM_NAME": "local",
		"AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023", "LAMBDA_TASK_ROOT": folder, "LAMBDA_RUNTIME_DIR": folder,
		"_HANDLER": "bootstrap", "TZ": ":UTC", "LANG": "en_US.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
	}
	pairs := make([]string, 0, len(values)+len(s.Environ))
	for name := range maps.Keys(values) {
		pairs = append(pairs, name+"="+values[name])
	}
	return append(pairs, s.Environ...)
}
