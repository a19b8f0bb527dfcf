package scenarios

import (
	"fmt"
	"strings"
	"testing"
)

const explainPath = "POST /gander/v1/policy/explain"

// A verdict is an explanation as callers read it.
type verdict struct {
	Rule    string
	Allowed bool
	Text    string
	Tree    verdictNode
}

type verdictNode struct {
	Check, Result   string
	Hidden, Skipped bool
	Children        []verdictNode
}

// String draws the tree in one line: an operator or rule stands before brackets
// with what is below it, a tilde before what was skipped.
func (n verdictNode) String() string {
	text := n.Check + "=" + n.Result
	if n.Hidden {
		text += "?"
	}
	if n.Skipped {
		text = "~" + text
	}
	if n.Children == nil {
		return text + " without children"
	}
	var below []string
	for _, child := range n.Children {
		below = append(below, child.String())
	}
	if len(below) == 0 {
		return text
	}
	return text + "[" + strings.Join(below, " ") + "]"
}

// explained asks for an explanation.
func (w *world) explained(question string, options ...option) verdict {
	w.t.Helper()
	var x verdict
	w.call(explainPath, append([]option{named(question), body(question)}, options...)...).want(200).into(&x)
	return x
}

func TestPolicyIsExplained(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"visibility":"private","kind":"x"}`)
	const adminElse = "or=true[rule:context_is_admin=false[role:admin=false] and=true[role:member=true project_id:%(project_id)s=true]]"
	for question, want := range map[string]string{
		`{"rule":"delete_image","image_id":"ID"}`:                                                 adminElse,
		`{"rule":"delete_image","image_id":"ID","caller":null,"target":null}`:                     adminElse,
		`{"rule":"delete_image","target":{"project_id":"demo"}}`:                                  adminElse,
		`{"rule":"delete_image"}`:                                                                 "or=false[rule:context_is_admin=false[role:admin=false] and=false[role:member=true project_id:%(project_id)s=missing]]",
		`{"rule":"publicize_image","image_id":"ID"}`:                                              "rule:context_is_admin=false[role:admin=false]",
		`{"rule":"default"}`:                                                                      "@=true",
		`{"rule":"context_is_admin","caller":{"user_id":"mia","roles":["admin"]}}`:                "role:admin=true",
		`{"rule":"context_is_admin","caller":{"user_id":"mia","service_roles":[]}}`:               "role:admin=false",
		`{"rule":"get_health","caller":{"user_id":"mia","roles":["Admin"],"system_scope":"all"}}`: "and=false[scope_types: project=false ~rule:context_is_admin=true[~role:admin=true]]",
	} {
		x := w.explained(strings.ReplaceAll(question, "ID", id))
		if got := x.Tree.String(); got != want || x.Allowed != strings.Contains(strings.SplitN(want, "[", 2)[0], "=true") {
			t.Errorf("%s: %v %s, want %s", question, x.Allowed, got, want)
		}
	}
	x := w.explained(`{"rule":"delete_image"}`)
	if x.Rule != "delete_image" || x.Text != "rule:context_is_admin or (role:member and project_id:%(project_id)s)" {
		t.Errorf("got %+v", x)
	}

	// An administrator may ask about anybody; what that one's project makes of the image counts.
	other := `{"rule":"get_image","image_id":"` + id + `","caller":{"user_id":"otto","project_id":%q,"roles":["reader"]}}`
	for project, want := range map[string]bool{"demo": true, "other": false} {
		if x := w.explained(fmt.Sprintf(other, project), as("admin")); x.Allowed != want {
			t.Errorf("a reader of %s: %v", project, x)
		}
	}
	shared := w.made(`{"visibility":"shared"}`)
	x = w.explained(`{"rule":"modify_member","image_id":"`+shared+`","caller":{"project_id":"other","roles":["member"]}}`, as("admin"))
	if want := "or=true[rule:context_is_admin=false[role:admin=false] and=true[role:member=true project_id:%(member_id)s=true]]"; x.Tree.String() != want {
		t.Errorf("got %s, want %s", x.Tree, want)
	}
}

func TestPolicyIsNotExplained(t *testing.T) {
	w := newWorld(t)
	id, foreign := w.made(`{"visibility":"private"}`), w.made(`{"visibility":"private"}`, as("other"))
	for _, c := range []struct {
		who, question string
		status        int
		says          string
	}{
		{"member", `{"rule":"get_image","caller":{"user_id":"otto"}}`, 403, "explain_policy"},
		{"manager", `{"rule":"get_image","caller":{"user_id":"mia","project_id":"demo"}}`, 403, "explain_policy"},
		{"member", `{"rule":"get_image","caller":{}}`, 403, "explain_policy"},
		{"member", `{"rule":"no_such","caller":{}}`, 403, "explain_policy"},
		{"system", `{"rule":"get_image"}`, 403, "explain_policy"},
		{"member", `{"rule":"get_image","image_id":"` + foreign + `"}`, 404, "No image found with ID " + foreign},
		{"member", `{"rule":"get_image","image_id":"` + foreign + `","caller":{"user_id":"mia","project_id":"other","roles":["admin"]}}`, 404, foreign},
		{"nobody", `{"rule":"get_image","image_id":"` + id + `"}`, 404, ""},
		{"admin", `{"rule":"get_image","image_id":"no-id"}`, 404, "no-id"},
		{"member", `{"rule":"get_imag"}`, 400, "There is no policy rule 'get_imag'."},
		{"member", `{}`, 400, "'rule' is missing"},
		{"member", `{"rule":""}`, 400, "'rule' is missing"},
		{"member", `{"rule":null}`, 400, "'rule' is missing"},
		{"member", `[]`, 400, "The body must be an object."},
		{"member", `{"rule":5}`, 400, "'rule' is not valid: text needed"},
		{"member", `{"rule":"get_image","Rule":"x"}`, 400, "There is no field 'Rule' here."},
		{"member", `{"rule":"get_image","image_id":["x"]}`, 400, "'image_id' is not valid"},
		{"member", `{"rule":"get_image","target":"x"}`, 400, "'target' is not valid: object needed"},
		{"member", `{"rule":"get_image","image_id":"` + id + `","target":{"project_id":"demo"}}`, 400, "exclude each other"},
		{"member", `{"rule":"get_image","caller":[]}`, 400, "'caller' must be an object."},
		{"member", `{"rule":"get_image","caller":{"user_id":"mia","admin":true}}`, 400, "There is no field 'caller.admin' here."},
		{"member", `{"rule":"get_image","caller":{"user_id":"mia","roles":"admin"}}`, 400, "'caller.roles' is not valid: list of texts needed"},
		{"member", `{"rule":"get_image","caller":{"user_id":5}}`, 400, "'caller.user_id' is not valid: text needed"},
	} {
		w.refused(explainPath, named(c.who+" "+c.question), as(c.who), asJSON, body(c.question)).want(c.status).says(c.says)
	}
	w.refused(explainPath, without("X-Auth-Token"), body(`{"rule":"get_image"}`)).want(401)
	w.refused(explainPath).want(400).says("Body expected")
}

// Rules of operators are explained as they wrote them.
func TestExplanationsOfOwnRules(t *testing.T) {
	w := ruled(t, `"download_image": "not 'x':%(code)s or role:keeper"
"get_images": [["role:member", "role:keeper"], "role:reader"]
"delete_image": "is_admin_project:True and 12345678901234567890:%(size)s"
`)
	for question, want := range map[string]string{
		`{"rule":"download_image","target":{"code":"x"}}`:                                           "or=false[not=false['x':%(code)s=true] role:keeper=false]",
		`{"rule":"download_image","target":{"code":5}}`:                                             "or=true[not=true['x':%(code)s=false] ~role:keeper=false]",
		`{"rule":"download_image","target":{}}`:                                                     "or=true[not=true['x':%(code)s=missing] ~role:keeper=false]",
		`{"rule":"delete_image","target":{"size":12345678901234567890}}`:                            "and=true[is_admin_project:True=true 12345678901234567890:%(size)s=true]",
		`{"rule":"delete_image","target":{"size":12345678901234567891},"caller":{"user_id":"mia"}}`: "and=false[is_admin_project:True=true 12345678901234567890:%(size)s=false]",
		`{"rule":"get_images"}`:                                                                     "or=true[and=false[role:member=true role:keeper=false] role:reader=true]",
	} {
		if x := w.explained(question); x.Tree.String() != want {
			t.Errorf("%s: got %s, want %s", question, x.Tree, want)
		}
	}
	if x := w.explained(`{"rule":"get_images"}`); x.Text != `[["role:member","role:keeper"],"role:reader"]` {
		t.Errorf("text %s", x.Text)
	}
}
