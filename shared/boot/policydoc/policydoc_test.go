package policydoc

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/policy"
)

func TestPolicyPageIsCurrent(t *testing.T) {
	kept, err := os.ReadFile("../../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	page, err := Page()
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != page {
		t.Error(`docs/policy.md is not what the registered rules say; run "make docs"`)
	}
}

// commented is a rule of the sample, behind its #.
var commented = regexp.MustCompile(`(?m)^#(".*)$`)

// The sample as it stands changes nothing; with every rule uncommented it is
// taken without a word, says every rule, and decides as the defaults.
func TestSampleSaysTheDefaults(t *testing.T) {
	defaults, err := policy.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, rules := compiled(t, Sample()); len(rules) != 0 {
		t.Errorf("the sample sets %d rules", len(rules))
	}
	whole, rules := compiled(t, commented.ReplaceAllString(Sample(), "$1"))
	if len(rules) != len(policy.Defaults()) {
		t.Errorf("the sample has %d rules of %d", len(rules), len(policy.Defaults()))
	}
	for _, g := range policy.Groups() {
		for _, d := range g.Defaults {
			for _, c := range tried() {
				for _, s := range situations(g.Title) {
					got, err := whole.Decide(d.Rule, c, s.target)
					want, failed := defaults.Decide(d.Rule, c, s.target)
					if got != want || err != nil || failed != nil {
						t.Errorf("%s on %s, for %v of %v: the sample says %v (%v), the defaults %v (%v)", d.Rule, s.title, c.Roles, c.ProjectID, got, err, want, failed)
					}
				}
			}
		}
	}
}

// compiled takes a policy file in which nothing may be found.
func compiled(t *testing.T, text string) (*policy.Enforcer, map[string]any) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	doc, _ := policy.Read(path)
	e, findings := policy.Compile(doc, policy.Refuse)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	return e, doc.Rules()
}

// tried are the people of the page, and some of other scopes.
func tried() []caller.Caller {
	all := []caller.Caller{{}}
	for _, p := range people() {
		c := p.caller()
		system, domain := c, c
		system.SystemScope, domain.DomainID = "all", "d"
		all = append(all, c, system, domain)
	}
	return all
}

// What the page shows as a policy file is one, and means what its comment says.
func TestPolicyOfThePageIsTaken(t *testing.T) {
	_, after, ok := strings.Cut(prose, "```yaml\n")
	text, _, closed := strings.Cut(after, "```\n")
	if !ok || !closed {
		t.Fatal("the page shows no policy file")
	}
	e, _ := compiled(t, text)
	for roles, want := range map[string]bool{"manager": true, "member": false} {
		c := caller.Caller{ProjectID: ownProject, Roles: []string{roles}}
		if ok, err := e.Decide(policy.RestoreImage, c, policy.Attributes{"project_id": ownProject}); ok != want || err != nil {
			t.Errorf("%s: %v, %v", roles, ok, err)
		}
	}
}

// What the columns say is checked where it can be told beforehand.
func TestWhomTheTablesLetIn(t *testing.T) {
	page, err := Page()
	if err != nil {
		t.Fatal(err)
	}
	for rule, want := range map[string]string{
		"get_image":          "reader | reader | reader | admin",
		"download_image":     "member | member | member | admin",
		"delete_image":       "member | admin | admin | admin",
		"modify_member":      "admin | member | admin | admin",
		"add_image_location": "*not served yet* | member, service | admin, service | admin, service | admin, service",
		"get_task":           "*never asked* | everybody",
		"service_api":        "other rules | admin, service",
		"restore_image":      "`image-deleted-list`, `image-restore` | admin | admin | admin",
		"secret:decrypt":     "`image-snapshot`, `secret-payload-show` | member | everybody | admin",
	} {
		row := rowOf(page, rule)
		if !strings.HasSuffix(row, " | "+want+" |") {
			t.Errorf("the row of %s is %q, want it to end with %q", rule, row, want)
		}
	}
}

func rowOf(page, rule string) string {
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "| `"+rule+"`<br>") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// The page has a row for every registered rule, and names every operation that
// asks one.
func TestPageNamesEveryRuleAndWhoAsksIt(t *testing.T) {
	page, err := Page()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range policy.Defaults() {
		if rowOf(page, string(d.Rule)) == "" {
			t.Errorf("the page has no row for %s", d.Rule)
		}
	}
	for _, op := range httpapi.All {
		for _, rule := range op.Rules {
			if !strings.Contains(rowOf(page, string(rule)), "`"+op.Name+"`") {
				t.Errorf("%s asks %s, and its row does not say so", op.Name, rule)
			}
		}
	}
}

func TestWordsForWhoIsLetIn(t *testing.T) {
	for allowed, want := range map[string]string{
		"++++++": "everybody", "......": "–", "+++...": "only reader member manager", ".+++..": "member",
		"...++.": "admin, service", ".....+": "no role", "+.++..": "only reader manager admin", "++++.+": "reader, no role",
	} {
		var row []bool
		for _, c := range allowed {
			row = append(row, c == '+')
		}
		if got := inWords(people(), row); got != want {
			t.Errorf("%s reads %q, want %q", allowed, got, want)
		}
	}
}
