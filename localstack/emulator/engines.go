package emulator

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

const (
	dynamoDB = "AWS_ENDPOINT_URL_DYNAMODB"
	streams  = "AWS_ENDPOINT_URL_DYNAMODB_STREAMS"
	s3       = "AWS_ENDPOINT_URL_S3"
	secrets  = "AWS_ENDPOINT_URL_SECRETS_MANAGER"
)

// An engine is a program that stands in for services.
type engine struct {
	variables []string // that name it to an SDK
	https     bool
	ready     string // path that answers 200 when it is; else an open port will do
	command   func(p place) (*exec.Cmd, error)
}

// A place is where one engine runs.
type place struct {
	build       string
	folder      string // the engine's own
	port        int
	certificate certificate
}

func (p place) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)) }

func (p place) url(https bool) string {
	if https {
		return "https://" + p.address()
	}
	return "http://" + p.address()
}

var engines = map[string]engine{
	"dynoxide":         {variables: []string{dynamoDB, streams}, command: dynoxide},
	"ministack":        {variables: []string{dynamoDB, streams}, command: ministack, ready: "/_ministack/health"},
	"versitygw":        {variables: []string{s3}, command: versitygw},
	"versitygw-https":  {variables: []string{s3}, command: versitygw, https: true},
	"moto":             {variables: []string{secrets}, command: moto, ready: "/moto-api/data.json"},
	"secrets":          {variables: []string{secrets}, command: small, ready: "/"},
	"localstack":       {variables: []string{s3, secrets}, command: localstack, ready: "/_localstack/health"},
	"localstack-https": {variables: []string{s3, secrets}, command: localstack, https: true, ready: "/_localstack/health"},
}

// dynoxide keeps its tables in memory.
func dynoxide(p place) (*exec.Cmd, error) {
	return plain(filepath.Join(p.build, "tools", "dynoxide"), "--host", "127.0.0.1", "--port", strconv.Itoa(p.port)), nil
}

// versitygw keeps objects in one folder and their older versions in another.
func versitygw(p place) (*exec.Cmd, error) {
	current, older := filepath.Join(p.folder, "current"), filepath.Join(p.folder, "older")
	for _, folder := range []string{current, older} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			return nil, err
		}
	}
	args := []string{"--port", p.address(), "--region", Region, "--quiet", "--keep-alive"}
	if p.certificate.chain != "" {
		args = append(args, "--cert", p.certificate.chain, "--key", p.certificate.key)
	}
	c := plain(filepath.Join(p.build, "tools", "versitygw"), append(args, "posix", "--versioning-dir", older, current)...)
	c.Env = append(c.Env, "ROOT_ACCESS_KEY="+AccessKey, "ROOT_SECRET_KEY="+SecretKey)
	return c, nil
}

// ministack listens on every interface unless told otherwise, and keeps what it
// has below a fixed folder unless that is moved.
func ministack(p place) (*exec.Cmd, error) {
	c := plain(filepath.Join(p.build, "ministack", "bin", "ministack"))
	c.Env = append(c.Env, "BIND_HOST=127.0.0.1", "GATEWAY_PORT="+strconv.Itoa(p.port), "STATE_DIR="+p.folder, "PERSIST_STATE=0", "TMPDIR="+p.folder)
	return c, nil
}

// localstack runs in host mode, for S3 and Secrets Manager alone. Its usual server listens on every
// interface, hypercorn where it is told to; signatures are checked only on
// request; and without the rest it asks for names and files on the network.
func localstack(p place) (*exec.Cmd, error) {
	c := plain(filepath.Join(p.build, "localstack", "bin", "python"), "-m", "localstack.runtime.main")
	c.Env = append(c.Env,
		"GATEWAY_LISTEN="+p.address(), "GATEWAY_SERVER=hypercorn", "OVERRIDE_IN_DOCKER=0", "FILESYSTEM_ROOT="+p.folder,
		"TMPDIR="+p.folder, "DISABLE_EVENTS=1", "SKIP_SSL_CERT_DOWNLOAD=1", "DNS_ADDRESS=0", "S3_SKIP_SIGNATURE_VALIDATION=0",
		"SERVICES=s3,secretsmanager", "EAGER_SERVICE_LOADING=1", "PYTHONUNBUFFERED=1",
	)
	if p.certificate.both != "" {
		c.Env = append(c.Env, "CUSTOM_SSL_CERT_PATH="+p.certificate.both, "USE_SSL=1")
	}
	return c, nil
}

// moto keeps secrets in memory.
func moto(p place) (*exec.Cmd, error) {
	return plain(filepath.Join(p.build, "moto", "bin", "moto_server"), "-H", "127.0.0.1", "-p", strconv.Itoa(p.port)), nil
}

// small is the small Secrets Manager of localstack/secrets.
func small(p place) (*exec.Cmd, error) {
	return plain(filepath.Join(p.build, "tools", "secrets"), p.address()), nil
}

// plain is a command that gets nothing of this process's environment but the
// path to programs and the home of its user.
func plain(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LANG=C.UTF-8"}
	return c
}
