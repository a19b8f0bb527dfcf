package setting_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/policy"
)

// TestPolicyFaults: mistakes stop the start or are told, as the setting says; what
// nobody can load stops it in any case, and warnings never do.
func TestPolicyFaults(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"good.yaml":    "get_image: role:keeper\n",
		"mistake.yaml": "delete_image: !\n",
		"broken.yaml":  "add_image: true\n",
		"d/10":         "get_image: role:other\nhelper: role:x\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		files, faults string
		told          []string // parts of the faults, in order; none: it is well
		warnings      int
	}{
		{"good.yaml", "", nil, 0},
		{"good.yaml,d", "", nil, 1},
		{"good.yaml,d", "warn", nil, 1},
		{"mistake.yaml", "", []string{"GANDER_POLICY_FILE: " + dir}, 0},
		{"mistake.yaml", "refuse", []string{"GANDER_POLICY_FILE: "}, 0},
		{"mistake.yaml", "warn", nil, 1},
		{"mistake.yaml,broken.yaml", "warn", []string{"GANDER_POLICY_FILE: "}, 0},
		{"good.yaml,nowhere", "warn", []string{"GANDER_POLICY_FILE: " + dir + "/nowhere: it cannot be read"}, 0},
		{"mistake.yaml", "ignore", []string{`GANDER_POLICY_FAULTS: "ignore" is none of`, "GANDER_POLICY_FILE: "}, 0},
		{"good.yaml,,d", "", []string{"GANDER_POLICY_FILE: "}, 0},
	} {
		var paths []string
		for name := range strings.SplitSeq(test.files, ",") {
			if name != "" {
				name = filepath.Join(dir, name)
			}
			paths = append(paths, name)
		}
		environ := []string{goodKey, "GANDER_POLICY_FILE=" + strings.Join(paths, ",")}
		if test.faults != "" {
			environ = append(environ, "GANDER_POLICY_FAULTS="+test.faults)
		}
		v, err := read(informs, environ...)
		var told setting.Faults
		errors.As(err, &told)
		if len(told) != len(test.told) || !slices.EqualFunc(told, test.told, strings.HasPrefix) {
			t.Errorf("%s, %s: %v", test.files, test.faults, err)
		}
		if err != nil {
			continue
		}
		r := v.Policy
		if !slices.Equal(r.Files, paths) || r.Enforcer == nil || len(r.Warnings) != test.warnings || (r.Mode == policy.Warn) != (test.faults == "warn") || len(r.Document.Files()) != len(paths) {
			t.Errorf("%s, %s: %+v", test.files, test.faults, r)
		}
	}
}
