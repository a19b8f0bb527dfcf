//go:build cloud

package grants_test

import (
	"bytes"
	"context"
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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/localstack/child"
	"github.com/gander-images/gander/localstack/emulatortest"
	"github.com/gander-images/gander/localstack/gateway"
	"github.com/gander-images/gander/localstack/grants"
	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/localstack/template"
	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/blob/s3"
	"github.com/gander-images/gander/shared/identity/development"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/table/dynamo"
)

// dataPlane is what the data plane's process is called beside the functions.
const dataPlane = "data-plane"

// lease is how long an upload may be silent here.
const lease = 3 * time.Second

// A world is the deployed shape: each function, and the data plane, a process of
// its own that signs with a key of its own, behind a proxy that lets it do what
// the template grants and nothing else.
type world struct {
	t     *testing.T
	root  string
	place emulatortest.Place
	proxy *proxy.Proxy
	url   string // the proxy's
	roles grants.Roles
	key   string // the identity's public key
	token string
	log   *log

	gateway *gateway.Gateway
	data    *child.Child
	client  *http.Client
}

type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root, err := emulatortest.Root()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, root: root, place: emulatortest.New(t), log: &log{}, client: &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	t.Cleanup(func() {
		w.close()
		if t.Failed() {
			t.Logf("the processes wrote:\n%s", w.log.text.String())
		}
	})
	w.logIn()
	w.readRoles()
	w.startProxy()
	return w
}

// names are what the template's resources are called here.
func (w *world) names() map[string]string {
	return map[string]string{
		"Table": w.place.Table, "Bucket": w.place.Bucket, "Table.StreamArn": w.place.Stream,
		"Table.Arn":  fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s", template.Region, template.Account, w.place.Table),
		"Bucket.Arn": "arn:aws:s3:::" + w.place.Bucket,
	}
}

func (w *world) parameters() map[string]string {
	return map[string]string{
		"PublicEndpoint": "http://image.example", "DevelopmentKey": w.key, "Retention": "0s", "DataPlane": "off", "Cdn": "off",
	}
}

func (w *world) readRoles() {
	w.t.Helper()
	var err error
	w.roles, err = grants.Read(filepath.Join(w.root, "template.yaml"), template.Options{Parameters: w.parameters(), Names: w.names()})
	if err == nil {
		err = w.roles.ReadRole(filepath.Join(w.root, "dataplane.yaml"), "TaskRole", dataPlane, template.Options{
			Partial: true, Parameters: map[string]string{"TableName": w.place.Table, "BucketName": w.place.Bucket},
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) startProxy() {
	w.t.Helper()
	own, err := w.place.Config.Credentials.Retrieve(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.proxy = proxy.New(proxy.Config{
		DynamoDB: proxy.Upstream{Endpoint: endpoint("DYNAMODB"), Credentials: own},
		S3:       proxy.Upstream{Endpoint: endpoint("S3"), Credentials: own},
		Account:  template.Account,
	})
	for function := range w.roles.Of {
		w.proxy.Add(proxy.Function{Name: function, Credentials: credentials(function), Permissions: w.roles.Permissions(function)})
	}
	url, stop, err := w.proxy.Start()
	if err != nil {
		w.t.Fatal(err)
	}
	w.url = url
	w.t.Cleanup(stop)
}

func endpoint(service string) string {
	if url := os.Getenv("AWS_ENDPOINT_URL_" + service); url != "" {
		return url
	}
	return os.Getenv("AWS_ENDPOINT_URL")
}

// credentials are a function's own.
func credentials(function string) aws.Credentials {
	return aws.Credentials{AccessKeyID: "AKIA-" + function, SecretAccessKey: "secret of " + function}
}

func (w *world) environ(function string) []string {
	own := credentials(function)
	return []string{
		"AWS_ENDPOINT_URL=" + w.url, "AWS_REGION=" + template.Region, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=" + own.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + own.SecretAccessKey,
		"GANDER_LEASE=" + lease.String(),
	}
}

// logIn gets the token of a member.
func (w *world) logIn() {
	w.t.Helper()
	dir := w.t.TempDir()
	people := `
domains: [{name: Default, id: default}]
projects: [{name: demo, id: demo}]
roles: [{name: member, implies: [reader]}, {name: reader}]
users: [{name: mia, id: mia, password: secret, roles: [{role: member, project: demo}]}]
`
	if err := os.WriteFile(filepath.Join(dir, "identity.yaml"), []byte(people), 0o600); err != nil {
		w.t.Fatal(err)
	}
	identity, err := development.Open(dir, development.Options{Endpoint: "http://image.example"})
	if err != nil {
		w.t.Fatal(err)
	}
	defer identity.Close()
	login := `{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"mia","password":"secret"}}},"scope":{"project":{"id":"demo"}}}}`
	out := httptest.NewRecorder()
	identity.Handler().ServeHTTP(out, httptest.NewRequest(http.MethodPost, development.Mount+"/v3/auth/tokens", strings.NewReader(login)))
	if out.Code != http.StatusCreated {
		w.t.Fatalf("logging in: %d %s", out.Code, out.Body)
	}
	w.key, w.token = identity.PublicKey(), out.Header().Get("X-Subject-Token")
}

// start starts the functions and the data plane, in place of those that run.
func (w *world) start(change func(*gateway.Config)) {
	w.t.Helper()
	w.close()
	config := gateway.Config{
		Template: filepath.Join(w.root, "template.yaml"), Parameters: w.parameters(), Names: w.names(),
		Environ: w.environ, AWS: w.place.Config, Log: w.log, NoSchedule: true, DataPlane: w.startDataPlane(),
	}
	change(&config)
	var err error
	if w.gateway, err = gateway.Start(config); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) startDataPlane() (url string) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		w.t.Fatal(err)
	}
	command := exec.Command(filepath.Join(w.root, "build", "gander"), "serve", "-only", "data", "-listen", address,
		"-table", w.place.Table, "-bucket", w.place.Bucket, "-public-endpoint", "http://image.example", "-development-key", w.key, "-retention", "0s")
	command.Env = append([]string{"PATH=" + os.Getenv("PATH")}, w.environ(dataPlane)...)
	command.Stdout, command.Stderr = w.log, w.log
	if w.data, err = child.Start(command); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the data plane answers", func() bool {
		answer, err := w.client.Get("http://" + address + "/healthcheck")
		return err == nil && answer.Body.Close() == nil
	})
	return "http://" + address
}

func (w *world) close() {
	if w.gateway != nil {
		w.gateway.Close()
		w.gateway = nil
	}
	if w.data != nil {
		w.data.Kill()
		w.data = nil
	}
}

func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(60 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("it never happens that %s", what)
		}
	}
}

// An answer is a response that was read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes a request as the member, and wants a status.
func (w *world) call(want int, method, path string, body io.Reader, header ...string) answer {
	w.t.Helper()
	got, err := w.ask(method, w.gateway.URL()+path, body, header...)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	if got.status != want {
		w.t.Fatalf("%s %s is answered %d, not %d: %.500s", method, path, got.status, want, got.body)
	}
	return got
}

func (w *world) ask(method, url string, body io.Reader, header ...string) (answer, error) {
	r, err := http.NewRequestWithContext(w.t.Context(), method, url, body)
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("X-Auth-Token", w.token)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if method == http.MethodPut {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	response, err := w.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, text}, err
}

// direct reaches a function where the data plane would be in front of it.
func (w *world) direct(method, id string, body io.Reader) (answer, error) {
	return w.ask(method, w.gateway.StageURL()+"/v2/images/"+id+"/file", body)
}

// made creates an image that can be filled.
func (w *world) made() (id string) {
	w.t.Helper()
	got := w.call(201, http.MethodPost, "/v2/images", strings.NewReader(`{"disk_format":"raw","container_format":"bare"}`), "Content-Type", "application/json")
	var shown struct{ ID string }
	if err := json.Unmarshal(got.body, &shown); err != nil {
		w.t.Fatal(err)
	}
	return shown.ID
}

func (w *world) status(id string) string {
	w.t.Helper()
	var shown struct{ Status string }
	if err := json.Unmarshal(w.call(200, http.MethodGet, "/v2/images/"+id, nil).body, &shown); err != nil {
		w.t.Fatal(err)
	}
	return shown.Status
}

// large is more than two parts, the same bytes each time.
func large() []byte {
	data := make([]byte, 35<<20)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(data) // never fails
	return data
}

// stored reads all there is, without the proxy.
func (w *world) stored() *imagetest.World {
	w.t.Helper()
	tab := dynamo.Open(w.place.Config, w.place.Table)
	stored, err := imagetest.Read(context.Background(), imagetest.Through(tab, w.place.Keys), map[string]blob.Store{"s3": s3.Open(w.place.Config, w.place.Bucket)})
	if err != nil {
		w.t.Fatal(err)
	}
	return stored
}

// idle reports whether nothing that is stored waits for anybody.
func (w *world) idle() bool { return len(w.stored().Faults()) == 0 && w.due() == 0 }

// due counts what waits to be done, but for the ends of tasks.
func (w *world) due() int {
	n := 0
	for key := range w.stored().Items {
		if strings.HasPrefix(key.Partition, "due#") && !strings.HasPrefix(key.Partition, "due#task") {
			n++
		}
	}
	return n
}

// leasesOver reports whether every lease has ended by the clock.
func (w *world) leasesOver() bool {
	for key, item := range w.stored().Items {
		if !strings.HasPrefix(key.Sort, "lease#") {
			continue
		}
		var l struct{ Deadline time.Time }
		if err := json.Unmarshal(item.Body, &l); err != nil {
			w.t.Fatal(err)
		}
		if l.Deadline.After(time.Now()) {
			return false
		}
	}
	return true
}
