package boot

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/httpapi"
)

// TestListenGoesBeforePort: who says both means the address.
func TestListenGoesBeforePort(t *testing.T) {
	healthcheck := func(p *process) int { return p.serve(httpapi.Healthcheck) }
	r := run(t, t.TempDir(), healthcheck, usualPatience, "PORT=1", "GANDER_LISTEN=127.0.0.1:0")
	if r.address == "127.0.0.1:1" {
		t.Error("it listens on the port of PORT")
	}
	r.call("", "GET", "/healthcheck", "", 200)
}

// beginUpload sends the first half of an upload of ten bytes and waits until the
// service is at work on it.
func beginUpload(t *testing.T, r *running) (net.Conn, string) {
	t.Helper()
	token := r.token("gander")
	var image struct{ ID string }
	created := r.call(token, "POST", "/v2/images", `{"disk_format":"raw","container_format":"bare"}`, 201)
	if err := json.Unmarshal([]byte(created), &image); err != nil {
		t.Fatal(err)
	}
	path := "/v2/images/" + image.ID
	conn := dial(t, r)
	fmt.Fprintf(conn, "PUT %s/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: %s\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n12345", path, token)
	for !strings.Contains(r.call(token, "GET", path, "", 200), `"saving"`) {
		t.Log("not yet") // the next request sees more
	}
	return conn, path
}

func dial(t *testing.T, r *running) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(longWait)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// refusing waits until nobody listens any more.
func refusing(t *testing.T, r *running) {
	t.Helper()
	for end := time.Now().Add(longWait); time.Now().Before(end); {
		conn, err := net.Dial("tcp", r.address)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatalf("%s is still listened on", r.address)
}

func TestStopLetsARunningUploadEnd(t *testing.T) {
	r := serve(t)
	conn, path := beginUpload(t, r)
	r.signals <- syscall.SIGTERM
	refusing(t, r)
	fmt.Fprint(conn, "67890")
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusNoContent {
		t.Fatalf("%v, %v", answer, err)
	}
	if code := r.wait(); code != 0 {
		t.Fatalf("exit %d: %s", code, r.stderr)
	}
	again := run(t, r.data, func(p *process) int {
		p.args = []string{"serve", "-listen=127.0.0.1:0"}
		return p.command()
	}, usualPatience)
	if data := again.call(again.token("gander"), "GET", path+"/file", "", 200); data != "1234567890" {
		t.Errorf("%q", data)
	}
}

func TestSecondSignalStopsAtOnce(t *testing.T) {
	r := serve(t)
	conn, path := beginUpload(t, r)
	r.signals <- syscall.SIGTERM
	refusing(t, r)
	r.signals <- syscall.SIGINT
	if code := r.wait(); code != 0 || !strings.Contains(r.stderr.String(), "running requests are cut off") {
		t.Errorf("exit %d: %s", code, r.stderr)
	}
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
		t.Error("the upload was answered")
	}
	again := run(t, r.data, func(p *process) int {
		p.args = []string{"serve", "-listen=127.0.0.1:0"}
		return p.command()
	}, usualPatience)
	if shown := again.call(again.token("gander"), "GET", path, "", 200); !strings.Contains(shown, `"queued"`) {
		t.Errorf("the upload left behind %s", shown)
	}
}

func TestStopTimeoutCutsOff(t *testing.T) {
	r := serve(t, "GANDER_STOP_TIMEOUT=1ms")
	beginUpload(t, r)
	if code := r.stop(); code != 0 || !strings.Contains(r.stderr.String(), "running requests are cut off") {
		t.Errorf("exit %d: %s", code, r.stderr)
	}
}

// TestSlowClientsAreCut: each of them sends a beginning and then nothing, and
// finds its connection closed.
func TestSlowClientsAreCut(t *testing.T) {
	short := 50 * time.Millisecond
	r := serveWith(t, patience{header: short, idle: short, stall: 20 * short})
	token := r.token("gander")
	for range 6 { // a list too long for the server's buffers
		r.call(token, "POST", "/v2/images", `{"name":"`+strings.Repeat("n", 255)+`"}`, 201)
	}
	head := "Host: x\r\nX-Auth-Token: " + token + "\r\n"
	for name, test := range map[string]struct{ sent, answered string }{
		"nothing":                   {"", ""},
		"half a header":             {"GET /v2/images HTTP/1.1\r\nHost: x\r\nX-Auth", ""},
		"half a JSON body":          {"POST /v2/images HTTP/1.1\r\n" + head + "Content-Length: 100\r\n\r\n{", "HTTP/1.1 400"},
		"half a body nobody wants":  {"GET /v2/images/1 HTTP/1.1\r\n" + head + "Content-Length: 100\r\n\r\n{", "HTTP/1.1 400"},
		"a body that is ignored":    {"GET /v2/images HTTP/1.1\r\n" + head + "Content-Length: 100\r\n\r\n{", "HTTP/1.1 200"},
		"half a login":              {"POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 4"},
		"a body of refused caller":  {"PUT /v2/images/1/file HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx", "HTTP/1.1 401"},
		"nothing after its request": {"GET /healthcheck HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, r)
			fmt.Fprint(conn, test.sent)
			answer, err := io.ReadAll(conn) // to the end that the server makes
			if !strings.HasPrefix(string(answer), test.answered) || test.answered == "" && strings.HasPrefix(string(answer), "HTTP/1.1 200") || isTimeout(err) {
				t.Errorf("%q, %v", answer, err)
			}
		})
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestHeaderBombs(t *testing.T) {
	r := serve(t)
	for name, header := range map[string]string{
		"one long": "X-A: " + strings.Repeat("a", 2*maxHeaderBytes) + "\r\n",
		"many":     strings.Repeat("X-A: b\r\n", maxHeaderBytes/4),
	} {
		conn := dial(t, r)
		go func() { _, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n"+header+"\r\n") }() // it may be cut off
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: %v, %v", name, answer, err)
		}
	}
	r.call("", "GET", "/healthcheck", "", 200)
}

// writeCertificate makes a certificate for 127.0.0.1 that vouches for itself.
func writeCertificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gander"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestTLS(t *testing.T) {
	certFile, keyFile := writeCertificate(t)
	r := serve(t, "GANDER_TLS_CERT="+certFile, "GANDER_TLS_KEY="+keyFile)
	text, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	answer, err := client.Get("https://" + r.address + "/versions")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != 200 || answer.ProtoMajor != 2 || !strings.Contains(string(body), `"https://`+r.address+`/v2/"`) {
		t.Errorf("%s %s %s", answer.Proto, answer.Status, body)
	}
	if l := cloud(t, r.data, "gander"); l.CACert != certFile || l.Auth.AuthURL != "https://"+r.address+"/identity/v3" {
		t.Errorf("clouds.yaml: %+v", l)
	}
	login, err := client.Do(cloud(t, r.data, "gander").tokenRequest(t))
	if err != nil || login.StatusCode != http.StatusCreated {
		t.Fatalf("%v, %v", login, err)
	}
	_ = login.Body.Close()
	if answer, err := http.Get("http://" + r.address + "/versions"); err == nil {
		_ = answer.Body.Close()
		if answer.StatusCode < 400 {
			t.Error("plain HTTP was answered:", answer.Status)
		}
	}
}

func TestPublicEndpoint(t *testing.T) {
	r := serve(t, "GANDER_PUBLIC_ENDPOINT=https://cloud.example.org/image")
	for _, path := range []string{"/versions", "/image/versions"} { // a proxy may leave the path on or take it off
		if body := r.call("", "GET", path, "", 200); !strings.Contains(body, `"https://cloud.example.org/image/v2/"`) || strings.Contains(body, r.address) {
			t.Errorf("%s: %s", path, body)
		}
	}
	r.call("", "GET", "/imageversions", "", 300)
}

// TestPortServesOneOperation is the contract of container platforms.
func TestPortServesOneOperation(t *testing.T) {
	port := freePort(t)
	healthcheck := func(p *process) int { return p.serve(httpapi.Healthcheck) }
	r := run(t, t.TempDir(), healthcheck, usualPatience, "PORT="+port)
	if want := "127.0.0.1:" + port; r.address != want {
		t.Errorf("listens on %s, not on %s", r.address, want)
	}
	r.call("", "GET", "/healthcheck", "", 200)
	r.call("", "GET", "/v2/images", "", 401)
	if code := r.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	for environ, want := range map[string]string{
		"GANDER_TLS_ENDS_IN_FRONT=true":  "[::]:" + port,
		"GANDER_TLS_ENDS_IN_FRONT=false": "127.0.0.1:" + port,
	} {
		if r := run(t, t.TempDir(), healthcheck, usualPatience, "PORT="+port, environ, "GANDER_PUBLIC_ENDPOINT=https://images.example.org"); strings.Replace(r.address, "0.0.0.0", "[::]", 1) != want {
			t.Errorf("%s: listens on %s", environ, r.address)
		} else if code := r.stop(); code != 0 {
			t.Errorf("exit %d", code)
		}
	}
}

func TestConsumerOverHTTP(t *testing.T) {
	r := run(t, t.TempDir(), func(p *process) int { return p.consume(Sweeper) }, usualPatience, "GANDER_LISTEN=127.0.0.1:0")
	event, err := os.ReadFile("../../events/sweeper.json")
	if err != nil {
		t.Fatal(err)
	}
	if body := r.call("", "POST", "/", string(event), 200); body != "null\n" {
		t.Errorf("%q", body)
	}
	r.call("", "POST", "/", "{}", 500)
}

func TestOneProcessUsesTheData(t *testing.T) {
	r := serve(t)
	for name, start := range map[string]func(*process) int{
		"gander": func(p *process) int {
			p.args = []string{"serve", "-listen", "127.0.0.1:0"}
			return p.command()
		},
		"image-show": func(p *process) int { return p.serve(httpapi.ImageShow) },
	} {
		var stderr strings.Builder
		p := &process{environ: []string{"GANDER_DATA=" + r.data, "GANDER_LISTEN=127.0.0.1:0"}, stdout: io.Discard, stderr: &stderr, patience: usualPatience}
		if code := start(p); code != 1 || !strings.Contains(stderr.String(), "another process") || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%s: exit %d: %s", name, code, &stderr)
		}
	}
	r.call("", "GET", "/healthcheck", "", 200)
}

func TestAddressInUse(t *testing.T) {
	r := serve(t)
	var stderr strings.Builder
	p := &process{args: []string{"serve", "-listen", r.address, "-data", t.TempDir()}, stdout: io.Discard, stderr: &stderr, patience: usualPatience}
	if code := p.command(); code != 1 || !strings.Contains(stderr.String(), "GANDER_LISTEN: listen tcp "+r.address) {
		t.Errorf("exit %d: %s", code, &stderr)
	}
}
