package scenarios

import (
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ways are all by which callers get at the bytes of an image. What holds for one
// holds for all: a new one joins here, by a line of its own.
var ways = []way{
	{"whole", "GET /v2/images/ID/file", nil},
	{"a range", "GET /v2/images/ID/file", header("Range", "bytes=0-4")},
	{"its end", "GET /v2/images/ID/file", header("Range", "bytes=-4")},
	{"as old clients ask for a range", "GET /v2/images/ID/file", header("Content-Range", "bytes 0-4/*")},
	{"v1", "GET /v1/images/ID", nil},
}

type way struct {
	name, line string
	asks       option
}

// hidden is what only those may read who may download.
const hidden = "the hidden bytes"

// taken holds every way to one answer: "yes", or the status of a refusal, which
// tells nothing of the bytes, be it where they are.
func (w *world) taken(id, what, who, want string, options ...option) {
	w.t.Helper()
	for _, by := range ways {
		sent := append([]option{as(who), named(strings.Join([]string{who, what, by.name}, ", "))}, options...)
		if by.asks != nil {
			sent = append(sent, by.asks)
		}
		got := w.call(strings.ReplaceAll(by.line, "ID", id), sent...)
		given := got.status == http.StatusFound || len(got.body) > 0 && strings.Contains(hidden, string(got.body))
		switch {
		case want == "yes" && (got.status >= http.StatusBadRequest || !given):
			w.t.Errorf("%s: answered %d %q", got.line, got.status, got.body)
		case want != "yes" && strconv.Itoa(got.status) != want:
			w.t.Errorf("%s: answered %d, want %s", got.line, got.status, want)
		case want != "yes" && (given || got.header.Get("Location") != "" || got.header.Get("Content-Md5") != ""):
			w.t.Errorf("%s: answered %d, and tells %v %q", got.line, got.status, got.header, got.body)
		}
	}
}

// holdTable plays a table: images by its lines, people by its columns.
func (w *world) holdTable(table string, images map[string]string) {
	w.t.Helper()
	lines := strings.Split(strings.Trim(table, "\n"), "\n")
	people := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		what, wants := strings.TrimSpace(line[:24]), strings.Fields(line[24:])
		id, ok := images[what]
		if !ok || len(wants) != len(people) {
			w.t.Fatalf("line %q cannot be read", line)
		}
		for i, who := range people {
			w.taken(id, what, who, wants[i])
		}
	}
}

// holding makes an image with data that a project owns.
func (w *world) holding(owner, visibility, properties string) string {
	w.t.Helper()
	id := w.made(`{"owner":"`+owner+`","visibility":"`+visibility+`","disk_format":"raw","container_format":"bare"`+properties+`}`, as("admin"))
	w.call("PUT /v2/images/"+id+"/file", as("admin"), octets(hidden)).want(204)
	return id
}

const code = `,"x_billing_code_ntt":"ntt_3251"`

// coded are public images, by what their billing code is.
func (w *world) coded() map[string]string {
	images := map[string]string{"no code": w.holding("other", "public", "")}
	for what, value := range map[string]string{
		"the code": "ntt_3251", "another text": "free", "another letter case": "NTT_3251", "a blank behind it": "ntt_3251 ", "empty": "",
	} {
		images[what] = w.holding("other", "public", `,"x_billing_code_ntt":"`+value+`"`)
	}
	return images
}

// ruleOf2014 is the rule with which operators restricted downloads by a property
// first, its literal quoted as it has to be. It keeps the bytes from one role, so
// whoever has fewer roles may do more.
const ruleOf2014 = `
"get_image": "@"
"restricted": "not ('ntt_3251':%(x_billing_code_ntt)s and role:member)"
"download_image": "role:admin or rule:restricted"
`

const tableOf2014 = `
                        admin member second manager MemBer legacy Manager reader nobody
the code                yes   403    403    403     403    yes    yes     yes    yes
another text            yes   yes    yes    yes     yes    yes    yes     yes    yes
another letter case     yes   yes    yes    yes     yes    yes    yes     yes    yes
a blank behind it       yes   yes    yes    yes     yes    yes    yes     yes    yes
empty                   yes   yes    yes    yes     yes    yes    yes     yes    yes
no code                 yes   yes    yes    yes     yes    yes    yes     yes    yes
`

func TestRestrictedByTheRuleOf2014(t *testing.T) {
	w := ruled(t, ruleOf2014)
	w.holdTable(tableOf2014, w.coded())
}

// shipped is the policy that docs/restricted-download.md has operators write
// instead: the default rule, less what is restricted. Where a text is given, the
// line that the file offers in place of its rule and that has the text counts.
func shipped(t *testing.T, instead string) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/examples/restricted-download.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const rule = `"download_image": `
	lines := strings.Split(string(text), "\n")
	own := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, rule) })
	offered := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "#"+rule) && strings.Contains(l, instead) })
	if own < 0 || offered < 0 {
		t.Fatalf("the example offers no rule with %q", instead)
	}
	if instead != "" {
		lines[own] = lines[offered][1:]
	}
	return strings.Join(lines, "\n")
}

// Whoever may not see the image either is told that there is none.
const tableOfComposition = `
                        admin member manager MemBer Manager legacy reader nobody robot service other
the code                yes   403    403     403    404     404    403    404    404   403     403
another text            yes   yes    yes     yes    404     404    403    404    404   yes     yes
no code                 yes   yes    yes     yes    404     404    403    404    404   yes     yes
own, the code           yes   403    403     403    404     404    403    404    404   404     404
own, no code            yes   yes    yes     yes    404     404    403    404    404   404     404
shared, the code        yes   403    403     403    404     404    403    404    404   404     403
`

// owned are images of the member's project, one of them shared with another.
func (w *world) owned(images map[string]string) map[string]string {
	images["own, the code"] = w.holding("demo", "private", code)
	images["own, no code"] = w.holding("demo", "private", "")
	shared := w.holding("demo", "shared", code)
	w.call("POST /v2/images/"+shared+"/members", body(`{"member":"other"}`)).want(200)
	images["shared, the code"] = shared
	return images
}

func TestRestrictedByTheComposition(t *testing.T) {
	w := ruled(t, shipped(t, ""))
	w.holdTable(tableOfComposition, w.owned(w.coded()))
}

// A rule that is asked of the caller's service lets compute hosts have what users
// may not, at the same endpoint: who they are is told by a second token, and no
// other token than a service's own does.
func TestRestrictedUnlessAServiceAsks(t *testing.T) {
	w := ruled(t, shipped(t, "service_roles:service"))
	images := w.owned(w.coded())
	vouched := func(token string) option { return header("X-Service-Token", token) }
	for _, c := range []struct{ what, who, alone, vouched string }{
		{"the code", "member", "403", "yes"},
		{"the code", "other", "403", "yes"},
		{"the code", "reader", "403", "403"}, // a service lends its users no right that they lack
		{"the code", "nobody", "404", "404"},
		{"the code", "robot", "404", "404"}, // its own role is not a service token's
		{"the code", "service", "403", "yes"},
		{"own, the code", "member", "403", "yes"},
		{"own, the code", "other", "404", "404"},
		{"no code", "member", "yes", "yes"},
	} {
		id := images[c.what]
		w.taken(id, c.what, c.who, c.alone)
		w.taken(id, c.what+", by a service", c.who, c.vouched, vouched(tokenOf("robot")))
		for name, token := range map[string]string{
			"no token": "nonsense", "blanks": "  ", "a user's": tokenOf("member"), "without a role": tokenOf("nobody"), "an admin's": tokenOf("admin"),
		} {
			w.taken(id, c.what+", "+name, c.who, c.alone, vouched(token))
		}
	}
}

// A second token counts if it is a service's, whatever other roles a rule asks for.
func TestRestrictedByRolesOfServicesAlone(t *testing.T) {
	w := ruled(t, strings.Replace(shipped(t, "service_roles:service"), "service_roles:service", "service_roles:member", 1))
	id := w.coded()["the code"]
	w.taken(id, "by a member", "member", "403", header("X-Service-Token", tokenOf("other")))
	w.taken(id, "by a service", "member", "yes", header("X-Service-Token", tokenOf("service")))
}

// The other ways that the example offers: for the project that owns an image, and
// for services that come as themselves.
func TestRestrictedButForSome(t *testing.T) {
	for instead, wants := range map[string]map[string]map[string]string{
		"project_id:%(project_id)s": {
			"the code":         {"member": "403", "other": "yes", "guest": "403", "service": "403"},
			"own, the code":    {"member": "yes", "reader": "403", "other": "404", "admin": "yes"},
			"shared, the code": {"member": "yes", "other": "403"},
		},
		"role:service": {
			"the code":      {"member": "403", "service": "yes", "admin": "yes"},
			"own, the code": {"member": "403", "service": "404"},
		},
	} {
		w := ruled(t, shipped(t, instead))
		images := w.owned(w.coded())
		for what, people := range wants {
			for who, want := range people {
				w.taken(images[what], what, who, want)
			}
		}
	}
}
