package setting_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/setting"
)

// goodKey has the form of a public key.
var goodKey = "GANDER_DEVELOPMENT_KEY=ed25519:" + strings.Repeat("A", 43)

// The uses of some functions.
const (
	shows    = setting.Answers | setting.Metadata | setting.Tokens | setting.Decides
	downs    = shows | setting.Bytes | setting.Gives
	consumes = setting.Metadata | setting.Bytes | setting.Writes | setting.Later
	informs  = setting.Answers | setting.Tokens | setting.Decides
)

// TestMixes: which mix is meant is never a guess. Faults are told by the names
// of the settings that have to change.
func TestMixes(t *testing.T) {
	const table, bucket, data = "GANDER_TABLE=images", "GANDER_BUCKET=images.example", "GANDER_DATA=/data"
	for _, test := range []struct {
		name    string
		uses    setting.Use
		environ []string
		faults  []string // none: it is well
	}{
		{"local", downs, []string{data, goodKey}, nil},
		{"cloud", downs, []string{table, bucket, goodKey}, nil},
		{"a function without bytes", shows, []string{table, goodKey}, nil},
		{"a function without bytes, given both", shows, []string{table, bucket, goodKey}, nil},
		{"a function without bytes, given the bucket", shows, []string{bucket, goodKey}, []string{"GANDER_TABLE: it is missing beside GANDER_BUCKET"}},
		{"table alone", downs, []string{table, goodKey}, []string{"GANDER_BUCKET: it is missing beside GANDER_TABLE"}},
		{"bucket alone", downs, []string{bucket, goodKey}, []string{"GANDER_TABLE: it is missing beside GANDER_BUCKET"}},
		{"both mixes", downs, []string{table, bucket, data, goodKey}, []string{"GANDER_DATA: it is the local mix"}},
		{"table and folder", shows, []string{table, data, goodKey}, []string{"GANDER_DATA: it is the local mix"}},
		{"nothing is kept", informs, []string{table, data, goodKey}, nil},
		{"nobody is asked who they are", consumes, []string{table, bucket}, nil},
		{"no key", downs, []string{table, bucket}, []string{"GANDER_DEVELOPMENT_KEY: it is missing; the cloud mix"}},
		{"no key, in one process", everything, []string{table, bucket}, []string{"GANDER_DEVELOPMENT_KEY: it is missing; the cloud mix"}},
		{"bucket alone, no key", shows, []string{bucket}, []string{"GANDER_TABLE: it is missing beside GANDER_BUCKET", "GANDER_DEVELOPMENT_KEY: it is missing; the cloud mix"}},
		{"no names", downs, []string{"GANDER_TABLE=a/b", "GANDER_BUCKET=Images", goodKey}, []string{"GANDER_TABLE: this is not the name of a table", "GANDER_BUCKET: this is not the name of a bucket"}},
		{"the cloud's store", downs, []string{table, bucket, goodKey, "GANDER_STORES=s3"}, nil},
		{"another store, cloud", downs, []string{table, bucket, goodKey, "GANDER_STORES=local"}, []string{"GANDER_STORES: the cloud mix has one store, s3"}},
		{"another store, local", downs, []string{data, goodKey, "GANDER_STORES=s3"}, []string{"GANDER_STORES: the local mix has one store, local"}},
		{"a store by hearsay", informs, []string{goodKey, "GANDER_STORES=s3"}, nil},
		{"an unknown store by hearsay", informs, []string{goodKey, "GANDER_STORES=fast"}, []string{"GANDER_STORES: there is one store, local or s3"}},
		{"redirects, cloud", downs, []string{table, bucket, goodKey, "GANDER_DOWNLOADS=redirect"}, nil},
		{"redirects, local", downs, []string{data, goodKey, "GANDER_DOWNLOADS=redirect"}, []string{"GANDER_DOWNLOADS: only a bucket"}},
		{"redirects of another function", shows, []string{data, goodKey, "GANDER_DOWNLOADS=redirect"}, nil},
		{"no such way", downs, []string{data, goodKey, "GANDER_DOWNLOADS=302"}, []string{`GANDER_DOWNLOADS: "302" is none of auto, redirect, direct`}},
	} {
		_, err := read(test.uses, test.environ...)
		var told setting.Faults
		errors.As(err, &told)
		if len(told) != len(test.faults) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		for i, want := range test.faults {
			if !strings.HasPrefix(told[i], want) {
				t.Errorf("%s: %q, want %q", test.name, told[i], want)
			}
		}
	}
}

func TestMixesAreRead(t *testing.T) {
	v, err := read(downs, "GANDER_TABLE=images", "GANDER_BUCKET=bytes", goodKey)
	if err != nil || !v.Cloud() || v.Table != "images" || v.Bucket != "bytes" || v.Data != "" || v.Downloads != "auto" || strings.Join(v.Stores, " ") != "s3" {
		t.Errorf("%+v, %v", v, err)
	}
	v, err = read(downs, goodKey)
	if err != nil || v.Cloud() || v.Data != ".gander" || strings.Join(v.Stores, " ") != "local" {
		t.Errorf("%+v, %v", v, err)
	}
	if v, err = read(informs, "GANDER_TABLE=images", "GANDER_BUCKET=bytes", goodKey); err != nil || v.Cloud() || v.Data != "" {
		t.Errorf("a function that keeps nothing: %+v, %v", v, err)
	}
}

// TestTheCloudsOwnFaultsAreInTheMessage: what only the cloud's own settings tell
// is told with all the rest, and only where the cloud is meant.
func TestTheCloudsOwnFaultsAreInTheMessage(t *testing.T) {
	source := setting.Source{
		Uses:    downs,
		Environ: []string{"GANDER_TABLE=images", "GANDER_LOG_LEVEL=loud", goodKey},
		Cloud:   func() []string { return []string{"AWS_REGION: it is missing"} },
	}
	_, err := setting.Read(source)
	if faults := setting.Faults(nil); !errors.As(err, &faults) || len(faults) != 3 || !strings.Contains(err.Error(), "\n  AWS_REGION: it is missing") {
		t.Error(err)
	}
	source.Environ = []string{"GANDER_DATA=/data", goodKey}
	if _, err := setting.Read(source); err != nil {
		t.Error(err)
	}
}

// TestCloudListening: who knows no passwords and keeps no folder may be reached
// from other machines, as a Lambda is.
func TestCloudListening(t *testing.T) {
	const table, bucket, front = "GANDER_TABLE=images", "GANDER_BUCKET=bytes", "GANDER_TLS_ENDS_IN_FRONT=true"
	for _, test := range []struct {
		name    string
		uses    setting.Use
		environ []string
		fault   string
	}{
		{"data plane", downs, []string{table, bucket, goodKey, front}, ""},
		{"all in one", everything, []string{table, bucket, goodKey, front}, ""},
		{"a function that keeps nothing", informs, []string{goodKey, front}, ""},
		{"without TLS", downs, []string{table, bucket, goodKey}, "is not a loopback address; set GANDER_TLS_CERT"},
		{"local, with a key", downs, []string{goodKey, front}, "is for loopback alone"},
		{"the identity itself", setting.Issues | setting.Answers | setting.Tokens | setting.Standalone, []string{goodKey, front}, "is for loopback alone"},
	} {
		_, err := read(test.uses|setting.Listens, append(test.environ, "GANDER_LISTEN=0.0.0.0:80", "GANDER_PUBLIC_ENDPOINT=https://images.example.org")...)
		if test.fault == "" && err != nil || test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestPolicyFile: its rules are read with the settings, and its faults are told
// with theirs.
func TestPolicyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	for text, want := range map[string]string{
		"":                                "",
		"delete_image: 'role:keeper'\n":   "",
		"delete_image: !\n":               "GANDER_POLICY_FILE: " + file,
		"delete_image: 'rule:nobody'\n":   `GANDER_POLICY_FILE: ` + file + `:1: rule "delete_image": "rule:nobody": there is no rule nobody`,
		"a: [no]\nget_image: no\nb: !x y": "rule \"get_image\"",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := read(informs, goodKey, "GANDER_POLICY_FILE="+file)
		if want == "" && (err != nil || v.Policy.Enforcer == nil) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "one setting is wrong:") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if v, err := read(setting.Answers, "GANDER_POLICY_FILE=/nowhere"); err != nil || v.Policy.Enforcer != nil {
		t.Errorf("a function that decides nothing: %v", err)
	}
}
