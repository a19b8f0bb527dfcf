package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/lambda"
)

func startOne(t *testing.T, how string, timeout time.Duration) *lambda.Process {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = []string{"LAMBDA_TEST=" + how}
	p, err := lambda.Start(command, timeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestOneProcess follows one from its start to its end.
func TestOneProcess(t *testing.T) {
	p := startOne(t, "extended", time.Minute)
	<-p.Polled()
	if !closed(p.Registered()) || closed(p.Exited()) {
		t.Error("it asked for work, but not to be told of its end; or it ended")
	}
	var environ []string
	o, err := p.Invoke(t.Context(), []byte("environment"))
	if err != nil || o.Failed || json.Unmarshal(o.Payload, &environ) != nil {
		t.Fatalf("%+v, %v", o, err)
	}
	if len(environ) != 2 || environ[0] != "LAMBDA_TEST=extended" || !strings.HasPrefix(environ[1], "AWS_LAMBDA_RUNTIME_API=127.0.0.1:") {
		t.Errorf("it sees %q", environ)
	}
	if o, err := p.Invoke(t.Context(), []byte("fail")); err != nil || !o.Failed || o.Init || o.Message() != "it failed" {
		t.Errorf("%+v, %v", o, err)
	}
	p.Stop(time.Minute)
	if state := p.State(); !closed(p.Exited()) || !state.Success() {
		t.Errorf("told to end, it ended by %v", state)
	}
}

// TestWhatAProcessDoesNotSayIsAnError: only what it reports itself is an outcome.
func TestWhatAProcessDoesNotSayIsAnError(t *testing.T) {
	if o, err := startOne(t, "refuse", time.Minute).Invoke(t.Context(), nil); err != nil || !o.Failed || !o.Init || o.Message() != "no settings" {
		t.Errorf("%+v, %v", o, err)
	}
	for _, test := range []struct{ how, event, want string }{
		{"die", "{}", "exit status 3"},
		{"well", "exit", "exit status 5"},
		{"well", "sleep", "timed out after 0.50 seconds"},
	} {
		p := startOne(t, test.how, 500*time.Millisecond)
		if o, err := p.Invoke(t.Context(), []byte(test.event)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, %s: %+v, %v", test.how, test.event, o, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := startOne(t, "well", time.Minute).Invoke(ctx, []byte("sleep")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
