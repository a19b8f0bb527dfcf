package development

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

type cloudsYAML struct {
	Clouds map[string]struct {
		Auth   map[string]string `yaml:"auth"`
		Region string            `yaml:"region_name"`
		CACert string            `yaml:"cacert"`
	} `yaml:"clouds"`
}

func (w *world) clouds(t interface{ Fatal(...any) }) cloudsYAML {
	text, err := w.cloudsText()
	if err != nil {
		t.Fatal(err)
	}
	var read cloudsYAML
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// TestClouds holds the names that everyone relies on, and that each logs in.
func TestClouds(t *testing.T) {
	w := newWorld(t)
	read := w.clouds(t)
	for name, want := range map[string]string{
		"gander": "demo member reader", "gander-reader": "demo reader", "gander-manager": "demo manager member reader",
		"gander-admin": "admin admin manager member reader", "gander-other": "other member reader",
		"gander-service": "service service",
	} {
		login := read.Clouds[name].Auth
		r := w.ask(asking{call: "POST /v3/auth/tokens", body: byPassword(login["username"], login["password"],
			fmt.Sprintf(`{"project":{"name":%q,"domain":{"name":%q}}}`, login["project_name"], login["project_domain_name"]))})
		if got := fmt.Sprint(r.at("token.project.name"), " ", r.names("token.roles")); got != want {
			t.Errorf("%s: %s, not %s", name, got, want)
		}
		if login["auth_url"] != endpoint+"/identity/v3" || read.Clouds[name].Region != "RegionOne" {
			t.Errorf("%s: %v", name, read.Clouds[name])
		}
		if openrc := w.read(openrcPrefix + name); !strings.Contains(openrc, "'"+login["password"]+"'") {
			t.Errorf("%s has another password", openrcPrefix+name)
		}
	}
	if len(read.Clouds) != 6 {
		t.Errorf("%d clouds", len(read.Clouds))
	}
}

// TestCloudsFollow holds that the files are written anew when something
// changed, and left alone when not.
func TestCloudsFollow(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(w.dir, cloudsFile)
	old := time.Unix(1_700_000_000, 0)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	w.restart()
	if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(old) {
		t.Errorf("written without need: %v", err)
	}
	w.edit("password: "+w.password("demo"), `password: "it's \"new\""`)
	if w.clouds(t).Clouds["gander"].Auth["password"] != `it's "new"` || !strings.Contains(w.read(cloudsFile), `it's \"new\"`) {
		t.Errorf("clouds.yaml does not follow:\n%s", w.read(cloudsFile))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(w.dir, Options{Endpoint: "https://elsewhere.test/", CACert: "/etc/my ca.pem"})
	if err != nil {
		t.Fatal(err)
	}
	w.Identity = opened
	cloud := w.clouds(t).Clouds["gander"]
	if cloud.Auth["auth_url"] != "https://elsewhere.test/identity/v3" || cloud.CACert != "/etc/my ca.pem" {
		t.Errorf("%v", cloud)
	}
	if openrc := w.read("openrc-gander"); !strings.Contains(openrc, "export OS_CACERT='/etc/my ca.pem'\n") {
		t.Errorf("%s", openrc)
	}
}

// TestScopesOfClouds are not projects alone.
func TestScopesOfClouds(t *testing.T) {
	w := newWorld(t)
	w.edit("clouds:", "clouds:\n  - {name: sys, user: admin, system: all}\n  - {name: dom, user: admin, domain: Default}\n#")
	read := w.clouds(t)
	if read.Clouds["sys"].Auth["system_scope"] != "all" || read.Clouds["dom"].Auth["domain_name"] != "Default" {
		t.Errorf("%v", read)
	}
}

// TestAnyPassword reads back what clouds.yaml and a shell make of any text
// that identity.yaml takes as a password.
func TestAnyPassword(t *testing.T) {
	w := newWorld(t)
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	demo := w.directory.userByName(w.directory.domainByName("Default"), "demo")
	check := func(t interface {
		Fatal(...any)
		Errorf(string, ...any)
	}, password string,
	) {
		demo.password = password
		if got := w.clouds(t).Clouds["gander"].Auth["password"]; got != password {
			t.Errorf("clouds.yaml makes %q of %q", got, password)
		}
		script := string(w.openrcText(w.directory.clouds[0])) + `printf %s "$OS_PASSWORD"`
		if got, err := exec.Command(shell, "-c", script).Output(); err != nil || string(got) != password {
			t.Errorf("the shell makes %q of %q: %v", got, password, err)
		}
	}
	for _, password := range []string{
		"'", "''", `\`, `"`, "$HOME", "`id`", "$(id)", "#", "a #b", ": ", "- x", "yes", "null", "~", "1:30", "0x1F", "1_000",
		"%TAG", "{{x}}", "*a", "&a", "!a", "é\u2028\ufeff\u0085", " leading and trailing ", "a!b", "\\'\\n",
	} {
		check(t, password)
	}
	rapid.Check(t, func(r *rapid.T) {
		check(r, rapid.StringOf(rapid.Rune().Filter(func(c rune) bool { return c >= ' ' && c != 0x7f })).Draw(r, "password"))
	})
}
