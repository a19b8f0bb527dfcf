package docs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
)

// A decision is one entry of an example's table, in the form that "gander
// policy-check -cases" takes.
type decision struct {
	Name   string
	Rule   policy.Rule
	Creds  map[string]any
	Target policy.Attributes
	Expect any
}

// caller is who the credentials are of.
func (d decision) caller() caller.Caller {
	text := func(key string) string {
		s, _ := d.Creds[key].(string)
		return s
	}
	texts := func(key string) (all []string) {
		list, _ := d.Creds[key].([]any)
		for _, s := range list {
			all = append(all, s.(string))
		}
		return all
	}
	return caller.Caller{
		UserID: text("user_id"), ProjectID: text("project_id"), Roles: texts("roles"), IsAdminProject: true,
		Service: caller.Service{UserID: text("service_user_id"), ProjectID: text("service_project_id"), Roles: texts("service_roles")},
	}
}

// answer is true, false or "error".
func (d decision) answer(e *policy.Enforcer) any {
	ok, err := e.Decide(d.Rule, d.caller(), d.Target)
	if err != nil {
		return "error"
	}
	return ok
}

func decisions(t *testing.T, path string) []decision {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []decision
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return all
}

// enforcer compiles a policy file in which nothing at all may be found.
func enforcer(t *testing.T, path string) *policy.Enforcer {
	t.Helper()
	doc, _ := policy.Read(path)
	e, findings := policy.Compile(doc, policy.Refuse)
	if len(findings) > 0 {
		t.Fatalf("%s: %v", path, findings)
	}
	return e
}

// examples are the policy files that we ship.
func examples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("examples/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("the examples are %v: %v", files, err)
	}
	return files
}

// Each example is taken without a word, decides as its table says, and is there
// for a reason: without it some of the table would be decided otherwise.
func TestExamplesDecideAsTheirTablesSay(t *testing.T) {
	defaults, err := policy.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range examples(t) {
		e := enforcer(t, file)
		answers, changed := map[any]int{}, 0
		for _, d := range decisions(t, strings.TrimSuffix(file, ".yaml")+".cases.json") {
			if got := d.answer(e); got != d.Expect {
				t.Errorf("%s: %s: %s for %v on %v is %v, want %v", file, d.Name, d.Rule, d.Creds, d.Target, got, d.Expect)
			}
			answers[d.Expect]++
			if d.answer(defaults) != d.Expect {
				changed++
			}
		}
		if answers[true] < 4 || answers[false] < 4 || changed == 0 {
			t.Errorf("%s: its table allows %d times, denies %d times, and differs from the defaults %d times", file, answers[true], answers[false], changed)
		}
	}
}

// A decision by a rule of the examples costs no allocation, as one by a default
// rule.
func TestExamplesAllocateNothing(t *testing.T) {
	owner := "demo"
	mia := caller.Caller{UserID: "mia", ProjectID: "demo", Roles: []string{"member", "reader"}, IsAdminProject: true}
	img := &image.Image{
		Owner: &owner, Visibility: image.Private, CreatorUserID: "moe",
		Properties: map[string]string{"os_distro": "debian"},
	}
	for _, file := range examples(t) {
		doc, _ := policy.Read(file)
		e := enforcer(t, file)
		target := image.Target(img, mia)
		for rule := range doc.Rules() {
			if n := testing.AllocsPerRun(100, func() { _, _ = e.Decide(policy.Rule(rule), mia, target) }); n != 0 {
				t.Errorf("%s: %s: %v allocations, want none", file, rule, n)
			}
		}
	}
}

// variant is a rule of an example that stands behind a # in place of another.
var variant = regexp.MustCompile(`(?m)^#("[a-z_]+"): .+$`)

// variants are the policies that an example offers beside its own.
func variants(t *testing.T, file string) []*policy.Enforcer {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []*policy.Enforcer
	for _, m := range variant.FindAllStringSubmatch(string(text), -1) {
		own := regexp.MustCompile(`(?m)^` + m[1] + `: .+$`)
		if n := len(own.FindAllString(string(text), -1)); n != 1 {
			t.Fatalf("%s: a variant of %s stands beside %d rules", file, m[1], n)
		}
		path := filepath.Join(t.TempDir(), "policy.yaml")
		if err := os.WriteFile(path, []byte(own.ReplaceAllLiteralString(string(text), m[0][1:])), 0o600); err != nil {
			t.Fatal(err)
		}
		all = append(all, enforcer(t, path))
	}
	return all
}

// Who downloads an image with the code by the variants of the restricted
// download, in their order; the last column is the file as it stands.
var variantDecisions = []struct {
	who     string
	creds   map[string]any
	owner   string
	allowed [4]bool // owner's project, vouching service, service itself, none of them
}{
	{"admin", person("ada", "admin", "admin"), "demo", [4]bool{true, true, true, true}},
	{"member of the owner", person("mia", "demo", "member", "reader"), "demo", [4]bool{true, false, false, false}},
	{"member of another", person("otto", "other", "member", "reader"), "demo", [4]bool{}},
	{"reader of the owner", person("rob", "demo", "reader"), "demo", [4]bool{}},
	{"service", person("nova", "service", "service"), "demo", [4]bool{false, false, true, false}},
	{"member, vouched for", vouched(person("otto", "other", "member", "reader")), "demo", [4]bool{false, true, false, false}},
	{"reader, vouched for", vouched(person("rob", "demo", "reader")), "demo", [4]bool{}},
	{"nobody, of no owner's image", map[string]any{"roles": []any{"member"}}, "", [4]bool{}},
}

func person(user, project string, roles ...any) map[string]any {
	return map[string]any{"user_id": user, "project_id": project, "roles": roles}
}

func vouched(creds map[string]any) map[string]any {
	creds["service_user_id"], creds["service_roles"] = "nova", []any{"service"}
	return creds
}

func TestVariantsOfTheRestrictedDownload(t *testing.T) {
	const file = "examples/restricted-download.yaml"
	policies := append(variants(t, file), enforcer(t, file))
	if len(policies) != 4 {
		t.Fatalf("the example has %d variants", len(policies)-1)
	}
	for _, c := range variantDecisions {
		target := policy.Attributes{"project_id": c.owner, "visibility": "public", "member_id": nil, "x_billing_code_ntt": "ntt_3251"}
		if c.owner == "" {
			target["project_id"] = nil
		}
		for i, e := range policies {
			d := decision{Rule: policy.DownloadImage, Creds: c.creds, Target: target}
			if got := d.answer(e); got != c.allowed[i] {
				t.Errorf("variant %d: %s: got %v, want %v", i, c.who, got, c.allowed[i])
			}
		}
	}
}
