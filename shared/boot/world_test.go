package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gander-images/gander/shared/boot/account"
)

// longWait ends a test whose condition never comes true; no outcome depends on
// how soon one does.
const longWait = time.Minute

// A log collects what a process writes, and hands out the address that it
// listens on.
type logBuffer struct {
	mu     sync.Mutex
	text   bytes.Buffer
	listen chan string
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(p) {
		var started struct{ Msg, Listen string }
		if json.Unmarshal(line, &started) == nil && started.Msg == "started" && started.Listen != "" {
			l.listen <- started.Listen
		}
	}
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// says waits until the text was logged.
func (l *logBuffer) says(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(longWait); !strings.Contains(l.String(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the log never says %s: %s", text, l)
		}
	}
}

// A running is a process in this test.
type running struct {
	t       *testing.T
	data    string
	address string
	stdout  *logBuffer
	stderr  *logBuffer
	signals chan os.Signal
	exit    chan int
}

// run starts a process with these settings. start is what its main would do.
func run(t *testing.T, data string, start func(*process) int, patience patience, environ ...string) *running {
	t.Helper()
	r := &running{
		t: t, data: data, signals: make(chan os.Signal, 2), exit: make(chan int, 1),
		stdout: &logBuffer{}, stderr: &logBuffer{listen: make(chan string, 1)},
	}
	p := &process{
		environ: append(ofFolder(data), environ...),
		stdout:  r.stdout, stderr: r.stderr, signals: r.signals, patience: patience, account: account.FromEnvironment,
	}
	go func() { r.exit <- start(p) }()
	select {
	case r.address = <-r.stderr.listen:
	case code := <-r.exit:
		t.Fatalf("it ended with %d: %s", code, r.stderr)
	case <-time.After(longWait):
		t.Fatal("it does not start")
	}
	t.Cleanup(func() { r.stop() })
	return r
}

// ofFolder is the setting of a process on the local mix; none on the cloud mix.
func ofFolder(data string) []string {
	if data == "" {
		return nil
	}
	return []string{"GANDER_DATA=" + data}
}

// serve starts gander serve on any port.
func serve(t *testing.T, environ ...string) *running {
	t.Helper()
	return serveWith(t, usualPatience, environ...)
}

func serveWith(t *testing.T, patience patience, environ ...string) *running {
	t.Helper()
	command := func(p *process) int {
		p.args = []string{"serve", "-listen", "127.0.0.1:0"}
		return p.command()
	}
	return run(t, t.TempDir(), command, patience, environ...)
}

// stop asks the process to end and returns its exit code.
func (r *running) stop() int {
	select {
	case r.signals <- syscall.SIGTERM:
	default:
	}
	return r.wait()
}

func (r *running) wait() int {
	r.t.Helper()
	select {
	case code := <-r.exit:
		r.exit <- code
		return code
	case <-time.After(longWait):
		r.t.Fatalf("it does not end: %s", r.stderr)
		return -1
	}
}

// A login is one of the clouds that the development identity writes.
type login struct {
	Auth struct {
		AuthURL  string `yaml:"auth_url"`
		Username string `yaml:"username"`
		Password string `yaml:"password"`
		Project  string `yaml:"project_name"`
	} `yaml:"auth"`
	CACert string `yaml:"cacert"`
}

func cloud(t *testing.T, data, name string) login {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "clouds.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var clouds struct{ Clouds map[string]login }
	if err := yaml.Unmarshal(text, &clouds); err != nil {
		t.Fatal(err)
	}
	return clouds.Clouds[name]
}

// tokenRequest is what a client posts to log in.
func (l login) tokenRequest(t *testing.T) *http.Request {
	t.Helper()
	type m = map[string]any
	domain := m{"name": "Default"}
	body, err := json.Marshal(m{"auth": m{
		"identity": m{"methods": []string{"password"}, "password": m{"user": m{"name": l.Auth.Username, "password": l.Auth.Password, "domain": domain}}},
		"scope":    m{"project": m{"name": l.Auth.Project, "domain": domain}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, l.Auth.AuthURL+"/auth/tokens", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}

// token logs in to the running process.
func (r *running) token(name string) string {
	r.t.Helper()
	answer, err := http.DefaultClient.Do(cloud(r.t, r.data, name).tokenRequest(r.t))
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		body, _ := io.ReadAll(answer.Body)
		r.t.Fatalf("logging in: %s %s", answer.Status, body)
	}
	return answer.Header.Get("X-Subject-Token")
}

// call makes a request and wants its status; it returns the answer's body.
func (r *running) call(token, method, path, body string, status int) string {
	r.t.Helper()
	q, err := http.NewRequestWithContext(context.Background(), method, "http://"+r.address+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", token)
	q.Header.Set("Accept", "application/json")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		r.t.Fatalf("%s %s: %s %s, %v", method, path, answer.Status, text, err)
	}
	return string(text)
}
