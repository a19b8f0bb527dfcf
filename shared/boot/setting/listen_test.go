package setting_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/setting"
)

// TestSecondListener: it is held to the rules of the first, and to a policy of its
// own; half of it stops the start.
func TestSecondListener(t *testing.T) {
	dir := t.TempDir()
	pem, rules := filepath.Join(dir, "any.pem"), filepath.Join(dir, "policy.yaml")
	for _, name := range []string{pem, rules} {
		if err := os.WriteFile(name, []byte(""), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const (
		listen, policy, endpoint = "GANDER_INTERNAL_LISTEN=", "GANDER_INTERNAL_POLICY_FILE=", "GANDER_INTERNAL_ENDPOINT=http://hosts.example.org"
		inside                   = listen + "127.0.0.1:9293"
	)
	cloud := []string{"GANDER_TABLE=images", "GANDER_BUCKET=bytes", goodKey, "GANDER_TLS_CERT=" + pem, "GANDER_TLS_KEY=" + pem}
	for _, test := range []struct {
		name    string
		environ []string
		faults  []string
	}{
		{"none", nil, nil},
		{"whole", []string{inside, policy + rules}, nil},
		{"named", []string{inside, policy + rules, endpoint}, nil},
		{"no policy", []string{inside}, []string{"GANDER_INTERNAL_POLICY_FILE: it is missing"}},
		{"no listener", []string{policy + rules}, []string{"GANDER_INTERNAL_POLICY_FILE: it is nothing without GANDER_INTERNAL_LISTEN"}},
		{"an endpoint alone", []string{endpoint}, []string{"GANDER_INTERNAL_ENDPOINT: it is nothing without GANDER_INTERNAL_LISTEN"}},
		{"no such policy", []string{inside, policy + "/nowhere/policy.yaml"}, []string{"GANDER_INTERNAL_POLICY_FILE: "}},
		{"no address", []string{listen + "9293", policy + rules}, []string{`GANDER_INTERNAL_LISTEN: "9293" is not an address`}},
		{"one address", []string{listen + "127.0.0.1:9292", policy + rules}, []string{"GANDER_INTERNAL_LISTEN: 127.0.0.1:9292 and 127.0.0.1:9292 of GANDER_LISTEN are one address"}},
		{"any port, twice", []string{"GANDER_LISTEN=127.0.0.1:0", listen + "127.0.0.1:0", policy + rules}, nil},
		{"another interface", []string{listen + "127.0.0.2:9292", policy + rules}, nil},
		{"without TLS", []string{listen + "192.0.2.7:9293", policy + rules}, []string{
			"GANDER_INTERNAL_LISTEN: 192.0.2.7:9293 is not a loopback address; set GANDER_TLS_CERT", "GANDER_INTERNAL_LISTEN: 192.0.2.7:9293 is not a loopback address, and GANDER_IDENTITY=development",
		}},
		{"with TLS", append(cloud, listen+"192.0.2.7:9293", policy+rules), nil},
		{"everywhere", append(cloud, listen+":9293", policy+rules), []string{"GANDER_INTERNAL_ENDPOINT: it is missing; :9293 is everywhere"}},
		{"everywhere, the first's port", append(cloud, listen+":9292", policy+rules, endpoint), []string{"GANDER_INTERNAL_LISTEN: :9292 and 127.0.0.1:9292 of GANDER_LISTEN are one address"}},
		{"everywhere, named", append(cloud, listen+":9293", policy+rules, endpoint), nil},
	} {
		_, err := read(everything, test.environ...)
		told := ""
		if err != nil {
			told = err.Error()
		}
		if n := strings.Count(told, "\n  GANDER_"); n != len(test.faults) {
			t.Errorf("%s: %d faults, %v", test.name, n, err)
		}
		for _, want := range test.faults {
			if !strings.Contains(told, "\n  "+want) {
				t.Errorf("%s: %v, want %s", test.name, err, want)
			}
		}
	}
	if v, err := read(everything, inside, policy+rules); err != nil || v.Internal.Listen != "127.0.0.1:9293" || v.Internal.Policy.Enforcer == nil || v.Internal.Policy.Enforcer == v.Policy.Enforcer {
		t.Errorf("%+v, %v", v.Internal, err)
	}
	if v, err := read(downs|setting.Listens, inside, policy+"/nowhere", goodKey); err != nil || v.Internal.Listen != "" {
		t.Errorf("one part of the service: %+v, %v", v.Internal, err)
	}
}
