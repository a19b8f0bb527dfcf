package setting_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/boot/setting"
)

const everything = setting.Always | setting.Answers | setting.Listens | setting.Standalone | setting.Metadata |
	setting.Bytes | setting.Tokens | setting.Decides | setting.Writes | setting.Later | setting.Gives | setting.Ticks

func read(uses setting.Use, environ ...string) (setting.Values, error) {
	return setting.Read(setting.Source{Environ: environ, Uses: uses})
}

func TestDefaults(t *testing.T) {
	v, err := read(everything, "PATH=/bin", "HOME=/")
	if err != nil {
		t.Fatal(err)
	}
	if v.Listen != "127.0.0.1:9292" || v.Data != ".gander" || v.Identity != "development" {
		t.Errorf("where and who: %+v", v)
	}
	if v.Retention != 24*time.Hour || v.Lease != 10*time.Minute || v.ImageSizeCap != 1<<40 || v.PropertyQuota != 128 || v.LocationQuota != 10 {
		t.Errorf("times and sizes: %+v", v)
	}
	if got := strings.Join(v.NotInherited, " "); got != "cache_in_nova bittorrent" {
		t.Errorf("snapshots do not inherit %s", got)
	}
}

func TestFlagsWin(t *testing.T) {
	v, err := setting.Read(setting.Source{
		Environ: []string{"GANDER_LEASE=1m", "GANDER_LOG_LEVEL=warn"}, Flags: map[string]string{"GANDER_LEASE": "2m"}, Uses: everything,
	})
	if err != nil || v.Lease != 2*time.Minute || v.LogLevel != slog.LevelWarn {
		t.Errorf("lease %s, level %s, %v", v.Lease, v.LogLevel, err)
	}
}

// TestP14OneMessageNamesEveryFault holds promise P14: bad configuration stops
// the start with one message that names every fault.
func TestP14OneMessageNamesEveryFault(t *testing.T) {
	_, err := read(everything,
		"GANDER_LEASE=10 minutes", "GANDER_IMAGE_SIZE_CAP=plenty", "GANDER_IMAGE_TAG_QUOTA=-2", "GANDER_LISTEN=9292",
		"GANDER_RETENTON=48h", "GANDER_COLOUR=red", "GANDER_STORES=local,fast", "GANDER_IDENTITY=keystone", "GANDER_TLS_ENDS_IN_FRONT=yes",
		"GANDER_TLS_CERT=/nowhere/cert.pem", "GANDER_POLICY_FILE=/nowhere/policy.yaml", "GANDER_SHOW_MULTIPLE_LOCATIONS=true",
		"GANDER_TABLE=i", "GANDER_LOG_LEVEL=", "GANDER_PUBLIC_ENDPOINT=images.example.org",
		"GANDER_DEVELOPMENT_KEY=secret")
	if err == nil {
		t.Fatal("the start was not stopped")
	}
	for _, want := range []string{
		`GANDER_LEASE: "10 minutes" is not a duration`, `GANDER_IMAGE_SIZE_CAP: "plenty" is not a size`, `GANDER_IMAGE_TAG_QUOTA: "-2"`,
		`GANDER_LISTEN: "9292" is not an address`, "GANDER_RETENTON: there is no such setting; GANDER_RETENTION is meant, perhaps",
		"GANDER_COLOUR: there is no such setting", "GANDER_STORES: the cloud mix has one store, s3", "GANDER_KEYSTONE_URL: it is missing beside GANDER_IDENTITY=keystone",
		`GANDER_TLS_ENDS_IN_FRONT: "yes" is neither`, "GANDER_TLS_KEY: it is missing", "GANDER_TLS_CERT: /nowhere/cert.pem: no such file",
		"GANDER_POLICY_FILE: /nowhere/policy.yaml: it cannot be read", "GANDER_SHOW_MULTIPLE_LOCATIONS: Gander never shows",
		"GANDER_TABLE: this is not the name of a table", "GANDER_BUCKET: it is missing beside GANDER_TABLE", "GANDER_LOG_LEVEL: it is set, but empty", "GANDER_PUBLIC_ENDPOINT: ",
		"GANDER_DEVELOPMENT_KEY: a development key is", "GANDER_DEVELOPMENT_KEY: it is for GANDER_IDENTITY=development, and that is keystone",
	} {
		if !strings.Contains(err.Error(), "\n  "+want) {
			t.Errorf("missing: %s", want)
		}
	}
	if n := strings.Count(err.Error(), "\n"); n != 19 || !strings.HasPrefix(err.Error(), "19 settings are wrong:") {
		t.Errorf("%d faults in:\n%v", n, err)
	}
}

// TestRefusals holds every setting that this version does not have: setting it
// is never without effect.
func TestRefusals(t *testing.T) {
	for _, row := range setting.Table {
		if row.Refused == "" {
			continue
		}
		for _, uses := range []setting.Use{everything, setting.Always} {
			if _, err := read(uses, row.Name+"=false"); err == nil || !strings.Contains(err.Error(), row.Name+": "+row.Refused) {
				t.Errorf("%s: %v", row.Name, err)
			}
		}
	}
}

// TestOnlyWhatIsUsed shows that a function neither needs nor minds the settings
// of others.
func TestOnlyWhatIsUsed(t *testing.T) {
	v, err := read(setting.Answers, "GANDER_LEASE=nonsense", "GANDER_DATA=/data", "GANDER_LISTEN=nonsense")
	if err != nil || v.Data != "" || v.Lease != 0 {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := read(setting.Writes, "GANDER_LEASE=nonsense"); err == nil {
		t.Error("a setting in use was not read")
	}
}

// TestFunctionsNeedAKey: without one, a function could let nobody in.
func TestFunctionsNeedAKey(t *testing.T) {
	dir := t.TempDir()
	_, err := read(setting.Tokens, "GANDER_DATA="+dir)
	if err == nil || !strings.Contains(err.Error(), "GANDER_DEVELOPMENT_KEY: it is missing, and there is no "+dir) {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "identity.pub"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(setting.Tokens, "GANDER_DATA="+dir); err != nil {
		t.Error(err)
	}
}

func TestLambdaNeedsAPublicEndpoint(t *testing.T) {
	_, err := setting.Read(setting.Source{Uses: setting.Answers, Lambda: true})
	if err == nil || !strings.Contains(err.Error(), "GANDER_PUBLIC_ENDPOINT: it is missing") {
		t.Error(err)
	}
	if _, err := setting.Read(setting.Source{Uses: setting.Later, Lambda: true}); err != nil {
		t.Errorf("a consumer: %v", err)
	}
	v, err := setting.Read(setting.Source{Uses: setting.Answers, Lambda: true, Environ: []string{"GANDER_PUBLIC_ENDPOINT=https://a.example/image/"}})
	if err != nil || v.PublicEndpoint != "https://a.example/image" {
		t.Errorf("%q, %v", v.PublicEndpoint, err)
	}
}

// TestListening is design's rule: another address than loopback needs TLS, here
// or in front, and a real identity source.
func TestListening(t *testing.T) {
	pem := filepath.Join(t.TempDir(), "any.pem")
	if err := os.WriteFile(pem, []byte("-"), 0o600); err != nil {
		t.Fatal(err)
	}
	cert := []string{"GANDER_TLS_CERT=" + pem, "GANDER_TLS_KEY=" + pem}
	const named = "GANDER_PUBLIC_ENDPOINT=https://images.example.org"
	public := setting.Listens | setting.Answers // an operation that asks nobody who they are
	for _, test := range []struct {
		name    string
		uses    setting.Use
		environ []string
		want    string
	}{
		{"loopback", everything, []string{"GANDER_LISTEN=127.0.0.1:80"}, ""},
		{"loopback by name", everything, []string{"GANDER_LISTEN=localhost:80"}, ""},
		{"loopback, version 6", everything, []string{"GANDER_LISTEN=[::1]:80"}, ""},
		{"loopback with TLS", everything, append(cert, "GANDER_LISTEN=127.0.0.1:443"), ""},
		{"all interfaces", public, []string{"GANDER_LISTEN=0.0.0.0:80"}, "is not a loopback address; set GANDER_TLS_CERT"},
		{"no host", public, []string{"GANDER_LISTEN=:80"}, "is not a loopback address; set GANDER_TLS_CERT"},
		{"a name", public, []string{"GANDER_LISTEN=images.example.org:80"}, "is not a loopback address; set GANDER_TLS_CERT"},
		{"TLS in front", public, []string{"GANDER_LISTEN=:80", "GANDER_TLS_ENDS_IN_FRONT=true", named}, ""},
		{"TLS here", public, append(cert, "GANDER_LISTEN=:443", named), ""},
		{"everywhere, and nowhere in particular", public, append(cert, "GANDER_LISTEN=[::]:443"), "GANDER_PUBLIC_ENDPOINT: it is missing; [::]:443 is everywhere"},
		{"one interface has a name", public, append(cert, "GANDER_LISTEN=192.0.2.7:443"), ""},
		{"everywhere, with nothing to name", setting.Listens | setting.Later, append(cert, "GANDER_LISTEN=:443"), ""},
		{"TLS in both places", public, append(cert, "GANDER_TLS_ENDS_IN_FRONT=true"), "not in both places"},
		{"half a certificate", public, cert[1:], "GANDER_TLS_CERT: it is missing"},
		{"TLS, but anybody's passwords", everything, append(cert, "GANDER_LISTEN=:443"), "GANDER_IDENTITY=development is for loopback alone"},
		{"a real source of identity", everything, append(cert, "GANDER_LISTEN=:443", named, "GANDER_IDENTITY=keystone", "GANDER_KEYSTONE_URL=https://k"), ""},
	} {
		_, err := read(test.uses, test.environ...)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "1099511627776": 1 << 40, "1TiB": 1 << 40, "512 MiB": 512 << 20, "500GB": 500e9, "7B": 7, "8191PiB": 8191 << 50,
		"": 0, "0": 0, "-1": 0, "1.5GiB": 0, "TiB": 0, "1tib": 0, "9000PiB": 0, "0x10": 0, "99999999999999999999": 0,
	} {
		got, err := setting.ParseSize(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
}

// TestSecretsStayOut shows that a password in a wrong place is not repeated.
func TestSecretsStayOut(t *testing.T) {
	for _, value := range []string{"https://admin:hunter2@example.org", "ftp://admin:hunter2@example.org", "https://example.org/?token=hunter2", "://hunter2@"} {
		_, err := read(setting.Answers, "GANDER_PUBLIC_ENDPOINT="+value)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}
