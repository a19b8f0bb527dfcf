package boot

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/lambda"
	"github.com/gander-images/gander/shared/identity/development"
)

// built is the folder with every compiled function, once a test wants one.
var built string

// bootstraps builds them all, once.
var bootstraps = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "bootstraps")
	if err != nil {
		return "", err
	}
	built = folder
	build := exec.Command("go", "build", "-ldflags=-s -w", "-tags", "lambda.norpc,nethttpomithttp2", "-o", folder+string(filepath.Separator), "../../functions/...")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the functions: %w\n%s", err, output)
	}
	return folder, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

const publicEndpoint = "https://images.example.org"

// An installation is a folder with users, and a mix on which functions are
// started one after the other: that folder, unless a test says otherwise.
type installation struct {
	t       *testing.T
	data    string
	environ []string          // of every function: the mix
	store   string            // id of the mix's store
	tokens  map[string]string // by cloud
}

func deploy(t *testing.T) *installation {
	t.Helper()
	d := &installation{t: t, data: t.TempDir(), store: "local", tokens: map[string]string{}}
	d.environ = ofFolder(d.data)
	local, err := development.Open(d.data, development.Options{Endpoint: publicEndpoint})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	for _, name := range []string{"gander", "gander-admin", "gander-other", "gander-reader"} {
		w := httptest.NewRecorder()
		local.Handler().ServeHTTP(w, cloud(t, d.data, name).tokenRequest(t))
		if w.Code != http.StatusCreated {
			t.Fatalf("logging in as %s: %d %s", name, w.Code, w.Body)
		}
		d.tokens[name] = w.Header().Get("X-Subject-Token")
	}
	return d
}

// command is the compiled function with its environment.
func (d *installation) command(name string, environ ...string) *exec.Cmd {
	d.t.Helper()
	folder, err := bootstraps()
	if err != nil {
		d.t.Fatal(err)
	}
	command := exec.Command(filepath.Join(folder, name))
	command.Env = append(append(slices.Clone(d.environ), "GANDER_PUBLIC_ENDPOINT="+publicEndpoint), environ...)
	return command
}

// start runs a function as a Lambda.
func (d *installation) start(name string, environ ...string) *lambda.Process {
	d.t.Helper()
	return d.startLogged(name, io.Discard, environ...)
}

// startLogged is start with the function's log.
func (d *installation) startLogged(name string, logs io.Writer, environ ...string) *lambda.Process {
	d.t.Helper()
	command := d.command(name, environ...)
	command.Stderr = logs
	return startCommand(d.t, command, longWait)
}

// startCommand runs a command as a Lambda until the test ends.
func startCommand(t *testing.T, command *exec.Cmd, timeout time.Duration) *lambda.Process {
	t.Helper()
	f, err := lambda.Start(command, timeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Kill)
	return f
}

// feed starts a function, hands it one event and stops it.
func (d *installation) feed(name string, payload []byte, environ ...string) lambda.Outcome {
	d.t.Helper()
	f := d.start(name, environ...)
	defer f.Kill()
	return invokeFunction(d.t, f, payload)
}

func invokeFunction(t *testing.T, f *lambda.Process, payload []byte) lambda.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longWait)
	defer cancel()
	o, err := f.Invoke(ctx, payload)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// recorded is a function's recorded event, with a token that is good here.
func (d *installation) recorded(name, as string) []byte {
	d.t.Helper()
	payload, err := os.ReadFile("../../events/" + name + ".json")
	if err != nil {
		d.t.Fatal(err)
	}
	return bytes.ReplaceAll(payload, []byte(`"TOKEN"`), []byte(`"`+d.tokens[as]+`"`))
}

// A gatewayAnswer is what a function gives back to a gateway of either kind.
type gatewayAnswer struct {
	StatusCode        int
	Headers           map[string]string
	MultiValueHeaders http.Header
	Body              string
	IsBase64Encoded   bool
}

func parseAnswer(t *testing.T, name string, o lambda.Outcome) gatewayAnswer {
	t.Helper()
	var a gatewayAnswer
	if err := json.Unmarshal(o.Payload, &a); o.Failed || err != nil {
		t.Fatalf("%s: %s, %v", name, o.Payload, err)
	}
	for key, value := range a.Headers {
		if a.MultiValueHeaders == nil {
			a.MultiValueHeaders = http.Header{}
		}
		a.MultiValueHeaders.Set(key, value)
	}
	return a
}

func (a gatewayAnswer) body(t *testing.T) string {
	t.Helper()
	if !a.IsBase64Encoded {
		return a.Body
	}
	body, err := base64.StdEncoding.DecodeString(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// overHTTP starts the function without a Runtime API, as a container platform
// does, and sends it a request.
func (d *installation) overHTTP(name string, r *http.Request) gatewayAnswer {
	d.t.Helper()
	logs, command := &logBuffer{listen: make(chan string, 1)}, d.command(name, "PORT="+freePort(d.t))
	command.Stderr = logs
	if err := command.Start(); err != nil {
		d.t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			d.t.Errorf("%s: %v\n%s", name, err, logs)
		}
	}()
	select {
	case address := <-logs.listen:
		r.URL.Scheme, r.URL.Host, r.RequestURI = "http", address, ""
	case <-time.After(longWait):
		d.t.Fatalf("%s does not start: %s", name, logs)
	}
	return send(d.t, r)
}

// send makes a request as it stands.
func send(t *testing.T, r *http.Request) gatewayAnswer {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	return gatewayAnswer{StatusCode: answer.StatusCode, MultiValueHeaders: answer.Header, Body: string(body)}
}

// freePort is one that nobody listens on. It lies below those that the system gives
// to clients and to whoever asks for any, so that nobody comes upon it by chance.
//
// Source: Linux, Documentation/networking/ip-sysctl.rst, ip_local_port_range.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(10_000))
		if probe, err := net.Listen("tcp", ":"+port); err == nil {
			_ = probe.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}
