package lambda_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
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
		const at = "/2020-01-01/extension/register"
		fmt.Println("nameless", post(api+at, `{"events":[]}`).StatusCode)
		answer := post(api+at, `{"events":[]}`, "Lambda-Extension-Name", "told")
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

// post sends the body, with a header where it is given by name and value.
func post(url, body string, header ...string) *http.Response {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		os.Exit(7)
	}
	request.Header.Set("Content-Type", "application/json")
	if len(header) == 2 {
		request.Header.Set(header[0], header[1])
	}
	answer, err := http.DefaultClient.Do(request)
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
