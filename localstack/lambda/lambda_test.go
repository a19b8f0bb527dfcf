package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/lambda"
)

// TestMain is also the function of these tests: it does what the event says.
func TestMain(m *testing.M) {
	if os.Getenv("LAMBDA_TEST") != "" {
		serve(os.Getenv("LAMBDA_TEST"), "http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API"))
	}
	os.Exit(m.Run())
}

// serve is a runtime, written out so that nothing of the tested code is in it.
func serve(start, api string) {
	const runtime = "/2018-06-01/runtime"
	switch start {
	case "refuse":
		post(api+runtime+"/init/error", `{"errorMessage":"no settings","errorType":"Bad"}`)
		os.Exit(1)
	case "die":
		os.Exit(3)
	case "extended":
		answer := post(api+"/2020-01-01/extension/register", `{"events":[]}`)
		fmt.Println("extension", answer.Header.Get("Lambda-Extension-Identifier") != "")
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		fmt.Println("told to end")
		os.Exit(0)
	}()
	for count := 1; ; count++ {
		answer, err := http.Get(api + runtime + "/invocation/next")
		if err != nil {
			os.Exit(4)
		}
		event, _ := io.ReadAll(answer.Body)
		work(string(event), api+runtime+"/invocation/"+answer.Header.Get("Lambda-Runtime-Aws-Request-Id"), count, answer.Header)
	}
}

func work(event, at string, count int, header http.Header) {
	switch event {
	case "fail":
		post(at+"/error", `{"errorMessage":"it failed"}`)
	case "exit":
		os.Exit(5)
	case "sleep":
		time.Sleep(time.Minute)
	case "grow":
		for kept := []byte{1}; ; time.Sleep(10 * time.Millisecond) {
			kept = append(kept, bytes.Repeat([]byte{1}, 8<<20)...)
		}
	case "large":
		post(at+"/response", strings.Repeat("x", lambda.MaxAnswer+1))
	case "stranger":
		if r := post(strings.Replace(at, "invocation/", "invocation/0", 1)+"/response", "{}"); r.StatusCode != 400 {
			os.Exit(6)
		}
		post(at+"/response", `"own"`)
	case "environment":
		text, _ := json.Marshal(os.Environ())
		post(at+"/response", string(text))
	case "wait":
		time.Sleep(50 * time.Millisecond)
		fallthrough
	default:
		post(at+"/response", fmt.Sprintf(`{"pid":%d,"count":%d,"deadline":%q}`, os.Getpid(), count, header.Get("Lambda-Runtime-Deadline-Ms")))
	}
}

func post(url, body string) *http.Response {
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		os.Exit(7)
	}
	return answer
}

// log keeps what functions print.
type log struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

func start(t *testing.T, how string, change func(*lambda.Spec)) *lambda.Function {
	t.Helper()
	spec := lambda.Spec{
		Name: "image-show", ARN: "arn:aws:lambda:us-east-1:123456789012:function:ImageShowFunction", Bootstrap: os.Args[0],
		Timeout: 20 * time.Second, Memory: 512, Environ: []string{"LAMBDA_TEST=" + how, "GANDER_TABLE=t"},
	}
	if change != nil {
		change(&spec)
	}
	f := lambda.New(spec)
	t.Cleanup(f.Close)
	return f
}

func invoke(t *testing.T, f *lambda.Function, event string) lambda.Outcome {
	t.Helper()
	o, err := f.Invoke(t.Context(), []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

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
	for how, want := range map[string]string{"extended": "image-show: extension true\nimage-show: told to end\n", "well": ""} {
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
