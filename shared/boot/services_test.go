package boot

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
)

// TestPolicyFileIsInForce: the operator's rules decide, in functions and on the
// data plane, and what they do not name keeps its default.
func TestPolicyFileIsInForce(t *testing.T) {
	d := deploy(t)
	path := d.image()
	d.alone(httpapi.ImageDataUpload, func(r *running) {
		if answer, err := d.begin(r, path)(); err != nil || answer.StatusCode != http.StatusNoContent {
			t.Fatalf("%v, %v", answer, err)
		}
	})
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte("download_image: \"role:admin\"\ndelete_image: \"!\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	own := "GANDER_POLICY_FILE=" + file
	member, admin := d.tokens["gander"], d.tokens["gander-admin"]
	r := d.only("data", own)
	r.call(member, "GET", path+"/file", "", 403)
	if data := r.call(admin, "GET", path+"/file", "", 200); data != "1234567890" {
		t.Errorf("%q", data)
	}
	r.stop()
	d.alone(httpapi.ImageDelete, func(r *running) { r.call(admin, "DELETE", path, "", 403) }, own)
	d.alone(httpapi.ImageShow, func(r *running) { r.call(member, "GET", path, "", 200) }, own)
}

// TestP14ABrokenPolicyNeverAllows: a start with rules that cannot be read or do
// not fit together comes to nothing.
func TestP14ABrokenPolicyNeverAllows(t *testing.T) {
	d := deploy(t)
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte("get_image: \"rule:nobody_wrote_it\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range functions() {
		if f.uses&setting.Decides == 0 {
			continue
		}
		run := d.start(f.name, "GANDER_POLICY_FILE="+file)
		if o := invokeFunction(t, run, nil); !o.Init || !strings.Contains(o.Message(), `rule "get_image": "rule:nobody_wrote_it": there is no rule nobody_wrote_it`) {
			t.Errorf("%s: %+v", f.name, o)
		}
	}
}

// TestPolicyWarningsAreLogged: what a policy may not mean is a line each, with all
// that is known of it, and keeps nobody from starting.
func TestPolicyWarningsAreLogged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte("get_image: !\nhelper: role:x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"GANDER_POLICY_FILE=" + file, "GANDER_POLICY_FAULTS=warn"}
	v, err := setting.Read(setting.Source{Environ: environ, Uses: setting.Decides})
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	s := services{log: slog.New(slog.NewJSONHandler(&logged, nil))}
	s.rule(&httpapi.Services{Log: s.log}, v.Policy)
	for _, want := range []string{
		`"level":"WARN","msg":"the policy may not mean what it seems to","file":"` + file + `","line":1,"rule":"get_image"`,
		`"correction":"\"get_image\": \"!\""}`,
		`"line":2,"rule":"helper"`,
	} {
		if !strings.Contains(logged.String(), want) {
			t.Errorf("%s is not in the log:\n%s", want, logged.String())
		}
	}
	if n := strings.Count(logged.String(), `"WARN"`); n != 2 {
		t.Errorf("%d warnings", n)
	}
}

// TestUploadsAreBounded: a process with a listener takes as many uploads at once as
// the setting says; a Lambda, which reads no such setting, has one request at a time.
func TestUploadsAreBounded(t *testing.T) {
	for uses, want := range map[setting.Use]int{setting.Listens: 3, setting.Answers: 0} {
		v, err := setting.Read(setting.Source{Environ: []string{"GANDER_UPLOADS=3"}, Uses: uses})
		if err != nil {
			t.Fatal(err)
		}
		s, err := build(v, order{}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if got := cap(s.api.UploadPlaces); got != want {
			t.Errorf("uses %s: %d places, want %d", uses, got, want)
		}
	}
}
