package policy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/policy/policycheck"
)

// The command agrees with everything that oslo.policy was recorded to answer, but
// for what deviates with a reason.
func TestRecordedCasesByTheCommand(t *testing.T) {
	raw, err := os.ReadFile("testdata/oslo_policy_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var recording struct {
		Creds, Target json.RawMessage
		Cases         []map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &recording); err != nil {
		t.Fatal(err)
	}
	for _, c := range recording.Cases {
		for name, usual := range map[string]json.RawMessage{"creds": recording.Creds, "target": recording.Target} {
			if c[name] == nil || bytes.Equal(c[name], []byte("null")) {
				c[name] = usual
			}
		}
	}
	cases, err := json.Marshal(recording.Cases)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "cases.json")
	if err := os.WriteFile(file, cases, 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	if code := policycheck.Run([]string{"-cases", file}, &out, &errs); code != 1 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	all := len(recording.Cases)
	if want := fmt.Sprintf("\n%d cases, %d agree\n", all, all-len(policy.Deviations)); !strings.HasSuffix(out.String(), want) {
		t.Errorf("the last line is not %q", want)
	}
	for name := range policy.Deviations {
		if !strings.Contains(out.String(), "\n"+name+": rule ") {
			t.Errorf("%s is not told", name)
		}
	}
}
