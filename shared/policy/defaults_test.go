package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/caller"
)

// The callers of the table, by what their tokens hold. Roles are those that
// Keystone puts into a token; of admin, only that one.
func callers() map[string]caller.Caller {
	with := func(project string, roles ...string) caller.Caller {
		return caller.Caller{UserID: "u", ProjectID: project, Roles: roles, IsAdminProject: true}
	}
	system := with("", "admin", "manager", "member", "reader")
	system.SystemScope = "all"
	domain := with("", "admin", "manager", "member", "reader")
	domain.DomainID = "d1"
	vouched := with("own", "reader")
	vouched.Service = caller.Service{UserID: "nova", Roles: []string{"service", "admin", "member"}}
	return map[string]caller.Caller{
		"admin":    with("else", "admin"),
		"manager":  with("own", "manager", "member", "reader"),
		"member":   with("own", "Member", "READER"),
		"only mem": with("own", "member"),
		"reader":   with("own", "reader"),
		"manage 1": with("own", "manager"),
		"service":  with("own", "service"),
		"no roles": with("own"),
		"foreign":  with("else", "member", "reader"),
		"system":   system,
		"domain":   domain,
		"unscoped": with("", "member", "reader"),
		"vouched":  vouched,
		"nobody":   {},
	}
}

// The images of the table, as targets for a caller. Those of a project belong to
// "own"; an orphan has no owner.
func targetOf(image string, c caller.Caller) Attributes {
	t := Attributes{"visibility": image, "project_id": "own", "owner": "own", "member_id": nil}
	switch image {
	case "orphan":
		t["visibility"], t["project_id"], t["owner"] = "private", nil, nil
	case "granted": // private, and yet with a member: only the rule is asked here
		t["visibility"] = "private"
		t["member_id"] = c.ProjectID
	}
	return t
}

// Who may do what by the defaults. Columns are images: + is allowed, . denied.
// Images that "own" has: private, shared, community, public; then a private one
// whose member_id is the caller's project; then one without an owner.
const decisions = `
                     private shared community public granted orphan
add_image   admin    +       +      +         +      +       +
add_image   manager  +       +      +         +      +       .
add_image   member   +       +      +         +      +       .
add_image   only mem +       +      +         +      +       .
add_image   reader   .       .      .         .      .       .
add_image   manage 1 .       .      .         .      .       .
add_image   service  .       .      .         .      .       .
add_image   no roles .       .      .         .      .       .
add_image   foreign  .       .      .         .      .       .
add_image   system   .       .      .         .      .       .
add_image   domain   .       .      .         .      .       .
add_image   unscoped .       .      .         .      .       .
add_image   vouched  .       .      .         .      .       .
add_image   nobody   .       .      .         .      .       .

get_image   admin    +       +      +         +      +       +
get_image   manager  +       +      +         +      +       .
get_image   member   +       +      +         +      +       .
get_image   only mem .       .      .         .      .       .
get_image   reader   +       +      +         +      +       .
get_image   manage 1 .       .      .         .      .       .
get_image   service  .       .      .         .      .       .
get_image   no roles .       .      .         .      .       .
get_image   foreign  .       +      +         +      +       .
get_image   system   .       .      .         .      .       .
get_image   domain   .       .      .         .      .       .
get_image   unscoped .       +      +         +      .       .
get_image   vouched  +       +      +         +      +       .
get_image   nobody   .       .      .         .      .       .

get_images  admin    +       +      +         +      +       +
get_images  manager  +       +      +         +      +       .
get_images  member   +       +      +         +      +       .
get_images  only mem .       .      .         .      .       .
get_images  reader   +       +      +         +      +       .
get_images  manage 1 .       .      .         .      .       .
get_images  service  .       .      .         .      .       .
get_images  no roles .       .      .         .      .       .
get_images  foreign  .       .      .         .      .       .
get_images  system   .       .      .         .      .       .
get_images  domain   .       .      .         .      .       .
get_images  unscoped .       .      .         .      .       .
get_images  vouched  +       +      +         +      +       .
get_images  nobody   .       .      .         .      .       .

delete      admin    +       +      +         +      +       +
delete      manager  +       +      +         +      +       .
delete      member   +       +      +         +      +       .
delete      only mem +       +      +         +      +       .
delete      reader   .       .      .         .      .       .
delete      manage 1 .       .      .         .      .       .
delete      service  .       .      .         .      .       .
delete      no roles .       .      .         .      .       .
delete      foreign  .       .      .         .      .       .
delete      system   .       .      .         .      .       .
delete      domain   .       .      .         .      .       .
delete      unscoped .       .      .         .      .       .
delete      vouched  .       .      .         .      .       .
delete      nobody   .       .      .         .      .       .

download    admin    +       +      +         +      +       +
download    manager  +       +      +         +      +       .
download    member   +       +      +         +      +       .
download    only mem +       +      +         +      +       .
download    reader   .       .      .         .      .       .
download    manage 1 .       .      .         .      .       .
download    service  .       .      .         .      .       .
download    no roles .       .      .         .      .       .
download    foreign  .       +      +         +      +       .
download    system   .       .      .         .      .       .
download    domain   .       .      .         .      .       .
download    unscoped .       +      +         +      .       .
download    vouched  .       .      .         .      .       .
download    nobody   .       .      .         .      .       .

publicize   admin    +       +      +         +      +       +
publicize   manager  .       .      .         .      .       .
publicize   member   .       .      .         .      .       .
publicize   only mem .       .      .         .      .       .
publicize   reader   .       .      .         .      .       .
publicize   manage 1 .       .      .         .      .       .
publicize   service  .       .      .         .      .       .
publicize   no roles .       .      .         .      .       .
publicize   foreign  .       .      .         .      .       .
publicize   system   .       .      .         .      .       .
publicize   domain   .       .      .         .      .       .
publicize   unscoped .       .      .         .      .       .
publicize   vouched  .       .      .         .      .       .
publicize   nobody   .       .      .         .      .       .

stores      admin    +       +      +         +      +       +
stores      manager  .       .      .         .      .       .
stores      member   .       .      .         .      .       .
stores      only mem .       .      .         .      .       .
stores      reader   .       .      .         .      .       .
stores      manage 1 .       .      .         .      .       .
stores      service  +       +      +         +      +       +
stores      no roles .       .      .         .      .       .
stores      foreign  .       .      .         .      .       .
stores      system   .       .      .         .      .       .
stores      domain   .       .      .         .      .       .
stores      unscoped .       .      .         .      .       .
stores      vouched  .       .      .         .      .       .
stores      nobody   .       .      .         .      .       .
`

// rulesOf are the rules that a word of the table stands for.
var rulesOf = map[string][]Rule{
	"add_image":  {AddImage},
	"get_image":  {GetImage},
	"get_images": {GetImages},
	"delete":     {DeleteImage, UploadImage, CommunitizeImage},
	"download":   {DownloadImage},
	"publicize":  {PublicizeImage, RestoreImage, TasksAPIAccess},
	"stores":     {StoresInfoDetail},
}

func TestDefaultsDecideAsTheTableSays(t *testing.T) {
	e, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	all := callers()
	lines := strings.Split(strings.TrimSpace(decisions), "\n")
	images := strings.Fields(lines[0])
	asked := map[string]bool{}
	for _, line := range lines[1:] {
		if line == "" {
			continue
		}
		word, name := strings.TrimSpace(line[:12]), strings.TrimSpace(line[12:21])
		c, known := all[name]
		answers := strings.Fields(line[21:])
		if !known || rulesOf[word] == nil || len(answers) != len(images) {
			t.Fatalf("line %q cannot be read", line)
		}
		asked[word+name] = true
		for i, image := range images {
			for _, rule := range rulesOf[word] {
				got, err := e.Decide(rule, c, targetOf(image, c))
				if want := answers[i] == "+"; got != want || err != nil {
					t.Errorf("%s for %s on %s: got %v (%v), want %v", rule, name, image, got, err, want)
				}
			}
		}
	}
	if want := len(rulesOf) * len(all); len(asked) != want {
		t.Errorf("the table has %d of %d rows", len(asked), want)
	}
}

// What an admin's token lacks when it carries that role alone, and an override
// of the text keeps: the scope.
func TestScopeOutlivesAnOverride(t *testing.T) {
	e, err := New(map[string]any{"get_image": "", "mine": ""})
	if err != nil {
		t.Fatal(err)
	}
	system := callers()["system"]
	if ok, err := e.Decide(GetImage, system, Attributes{}); ok || err != nil {
		t.Errorf("an overridden rule forgot its scope: %v, %v", ok, err)
	}
	if ok, err := e.Decide("mine", system, Attributes{}); !ok || err != nil {
		t.Errorf("a rule of the operator's own got a scope: %v, %v", ok, err)
	}
}

func TestDefaultsAreWholeAndParse(t *testing.T) {
	seen := map[Rule]bool{}
	for _, d := range Defaults() {
		e, ok := parse(d.Check)
		if printed, _ := e.format(); !ok || d.Check != "" && strings.ReplaceAll(printed, "(", "") == "" {
			t.Errorf("%s does not parse: %q", d.Rule, d.Check)
		}
		if seen[d.Rule] || d.Description == "" || !strings.HasSuffix(d.Description, ".") {
			t.Errorf("%s is there twice, or has no sentence that describes it", d.Rule)
		}
		seen[d.Rule] = true
		for _, op := range d.Operations {
			if method, path, ok := strings.Cut(op, " "); !ok || method == "" || !isServed(path) {
				t.Errorf("%s: operation %q is no method and path", d.Rule, op)
			}
		}
	}
	if want := 63 + 4 + len(own); len(seen) != want {
		t.Errorf("%d rules, want %d: the 67 of Glance 33.0.0 and ours", len(seen), want)
	}
}

func isServed(path string) bool {
	return slices.ContainsFunc([]string{"/v2/", "/gander/v1/", "/key-manager/v1/"}, func(below string) bool { return strings.HasPrefix(path, below) })
}
