package boot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/account"
	"github.com/gander-images/gander/shared/boot/setting"
)

// command runs gander with these words, to its end.
func command(environ []string, args ...string) (code int, stdout, stderr string) {
	var out, errs strings.Builder
	p := &process{args: args, environ: environ, stdout: &out, stderr: &errs, patience: usualPatience, account: account.FromEnvironment}
	code = p.command()
	return code, out.String(), errs.String()
}

func TestCommands(t *testing.T) {
	for _, test := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{nil, 0, "Usage: gander COMMAND", ""},
		{[]string{"help"}, 0, "serve", ""},
		{[]string{"--help"}, 0, "serve", ""},
		{[]string{"version"}, 0, "gander " + Version(), ""},
		{[]string{"settings"}, 0, "`GANDER_LISTEN`", ""},
		{[]string{"help"}, 0, "policy-check", ""},
		{[]string{"policy-check", "-file", "/nowhere/p.yaml"}, 1, "/nowhere/p.yaml: it cannot be read", ""},
		{[]string{"dance"}, 2, "", `there is no command "dance"`},
		{[]string{"serve", "-help"}, 0, "-listen VALUE", ""},
		{[]string{"serve", "-lisen", "x"}, 2, "", "flag provided but not defined: -lisen"},
		{[]string{"serve", "now"}, 2, "", `"now" is no flag`},
		{[]string{"serve", "-only", "images"}, 2, "", `"images" cannot be served alone; data, consumers and identity can`},
		{[]string{"serve", "-only", "data", "-data", "/nowhere"}, 1, "", "GANDER_DEVELOPMENT_KEY: it is missing, and there is no /nowhere/identity.pub"},
		{[]string{"serve", "-only", "consumers", "-table", "images"}, 1, "", "GANDER_BUCKET: it is missing beside GANDER_TABLE"},
		{[]string{"serve", "-table", "images", "-bucket", "bytes"}, 1, "", "AWS_REGION: it is missing"},
		{[]string{"serve", "-lease", "soon", "-policy-file", "/nowhere/p.yaml"}, 1, "", "2 settings are wrong:"},
	} {
		code, stdout, stderr := command(nil, test.args...)
		if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) || (test.stderr == "") != (stderr == "") {
			t.Errorf("%q: exit %d, %q, %q", test.args, code, stdout, stderr)
		}
	}
}

// TestP14BadConfigurationStopsTheStart holds promise P14 at the door: nothing is
// made, nothing listens, and every fault is told.
func TestP14BadConfigurationStopsTheStart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	environ := []string{"GANDER_DATA=" + data, "GANDER_LISTEN=0.0.0.0:0", "GANDER_LEESE=1m", "GANDER_SHOW_IMAGE_DIRECT_URL=false"}
	code, stdout, stderr := command(environ, "serve")
	for _, want := range []string{"5 settings are wrong", "GANDER_PUBLIC_ENDPOINT: it is missing; 0.0.0.0:0 is everywhere", "GANDER_LISTEN: 0.0.0.0:0 is not a loopback address; set", "for loopback alone", "GANDER_LEESE: there is no such setting; GANDER_LEASE", "GANDER_SHOW_IMAGE_DIRECT_URL: Gander never shows"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if code != 1 || stdout != "" {
		t.Errorf("exit %d, %q, %s", code, stdout, stderr)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("the data folder was made")
	}
}

func TestServePrintsWhatToPaste(t *testing.T) {
	r := serve(t)
	want := "export OS_CLIENT_CONFIG_FILE=" + filepath.Join(r.data, "clouds.yaml") + "\nexport OS_CLOUD=gander\nopenstack image list\n"
	r.call("", "GET", "/healthcheck", "", 200)
	r.stop()
	if got := r.stdout.String(); got != want {
		t.Errorf("%q", got)
	}
}

func TestShellWord(t *testing.T) {
	for path, want := range map[string]string{
		"/home/me/.gander/clouds.yaml": "/home/me/.gander/clouds.yaml",
		"/home/m e/it's":               `'/home/m e/it'\''s'`,
		"/$HOME/`x`":                   "'/$HOME/`x`'",
	} {
		if got := shellWord(path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestIdentityAlone(t *testing.T) {
	data := t.TempDir()
	r := run(t, data, func(p *process) int {
		p.args = []string{"serve", "-only", "identity", "-listen", "127.0.0.1:0", "-public-endpoint", "http://127.0.0.1:4566/images"}
		return p.command()
	}, usualPatience)
	r.token("gander")
	r.call("", "GET", "/v2/images", "", 404)
	if _, err := os.Stat(filepath.Join(data, "table.db")); err == nil {
		t.Error("there is a table")
	}
}

func TestConfigurationPageIsCurrent(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != ConfigurationPage() {
		t.Error(`docs/configuration.md is not what the settings say; run "make docs"`)
	}
}

// TestEverySettingHasAReader: a setting that nothing reads would be a promise
// without effect.
func TestEverySettingHasAReader(t *testing.T) {
	for _, row := range setting.Table {
		if row.Refused == "" && row.Uses&(standaloneUses|setting.Always) == 0 {
			t.Errorf("%s: nothing reads it", row.Name)
		}
	}
}
