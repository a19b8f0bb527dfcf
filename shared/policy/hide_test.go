package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

func TestHiddenValues(t *testing.T) {
	secret := func(key string) bool { return key == "code" }
	for text, want := range map[string]string{
		"'x':%(code)s":                              "'x':%(code)s=?",
		"not 'x':%(code)s":                          "(not=? 'x':%(code)s=?)",
		"role:member and 'x':%(code)s":              "(and=? role:member=true 'x':%(code)s=?)",
		"role:admin and 'x':%(code)s":               "(and=false role:admin=false ~'x':%(code)s=?)",
		"role:member or 'x':%(code)s":               "(or=true role:member=true ~'x':%(code)s=?)",
		"'x':%(code)s and ! and @":                  "(and=? 'x':%(code)s=? !=false ~@=true)",
		"'y':%(code)s and @ and @":                  "(and=? 'y':%(code)s=? @=true @=true)", // false and true look alike
		"'x':%(code)s and @ and @":                  "(and=? 'x':%(code)s=? @=true @=true)",
		"rule:coded or @":                           "(or=? [rule:coded=? 'x':%(code)s=?] @=true)",
		"role:%(code)s or user_id:%(a)s%(code)s":    "(or=? role:%(code)s=? user_id:%(a)s%(code)s=?)",
		"'x':%(code)d or 'x':%(other)s":             "(or=? 'x':%(code)d=? 'x':%(other)s=missing)",
		"project_id:%(project_id)s and role:member": "(and=true project_id:%(project_id)s=true role:member=true)",
	} {
		e := warned(t, map[string]any{"r": text, "coded": "'x':%(code)s"})
		x, err := e.Explain("r", member, Attributes{"code": "x", "project_id": "p1", "a": "u"})
		if err != nil {
			t.Fatal(err)
		}
		hidden := x.Hide(secret)
		if drawing(x.Tree) != want || hidden != strings.Contains(strings.SplitN(want, " ", 2)[0], "?") {
			t.Errorf("%q: got %v %s, want %s", text, hidden, drawing(x.Tree), want)
		}
	}
}

// What has no room in the tree is hidden with what it leaves out.
func TestHiddenBeyondTheTree(t *testing.T) {
	many := strings.Repeat("role:x or ", maxTree+10)
	for text, hides := range map[string]bool{
		many + "'x':%(code)s": true, many + "rule:coded": true, "not (" + many + "rule:coded)": true, many + "'x':%(other)s": false,
	} {
		x, err := warned(t, map[string]any{"r": text, "coded": "'x':%(code)s"}).Explain("r", member, Attributes{"code": "x"})
		if err != nil || strings.Contains(drawing(x.Tree), "code") {
			t.Fatalf("the tree has room for all: %v", err)
		}
		if hidden := x.Hide(func(key string) bool { return key == "code" }); hidden != hides || (x.Tree.Result == ResultHidden) != hides {
			t.Errorf("%.30s… %s: hidden %t", text, text[len(text)-20:], hidden)
		}
	}
}

// Whatever the hidden value is, what is shown is the same.
func TestHiddenValuesCannotBeTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules, err := ParseRules(map[string]any{"a": drawRule(t, 2), "b": drawRule(t, 1), "r": drawRule(t, 3)})
		if err != nil {
			t.Fatal(err)
		}
		e, c := &Enforcer{rules: rules.set}, drawCaller(t)
		var shown []string
		for _, target := range []Attributes{{}, {"k": "x"}, {"k": "member"}, {"k": nil}, {"k": 5}} {
			x, err := e.Explain("r", c, target)
			if err != nil {
				t.Fatal(err)
			}
			x.Hide(func(key string) bool { return key == "k" })
			shown = append(shown, drawing(x.Tree))
			if shown[0] != drawing(x.Tree) {
				t.Fatalf("without a value %s\nwith %v %s", shown[0], target, drawing(x.Tree))
			}
		}
	})
}

func TestDenials(t *testing.T) {
	target := Attributes{"project_id": "theirs", "visibility": "secretly", "name": "a name"}
	e := warned(t, map[string]any{
		"upload_image": "not role:member or role:admin or (role:admin and role:other) or role:%(none)s", "get_image": "!", "modify_image": "rule:upload_image and @",
	})
	for rule, want := range map[Rule][]string{
		DeleteImage: {"delete_image: role:admin=false, project_id:%(project_id)s=false", "get_image: !=false"},
		UploadImage: {"upload_image: not role:member=false, role:admin=false, role:%(none)s=missing", "get_image: !=false"},
		ModifyImage: {"modify_image: not role:member=false, role:admin=false, role:%(none)s=missing", "get_image: !=false"},
		GetImage:    {"get_image: !=false"},
	} {
		_, err := AuthorizeImage(e, rule, member, target)
		var d *Denial
		if !errors.As(err, &d) || !problem.Is(err, problem.NotFound) || strings.Join(d.Checks, "|") != strings.Join(want, "|") {
			t.Errorf("%s: got %v", rule, err)
		}
		if _, message := problem.Status(err); message != "" {
			t.Errorf("%s: the caller is told %q", rule, message)
		}
	}
	_, err := enforcer(t, nil).Authorize(PublicizeImage, caller.Caller{SystemScope: "all", Roles: []string{"admin"}}, target)
	if d := new(Denial); !errors.As(err, &d) || d.Error() != "publicize_image: scope_types: project=false" {
		t.Errorf("got %v", err)
	}
	var roles []string
	for i := range 50 {
		roles = append(roles, fmt.Sprintf("role:r%d or role:r%d", i, i))
	}
	many := warned(t, map[string]any{"r": strings.Join(roles, " or ")})
	_, err = many.Authorize("r", member, target)
	if d := new(Denial); !errors.As(err, &d) || strings.Count(d.Error(), "=false") != maxFailing || !strings.HasSuffix(d.Error(), ", ...") {
		t.Errorf("got %v", err)
	}
}
