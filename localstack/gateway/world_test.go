package gateway_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/gateway"
)

// TestMain is also the functions of these tests.
func TestMain(m *testing.M) {
	if os.Getenv("GATEWAY_TEST") != "" {
		serve("http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/")
	}
	os.Exit(m.Run())
}

// serve answers each event with the event, or as its header X-Do says.
func serve(api string) {
	for {
		answer, err := http.Get(api + "next")
		if err != nil {
			os.Exit(1)
		}
		payload, _ := io.ReadAll(answer.Body)
		at := api + answer.Header.Get("Lambda-Runtime-Aws-Request-Id")
		verb, argument, _ := strings.Cut(wish(payload), " ")
		switch verb {
		case "unauthorized":
			post(at+"/error", `{"errorMessage":"Unauthorized"}`)
		case "tell":
			fmt.Println("TOLD " + string(payload))
			post(at+"/response", "{}")
		case "fail":
			post(at+"/error", `{"errorMessage":"on demand"}`)
		case "sleep":
			time.Sleep(3 * time.Second)
			fallthrough
		case "answer":
			post(at+"/response", argument)
		case "environment":
			text, _ := json.Marshal(os.Environ())
			payload = text
			fallthrough
		default:
			body, _ := json.Marshal(string(payload))
			post(at+"/response", `{"statusCode":200,"body":`+string(body)+`,"isBase64Encoded":false,"headers":{"Content-Type":"application/json"}}`)
		}
	}
}

// wishes is the header that is for this function.
func wishes() string {
	if os.Getenv("GATEWAY_TEST") == "authorizer" {
		return "X-Ask"
	}
	return "X-Do"
}

// wish finds the header in any of the shapes.
func wish(payload []byte) string {
	var event struct {
		Headers           map[string]string
		MultiValueHeaders map[string][]string
		Kind              string `json:"detail-type"`
		Records           []struct{ Body string }
	}
	_ = json.Unmarshal(payload, &event)
	if len(event.Records) > 0 {
		return event.Records[0].Body
	}
	if event.Kind != "" {
		return "answer null"
	}
	for name, value := range event.Headers {
		if strings.EqualFold(name, wishes()) {
			return value
		}
	}
	for name, values := range event.MultiValueHeaders {
		if strings.EqualFold(name, wishes()) {
			return values[0]
		}
	}
	return ""
}

func post(url, body string) {
	if _, err := http.Post(url, "application/json", strings.NewReader(body)); err != nil {
		os.Exit(2)
	}
}

// A log keeps what the gateway and functions print.
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

type world struct {
	t *testing.T
	*gateway.Gateway
	log *log
}

func start(t *testing.T, change func(*gateway.Config)) *world {
	t.Helper()
	w := &world{t: t, log: &log{}}
	folder := t.TempDir()
	for _, name := range []string{"image-show", "fallback", "sweeper", "authorizer"} {
		if err := os.Symlink(os.Args[0], filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	c := gateway.Config{
		Template: "testdata/template.yaml", Functions: folder, Log: w.log,
		Environ: func(function string) []string { return []string{"GATEWAY_TEST=" + function} },
	}
	if change != nil {
		change(&c)
	}
	var err error
	if w.Gateway, err = gateway.Start(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// An answer is a response that was read.
type answer struct {
	*http.Response
	text string
}

// call sends a request whose target is taken as it is written.
func (w *world) call(method, at, body string, header ...string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.URL(), strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	base, path, _ := strings.Cut(strings.TrimPrefix(at, "http://"), "/")
	path, query, _ := strings.Cut("/"+path, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		w.t.Fatal(err)
	}
	r.URL.Host, r.Host, r.URL.Path, r.URL.RawPath, r.URL.RawQuery = base, base, decoded, path, query
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{response, string(text)}
}

type m = map[string]any

// event is the event that a request became.
func (w *world) event(method, path, body string, header ...string) m {
	w.t.Helper()
	return parse(w.t, w.call(method, w.URL()+path, body, header...))
}

func parse(t *testing.T, a answer) m {
	t.Helper()
	var event m
	if err := json.Unmarshal([]byte(a.text), &event); a.StatusCode != 200 || err != nil {
		t.Fatalf("%s: %s", a.Status, a.text)
	}
	return event
}

// at reads a value of the event: "requestContext.http.method".
func at(event m, path string) string {
	var v any = event
	for name := range strings.SplitSeq(path, ".") {
		object, _ := v.(m)
		v = object[name]
	}
	if text, is := v.(string); is {
		return text
	}
	text, _ := json.Marshal(v)
	return string(text)
}

func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func wants(t *testing.T, what string, event m, want map[string]string) {
	t.Helper()
	for path, value := range want {
		if got := at(event, path); got != value {
			t.Errorf("%s: %s is %s, not %s", what, path, got, fmt.Sprintf("%.200s", value))
		}
	}
}
