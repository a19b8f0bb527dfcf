package protect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/policy"
)

const all = "create = @\nread = @\nupdate = @\ndelete = @\n"

func none(policy.Rule) bool { return false }

// TestP14EveryFaultIsToldAtOnce: a file with all that can be wrong is refused
// with one line for each, in its order, each with its place.
func TestP14EveryFaultIsToldAtOnce(t *testing.T) {
	const text = `create = admin
[^x_(?!billing)]
` + all + `
[twice]
create = @,!
read = admin
  member
update = admin # nobody else
delete = 100%
delete = admin
[twice]
` + all + `
[lacks] # something
create = %(nobody)s
raed = admin
update
[open
` + all
	want := []string{
		"f:1: there is no section header above",
		"f:2: section [^x_(?!billing)]: Go's expressions have no look-ahead, (?!…)",
		"f:9: section [twice]: create: @ and ! exclude each other",
		"f:10: section [twice]: read: the roles admin and member stand on several lines",
		`f:12: section [twice]: update: "admin # nobody else" would be the name of a role`,
		"f:13: section [twice]: delete: %",
		"f:14: section [twice]: the option delete is there already, in line 13",
		"f:15: section [twice]: the section is there already, in line 8",
		"f:21: section [lacks]: text follows the closing bracket",
		"f:21: section [lacks]: the option read is missing",
		"f:21: section [lacks]: the option update is missing",
		"f:21: section [lacks]: the option delete is missing",
		"f:22: section [lacks]: create: %(nobody)s names an option that is not there",
		`f:23: section [lacks]: there is no option "raed"`,
		`f:24: section [lacks]: "update" is neither a section header nor an option`,
		"f:25: the section header has no closing bracket",
	}
	_, _, err := parseRules("f", text, Roles, none)
	if err == nil {
		t.Fatal("the file is taken")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		if i >= len(want) || !strings.HasPrefix(line, want[i]) {
			t.Errorf("fault %d is %q", i, line)
		}
	}
	if len(lines) != len(want) {
		t.Errorf("%d faults are told, not %d", len(lines), len(want))
	}
}

// TestWarnings: what is in force, and may still not be meant, is told.
func TestWarnings(t *testing.T) {
	for text, want := range map[string]string{
		"[^x_]\n" + all:                         "f: no section is for every other property",
		"":                                      "f: no section is for every other property",
		"[.*]\n" + all:                          "",
		"[^x_]\n" + all + "[.]\n" + all:         "",
		"[.*]\n" + all + "[^x_]\n" + all:        "f:6: section [^x_]: no property comes to the section: [.*] in line 1 is for all",
		"[os_glance]\ncreate = !\n[.*]\n" + all: "f:1: section [os_glance]: the section is left out",
		"[.*]\ncreate =\nread = @\nupdate = @\ndelete = admin\n": "f:2: section [.*]: create is empty: nobody may",
	} {
		rules, warnings, err := parseRules("f", text, Roles, none)
		if err != nil || rules == nil {
			t.Errorf("%q: %v", text, err)
		}
		if want == "" && len(warnings) > 0 || want != "" && (len(warnings) != 1 || !strings.HasPrefix(warnings[0].String(), want)) {
			t.Errorf("%q: warnings are %v, want %q", text, warnings, want)
		}
	}
}

// TestUnreadableFiles: what cannot be read never turns into no protection.
func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"latin": "[\xe9]\n" + all, "mark": "\ufeff[.*]\n" + all, "large": strings.Repeat("#\n", maxFile/2+1)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"latin": "it is not in UTF-8", "mark": "byte order mark", "large": "it has more than", ".": "it is no plain file", "absent": "it cannot be read",
	} {
		file := filepath.Join(dir, name)
		rules, _, err := Load(file, Roles, none)
		if rules != nil || err == nil || !strings.HasPrefix(err.Error(), file+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}
