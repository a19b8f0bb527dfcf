//go:build clients && !cloud

package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// These tests run against a real Keystone. They need $GANDER_KEYSTONE, a Python
// virtual environment with Keystone and gunicorn in it; what is absent fails
// them.

// A realKeystone is Keystone itself over a new SQLite file, behind a proxy that
// counts. Its address stays the same when it is stopped and started again.
type realKeystone struct {
	t *testing.T
	*keystoneProcess
}

type keystoneProcess struct {
	dir    string
	url    string // without /v3
	server *exec.Cmd
	at     atomic.Pointer[string] // host and port of the server; nil: it is stopped

	validations, catalogs, logins atomic.Int64
}

const keystoneConfig = `[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///%[1]s/keystone.db
[identity]
password_hash_rounds = 4
[token]
provider = fernet
expiration = %[2]d
[fernet_tokens]
key_repository = %[1]s/fernet
[credential]
key_repository = %[1]s/credential
`

const gunicornConfig = `wsgi_app = "keystone.wsgi.api:application"
bind = "fd://3"
workers = 1
timeout = 60
control_socket_disable = True
`

const (
	adminPassword  = "secret"
	ganderPassword = "gander's"
)

// startKeystone makes a Keystone with its first administrator, in the project
// admin.
func startKeystone(t *testing.T) *realKeystone {
	t.Helper()
	k := &realKeystone{t, &keystoneProcess{dir: t.TempDir()}}
	proxy := httptest.NewServer(k.proxy())
	t.Cleanup(proxy.Close)
	k.url = proxy.URL
	k.configure(time.Hour)
	me, err := osuser.Current()
	if err != nil {
		t.Fatal(err)
	}
	group, err := osuser.LookupGroupId(me.Gid)
	if err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{
		{"db_sync"},
		{"fernet_setup", "--keystone-user", me.Username, "--keystone-group", group.Name},
		{
			"bootstrap", "--bootstrap-username=admin", "--bootstrap-password=" + adminPassword, "--bootstrap-project-name=admin",
			"--bootstrap-region-id=here", "--bootstrap-public-url=" + k.url + "/v3",
		},
	} {
		cmd := k.command("keystone-manage", append([]string{"--config-file", k.path("keystone.conf")}, arguments...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("keystone-manage %s: %v\n%s", arguments[0], err, tail(string(out), 4<<10))
		}
	}
	k.start()
	t.Cleanup(k.stop)
	return k
}

// in is the same Keystone for a part of the test.
func (k *realKeystone) in(t *testing.T) *realKeystone { return &realKeystone{t, k.keystoneProcess} }

func (k *realKeystone) path(name string) string { return filepath.Join(k.dir, name) }

// configure writes the configuration; a start reads it.
func (k *realKeystone) configure(life time.Duration) {
	k.t.Helper()
	for name, text := range map[string]string{
		"keystone.conf":    fmt.Sprintf(keystoneConfig, k.dir, int(life.Seconds())),
		"gunicorn.conf.py": gunicornConfig,
	} {
		if err := os.WriteFile(k.path(name), []byte(text), 0o600); err != nil {
			k.t.Fatal(err)
		}
	}
}

func (k *realKeystone) command(name string, arguments ...string) *exec.Cmd {
	k.t.Helper()
	home := os.Getenv("GANDER_KEYSTONE")
	if home == "" {
		k.t.Fatal("GANDER_KEYSTONE names no virtual environment with Keystone")
	}
	cmd := exec.Command(filepath.Join(home, "bin", name), arguments...)
	cmd.Dir = k.dir
	cmd.Env = []string{
		"PATH=" + home + "/bin:/usr/local/bin:/usr/bin:/bin", "HOME=" + k.dir, "LC_ALL=C.UTF-8", "TZ=UTC",
		"OS_KEYSTONE_CONFIG_DIR=" + k.dir,
	}
	return cmd
}

// start serves, and waits until there are answers.
func (k *realKeystone) start() {
	k.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		k.t.Fatal(err)
	}
	defer listener.Close() // the server has its own
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		k.t.Fatal(err)
	}
	defer socket.Close()
	log, err := os.OpenFile(k.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		k.t.Fatal(err)
	}
	defer log.Close()
	k.server = k.command("gunicorn")
	k.server.Stdout, k.server.Stderr, k.server.ExtraFiles = log, log, []*os.File{socket}
	if err := k.server.Start(); err != nil {
		k.t.Fatal(err)
	}
	address := listener.Addr().String()
	deadline := time.Now().Add(patience)
	for {
		client := http.Client{Timeout: 20 * time.Second}
		answer, err := client.Get("http://" + address + "/v3")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("Keystone does not start:\n%s", k.logged())
		}
		time.Sleep(100 * time.Millisecond)
	}
	k.at.Store(&address)
}

// stop ends it with its worker; its address then breaks every connection.
func (k *realKeystone) stop() {
	k.at.Store(nil)
	if k.server == nil {
		return
	}
	_ = k.server.Process.Signal(os.Interrupt)
	ended := make(chan struct{})
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait()
		close(ended)
	}(k.server)
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		_ = k.server.Process.Kill()
		<-ended
	}
	k.server = nil
	if k.t.Failed() {
		k.t.Logf("Keystone wrote:\n%s", k.logged())
	}
}

func (k *realKeystone) logged() string {
	text, _ := os.ReadFile(k.path("log"))
	return tail(string(text), 4<<10)
}

// proxy counts what passes, and breaks connections while Keystone is stopped.
func (k *realKeystone) proxy() http.Handler {
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme = "http"
			if at := k.at.Load(); at != nil {
				r.Out.URL.Host = *at
			}
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if k.at.Load() == nil {
			panic(http.ErrAbortHandler)
		}
		if strings.TrimRight(r.URL.Path, "/") == "/v3/auth/tokens" && r.Header.Get("User-Agent") == "gander" {
			switch {
			case r.Method == http.MethodPost:
				k.logins.Add(1)
			case r.URL.Query().Has("nocatalog"):
				k.validations.Add(1)
			default:
				k.catalogs.Add(1)
			}
		}
		forward.ServeHTTP(w, r)
	})
}

// A cost is what was asked of Keystone.
type cost struct{ validations, catalogs, logins int64 }

// costs is what Gander asks of Keystone while something happens.
func (k *realKeystone) costs(happens func()) cost {
	before := cost{k.validations.Load(), k.catalogs.Load(), k.logins.Load()}
	happens()
	return cost{
		k.validations.Load() - before.validations, k.catalogs.Load() - before.catalogs, k.logins.Load() - before.logins,
	}
}

// gander starts the service before this Keystone. It asks as its own user, or has each token ask about itself.
func (k *realKeystone) gander(admin *keystoneAdmin, own bool, settings ...string) *service {
	k.t.Helper()
	settings = append(settings, "GANDER_IDENTITY=keystone", "GANDER_KEYSTONE_URL="+k.url)
	if own {
		file := k.path("password")
		if err := os.WriteFile(file, []byte(ganderPassword+"\n"), 0o600); err != nil {
			k.t.Fatal(err)
		}
		admin.user("gander", ganderPassword, "service", "service")
		settings = append(settings, "GANDER_KEYSTONE_USERNAME=gander", "GANDER_KEYSTONE_PASSWORD_FILE="+file)
	}
	return startBuilt(k.t, settings...)
}
