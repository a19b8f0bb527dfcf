package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

// An invocation is one event on its way through a process.
type invocation struct {
	id      string
	event   []byte
	outcome chan Outcome
}

// An api is the Runtime API of one process, with as much of the Extensions API
// as a runtime needs that wants to be told of its end.
type api struct {
	spec       Spec
	calls      chan *invocation // taken when the process asks for the next
	refused    chan Outcome     // it cannot start
	polled     chan struct{}    // closed by poll
	registered chan struct{}    // closed by extend
	poll       func()
	extend     func()

	mutex   sync.Mutex
	current *invocation
}

func newAPI(spec Spec) *api {
	a := &api{
		spec: spec, calls: make(chan *invocation), refused: make(chan Outcome, 1),
		polled: make(chan struct{}), registered: make(chan struct{}),
	}
	a.poll = sync.OnceFunc(func() { close(a.polled) })
	a.extend = sync.OnceFunc(func() { close(a.registered) })
	return a
}

func (a *api) handler() http.Handler {
	const runtime, extension = "/2018-06-01/runtime", "/2020-01-01/extension"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+runtime+"/invocation/next", a.next)
	mux.HandleFunc("POST "+runtime+"/invocation/{id}/response", a.response)
	mux.HandleFunc("POST "+runtime+"/invocation/{id}/error", a.error)
	mux.HandleFunc("POST "+runtime+"/init/error", a.initError)
	mux.HandleFunc("POST "+extension+"/register", a.register)
	mux.HandleFunc("GET "+extension+"/event/next", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	return mux
}

// next waits for an invocation and hands it over.
func (a *api) next(w http.ResponseWriter, r *http.Request) {
	a.poll()
	select {
	case <-r.Context().Done():
	case call := <-a.calls:
		a.mutex.Lock()
		a.current = call
		a.mutex.Unlock()
		header := w.Header()
		header.Set("Lambda-Runtime-Aws-Request-Id", call.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(a.spec.Timeout).UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", a.spec.ARN)
		header.Set("Lambda-Runtime-Trace-Id", "Root=1-"+strconv.FormatInt(time.Now().Unix(), 16)+"-000000000000000000000000;Sampled=0")
		header.Set("Content-Type", "application/json")
		_, _ = w.Write(call.event) // a process that went away is noticed by its end
	}
}

// settle ends the current invocation, if id is its.
func (a *api) settle(w http.ResponseWriter, id string, outcome Outcome) {
	a.mutex.Lock()
	call := a.current
	if call != nil && call.id == id {
		a.current = nil
	}
	a.mutex.Unlock()
	if call == nil || call.id != id {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "there is no such invocation here")
		return
	}
	w.WriteHeader(http.StatusAccepted)
	call.outcome <- outcome
}

func (a *api) response(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxAnswer))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		const kind = "Function.ResponseSizeTooLarge"
		a.settle(w, r.PathValue("id"), failure(kind, "Response payload size exceeded maximum allowed payload size (%d bytes).", MaxAnswer))
	case err != nil:
		refuse(w, http.StatusBadRequest, "InvalidRequest", err.Error())
	default:
		a.settle(w, r.PathValue("id"), Outcome{Payload: payload})
	}
}

func (a *api) error(w http.ResponseWriter, r *http.Request) {
	if outcome, ok := readError(w, r); ok {
		a.settle(w, r.PathValue("id"), outcome)
	}
}

func (a *api) initError(w http.ResponseWriter, r *http.Request) {
	outcome, ok := readError(w, r)
	if !ok {
		return
	}
	outcome.Init = true
	select {
	case a.refused <- outcome:
	default: // it said so before
	}
	w.WriteHeader(http.StatusAccepted)
}

func readError(w http.ResponseWriter, r *http.Request) (Outcome, bool) {
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxAnswer))
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return Outcome{}, false
	}
	return Outcome{Payload: payload, Failed: true, Kind: r.Header.Get("Lambda-Runtime-Function-Error-Type")}, true
}

// register takes an extension, whose events never come: that there is one is
// what matters at the end.
func (a *api) register(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Lambda-Extension-Name") == "" {
		refuse(w, http.StatusForbidden, "Extension.InvalidExtensionName", "an extension has a name")
		return
	}
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 1<<20)); err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	a.extend()
	w.Header().Set("Lambda-Extension-Identifier", uuid.NewString())
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"functionName":%q,"functionVersion":"$LATEST","handler":"bootstrap"}`, a.spec.Name)
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"errorType": kind, "errorMessage": message})
}
