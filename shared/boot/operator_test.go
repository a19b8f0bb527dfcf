package boot

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/key"
)

// operate runs one of the operator's commands as the user of a cloud.
func (r *running) operate(cloud string, args ...string) (code int, stdout, stderr string) {
	r.t.Helper()
	code, stdout, stderr = command([]string{"OS_CLIENT_CONFIG_FILE=" + filepath.Join(r.data, "clouds.yaml"), "OS_CLOUD=" + cloud}, args...)
	if strings.Contains(stdout+stderr, "password") {
		r.t.Errorf("%q tells a password: %s%s", args, stdout, stderr)
	}
	return code, stdout, stderr
}

// TestOperatorsCommands has an operator look after the keys of a running service from
// the command line.
func TestOperatorsCommands(t *testing.T) {
	r := serve(t, "GANDER_RETENTION=0s", "GANDER_KEY_DELAY=0s", "GANDER_SWEEP_INTERVAL=1s")
	r.call("", "GET", "/healthcheck", "", 200)
	expect := func(code int, says string, args ...string) string {
		t.Helper()
		got, stdout, stderr := r.operate("gander-admin", args...)
		if got != code || !strings.Contains(stdout+stderr, says) || (code == 2) != (stderr != "") || (code == 2) == (stdout != "") {
			t.Fatalf("%q: exit %d, want %d and %q:\n%s%s", args, got, code, says, stdout, stderr)
		}
		return stdout
	}
	expect(0, "compared last", "audit")
	expect(0, "Deletions of keys are on", "deletions", "show")

	member := r.token("gander")
	var secret struct {
		Ref string `json:"secret_ref"`
	}
	_, made := r.asked(member, "POST /key-manager/v1/secrets", `{"payload":"the value","payload_content_type":"text/plain"}`, 201, "Content-Type: application/json")
	if err := json.Unmarshal([]byte(made), &secret); err != nil {
		t.Fatal(err)
	}
	id := secret.Ref[strings.LastIndex(secret.Ref, "/")+1:]
	var image struct{ ID string }
	body := `{"cinder_encryption_key_id":"` + id + `","cinder_encryption_key_deletion_policy":"on_image_deletion"}`
	if err := json.Unmarshal([]byte(r.call(member, "POST", "/v2/images", body, 201)), &image); err != nil {
		t.Fatal(err)
	}
	expect(0, id, "keys", "list", "-state", "live")
	r.call(member, "POST", "/v2/images", `{"os_encrypt_key_id":"kms://elsewhere/7"}`, 201)
	expect(0, "external", "keys", "show", "kms://elsewhere/7")
	expect(2, "404", "keys", "show", "audit")
	expect(0, "image "+image.ID, "keys", "show", id)
	expect(1, "are off", "deletions", "off", "-why", "a test")
	expect(1, "ALARM: keys are not deleted until an operator turns that on: a test", "audit")
	expect(1, "Why: a test", "deletions", "show")
	expect(0, "are on", "deletions", "on")
	expect(2, "409", "keys", "restore", id)
	r.call(member, "DELETE", "/v2/images/"+image.ID, "", 204)
	for deadline := time.Now().Add(longWait); !strings.Contains(expect(0, "KEY", "keys", "list", "-state", "scheduled"), id); {
		if time.Now().After(deadline) {
			t.Fatal("the key is not scheduled")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if told := expect(0, "key store is asked", "audit"); strings.Contains(told, "last: never") {
		t.Errorf("the sweeper has done no round: %s", told)
	}
	if shown := expect(0, "live", "keys", "restore", id); strings.Contains(shown, "the value") {
		t.Error("a value is shown")
	}
	expect(2, "404", "keys", "show", "no-such")
	expect(2, "400", "keys", "list", "-state", "burning")

	if code, _, stderr := r.operate("gander", "audit"); code != 2 || !strings.Contains(stderr, "403") || strings.Contains(stderr, "<br") {
		t.Errorf("a member: %d, %s", code, stderr)
	}
	if code, _, stderr := r.operate("nobody", "audit"); code != 2 || !strings.Contains(stderr, `no cloud "nobody"`) {
		t.Errorf("no such cloud: %d, %s", code, stderr)
	}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(r.token("gander-admin")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := command(nil, "audit", "-token", token, "-endpoint", "http://"+r.address+"/v2"); code != 0 {
		t.Errorf("by a token: %d, %s%s", code, stdout, stderr)
	}
	who := cloud(t, r.data, "gander-admin").Auth
	variables := []string{"OS_AUTH_URL=" + who.AuthURL, "OS_USERNAME=" + who.Username, "OS_PASSWORD=" + who.Password, "OS_PROJECT_NAME=" + who.Project}
	if code, stdout, stderr := command(variables, "audit"); code != 0 {
		t.Errorf("by variables: %d, %s%s", code, stdout, stderr)
	}
	variables[2] = "OS_PASSWORD=a wrong one"
	if code, _, stderr := command(variables, "audit"); code != 2 || !strings.Contains(stderr, "401") || strings.Contains(stderr, "a wrong one") {
		t.Errorf("by a wrong password: %d, %s", code, stderr)
	}
	r.stop()
	expect(2, "refused", "audit")
}

func TestOperatorsMistakes(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"audit", "-help"}, 0, "Exit codes"},
		{[]string{"keys", "-help"}, 0, "gander keys restore ID"},
		{[]string{"audit"}, 2, "nobody to ask for a token"},
		{[]string{"audit", "now"}, 2, "is no command"},
		{[]string{"keys"}, 2, "is no command"},
		{[]string{"keys", "burn", "x"}, 2, "is no command"},
		{[]string{"keys", "show"}, 2, "is no command"},
		{[]string{"keys", "show", "a", "b"}, 2, "is no command"},
		{[]string{"deletions", "maybe"}, 2, "is no command"},
		{[]string{"audit", "-state", "live"}, 2, "flag provided but not defined"},
		{[]string{"audit", "-token", "/nowhere"}, 2, "/nowhere"},
	} {
		code, stdout, stderr := command(nil, test.args...)
		if code != test.code || !strings.Contains(stdout+stderr, test.says) {
			t.Errorf("%q: exit %d, %s%s", test.args, code, stdout, stderr)
		}
	}
}

// TestMetricLines holds a line to what CloudWatch takes for a metric, whatever the log
// level is.
func TestMetricLines(t *testing.T) {
	var lines bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&lines, &slog.HandlerOptions{Level: slog.LevelError}))
	emit := emitter(log, "images", func() time.Time { return time.UnixMilli(1_800_000_000_123) })
	emit(key.Measure{Name: key.MeasureDecisions, Of: "scheduled", Value: 1})
	var line map[string]any
	if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	metrics, err := json.Marshal(line["_aws"])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"CloudWatchMetrics":[{"Dimensions":[["Table","Decision"]],"Metrics":[{"Name":"KeyDecisions","Unit":"Count"}],"Namespace":"Gander"}],"Timestamp":1800000000123}`
	if string(metrics) != want || line["Table"] != "images" || line["Decision"] != "scheduled" || line["KeyDecisions"] != 1.0 {
		t.Errorf("the line is %s", lines.String())
	}
	lines.Reset()
	emit(key.Measure{Name: key.MeasureOff, Value: 0})
	if !strings.Contains(lines.String(), `"Dimensions":[["Table"]]`) || !strings.Contains(lines.String(), `"KeyDeletionsOff":0`) {
		t.Errorf("the line is %s", lines.String())
	}
}
