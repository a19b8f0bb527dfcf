package boot

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A changingPolicy is a file that a test changes under a running process.
type changingPolicy struct {
	t    *testing.T
	path string
}

func newChangingPolicy(t *testing.T, rules string) changingPolicy {
	f := changingPolicy{t, filepath.Join(t.TempDir(), "policy.yaml")}
	f.write(rules)
	return f
}

func (f changingPolicy) write(rules string) {
	f.t.Helper()
	if err := os.WriteFile(f.path, []byte(rules), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

const (
	inForce  = `"msg":"policy in force"`
	notTaken = "the changed policy is not taken"
)

// A policy that changes while the service runs is in force as a whole, or not at
// all; then the operator is told once, and the service goes on.
func TestPolicyChangesWhileItServes(t *testing.T) {
	file := newChangingPolicy(t, "get_images: 'role:keeper'\n")
	r := serve(t, "GANDER_POLICY_FILE="+file.path, "GANDER_POLICY_RELOAD=5ms")
	token, admin := r.token("gander"), r.token("gander-admin")
	r.call(token, "GET", "/v2/images", "", 403)

	file.write("get_image: '@'\n") // get_images is at its default again
	r.until(inForce, 2)
	r.call(token, "GET", "/v2/images", "", 200)

	file.write("get_images: '!'\nget_image: 'rule:nobody'\nmodify_image: 'rule:nobody'\n")
	r.until(notTaken, 1)
	r.call(token, "GET", "/v2/images", "", 200)
	health := r.call(admin, "GET", "/gander/v1/health", "", 200)
	alarm := r.line(notTaken)
	for _, want := range []string{"get_image", "modify_image"} {
		if !strings.Contains(health, want) || !strings.Contains(alarm, want) {
			t.Errorf("%s is not told: %s\n%s", want, health, alarm)
		}
	}
	if !strings.Contains(health, `"degraded":true`) || !strings.Contains(alarm, `"level":"ERROR"`) {
		t.Errorf("told %s\n%s", health, alarm)
	}
	if ok := r.call("", "GET", "/healthcheck", "", 200); ok != "OK" {
		t.Errorf("healthcheck says %s", ok)
	}

	file.write("get_images: '!'\n")
	r.until(inForce, 3)
	r.call(token, "GET", "/v2/images", "", 403)
	if health = r.call(admin, "GET", "/gander/v1/health", "", 200); !strings.Contains(health, `"degraded":false`) || !strings.Contains(health, `"files":["policy.yaml"]`) {
		t.Errorf("told %s", health)
	}
	if count := strings.Count(r.stderr.String(), notTaken); count != 1 {
		t.Errorf("the alarm was raised %d times", count)
	}

	if err := os.Remove(file.path); err != nil {
		t.Fatal(err)
	}
	r.until(notTaken, 2)
	r.call(token, "GET", "/v2/images", "", 403)
}

// The signal has the files looked at where no clock does.
func TestPolicyIsReadAgainOnHangup(t *testing.T) {
	file := newChangingPolicy(t, "get_images: '!'\n")
	r := serve(t, "GANDER_POLICY_FILE="+file.path, "GANDER_POLICY_RELOAD=0s")
	token := r.token("gander")
	r.call(token, "GET", "/v2/images", "", 403)
	file.write("get_images: '@'\n")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	r.until(inForce, 2)
	r.call(token, "GET", "/v2/images", "", 200)
}

// until waits until the text was logged so many times.
func (r *running) until(text string, times int) {
	r.t.Helper()
	for end := time.Now().Add(longWait); strings.Count(r.stderr.String(), text) < times; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("%s is not logged %d times: %s", text, times, r.stderr)
		}
	}
}

// line returns the first line of the log with the text.
func (r *running) line(text string) string {
	for line := range strings.Lines(r.stderr.String()) {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

// Rules that property protections name stay, whatever becomes of the file.
func TestPolicyKeepsWhatProtectionsAsk(t *testing.T) {
	file := newChangingPolicy(t, "keeper: 'role:keeper'\nget_images: '!'\n")
	protections := filepath.Join(t.TempDir(), "protections.conf")
	if err := os.WriteFile(protections, []byte("[.*]\ncreate = keeper\nread = keeper\nupdate = keeper\ndelete = keeper\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := serve(t, "GANDER_POLICY_FILE="+file.path, "GANDER_POLICY_RELOAD=5ms", "GANDER_PROPERTY_PROTECTION_FILE="+protections, "GANDER_PROPERTY_PROTECTION_FORMAT=policies")
	file.write("get_images: '@'\n")
	r.until(notTaken, 1)
	r.call(r.token("gander"), "GET", "/v2/images", "", 403)
	if alarm := r.line(notTaken); !strings.Contains(alarm, "keeper") {
		t.Errorf("told %s", alarm)
	}
}
