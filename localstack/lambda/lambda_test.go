package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/lambda"
)

type answered struct {
	Pid, Count int
}

func parse(t *testing.T, o lambda.Outcome) answered {
	t.Helper()
	var a answered
	if err := json.Unmarshal(o.Payload, &a); o.Failed || err != nil {
		t.Fatalf("%s, %v", o.Payload, err)
	}
	return a
}

func TestAProcessServesOneInvocationAfterTheOther(t *testing.T) {
	f := start(t, "well", nil)
	first, second := parse(t, invoke(t, f, "{}")), parse(t, invoke(t, f, "{}"))
	if first.Pid != second.Pid || second.Count != 2 {
		t.Errorf("%+v, then %+v", first, second)
	}
	if runtime.GOOS == "linux" && f.PeakMemory() < 1<<20 {
		t.Errorf("%d bytes of memory were seen", f.PeakMemory())
	}
}

// TestInvocationsAtOnceHaveProcessesOfTheirOwn: as many as there may be, and
// never two invocations in one.
func TestInvocationsAtOnceHaveProcessesOfTheirOwn(t *testing.T) {
	f := start(t, "well", func(s *lambda.Spec) { s.Concurrency = 3 })
	var mutex sync.Mutex
	pids := map[int]int{}
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			o, err := f.Invoke(context.Background(), []byte("wait"))
			var a answered
			if err != nil || json.Unmarshal(o.Payload, &a) != nil {
				t.Errorf("%v, %s", err, o.Payload)
			}
			mutex.Lock()
			defer mutex.Unlock()
			pids[a.Pid]++
		})
	}
	all.Wait()
	if len(pids) < 2 || len(pids) > 3 {
		t.Errorf("%v", pids)
	}
}

func TestHowInvocationsFail(t *testing.T) {
	for _, test := range []struct{ how, event, kind, message string }{
		{"well", "fail", "", "it failed"},
		{"well", "exit", "Runtime.ExitError", "exit status 5"},
		{"well", "large", "Function.ResponseSizeTooLarge", "exceeded"},
		{"refuse", "{}", "", "no settings"},
		{"die", "{}", "Runtime.ExitError", "exit status 3"},
	} {
		o := invoke(t, start(t, test.how, nil), test.event)
		if !o.Failed || o.Kind != test.kind || !strings.Contains(o.Message(), test.message) {
			t.Errorf("%s, %s: %+v, %s", test.how, test.event, o, o.Payload)
		}
	}
	missing := start(t, "well", func(s *lambda.Spec) { s.Bootstrap = "/does/not/exist" })
	if o := invoke(t, missing, "{}"); !o.Failed || o.Kind != "Runtime.InvalidEntrypoint" {
		t.Errorf("%+v", o)
	}
}

// TestAProcessThatFailedBadlyIsReplaced: an error of one invocation keeps the
// process, its end does not keep the function.
func TestAProcessThatFailedBadlyIsReplaced(t *testing.T) {
	f := start(t, "well", nil)
	first := parse(t, invoke(t, f, "{}"))
	invoke(t, f, "fail")
	if same := parse(t, invoke(t, f, "{}")); same.Pid != first.Pid {
		t.Error("an error ended the process")
	}
	invoke(t, f, "exit")
	if other := parse(t, invoke(t, f, "{}")); other.Pid == first.Pid || other.Count != 1 {
		t.Errorf("%+v after %+v", other, first)
	}
}

func TestTimeoutsKill(t *testing.T) {
	f := start(t, "well", func(s *lambda.Spec) { s.Timeout = 300 * time.Millisecond })
	began := time.Now()
	o := invoke(t, f, "sleep")
	if !o.Failed || o.Kind != "Sandbox.Timedout" || !strings.Contains(o.Message(), "0.30 seconds") || time.Since(began) > 30*time.Second {
		t.Errorf("%+v after %v", o, time.Since(began))
	}
	parse(t, invoke(t, f, "{}"))
}

func TestMemoryIsLimited(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells what memory a process has")
	}
	f := start(t, "well", func(s *lambda.Spec) { s.Memory = 128 })
	if o := invoke(t, f, "grow"); !o.Failed || o.Kind != "Runtime.OutOfMemory" {
		t.Errorf("%+v", o)
	}
}

func TestAnAnswerToNoInvocationIsRefused(t *testing.T) {
	if o := invoke(t, start(t, "well", nil), "stranger"); string(o.Payload) != `"own"` {
		t.Errorf("%s", o.Payload)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("AWS_PROFILE", "ours")
	f := start(t, "well", func(s *lambda.Spec) { s.Environ = append(s.Environ, "TZ=:Mars") })
	var environ []string
	if err := json.Unmarshal(invoke(t, f, "environment").Payload, &environ); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(environ, "\n")
	for _, want := range []string{"AWS_LAMBDA_FUNCTION_NAME=image-show", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512", "GANDER_TABLE=t", "_HANDLER=bootstrap", "TZ=:Mars"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, "AWS_PROFILE") {
		t.Error("a variable of this process came through")
	}
}

// TestTheEndIsTold: SIGTERM reaches a process with an extension, and no other.
func TestTheEndIsTold(t *testing.T) {
	for how, want := range map[string]string{"extended": "image-show: nameless 403\nimage-show: extension true\nimage-show: told to end\n", "well": ""} {
		var text log
		f := start(t, how, func(s *lambda.Spec) { s.Log = &text })
		parse(t, invoke(t, f, "{}"))
		f.Close()
		if text.String() != want {
			t.Errorf("%s: %q", how, text.String())
		}
	}
}

func TestCallersMayGo(t *testing.T) {
	f := start(t, "well", func(s *lambda.Spec) { s.Concurrency = 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := f.Invoke(ctx, []byte("sleep")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if _, err := f.Invoke(ctx, []byte("{}")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second one, while the first runs: %v", err)
	}
	f.Close()
	if _, err := f.Invoke(t.Context(), []byte("{}")); !errors.Is(err, lambda.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

func TestEventsHaveALimit(t *testing.T) {
	if _, err := start(t, "well", nil).Invoke(t.Context(), make([]byte, lambda.MaxEvent+1)); err == nil {
		t.Error("taken")
	}
}
