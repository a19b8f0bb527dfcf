package scenarios

import (
	"encoding/json"
	"strings"
	"testing"
)

// The log tells which checks denied a request, as the policy writes them; the
// answer does not. Nothing that they were held against is in the line.
func TestDenialsAreLogged(t *testing.T) {
	w := ruled(t, `"deactivate": "rule:context_is_admin or (role:member and 'granted':%(clearance)s and not 'frozen':%(state)s)"
"upload_image": "!"
`)
	const secret = "some secret value"
	id := w.made(`{"name":"` + secret + `","clearance":"` + secret + `","visibility":"community"}`)
	foreign := w.made(`{"name":"`+secret+`","visibility":"private"}`, as("other"))
	path := "/v2/images/" + id
	for request, c := range map[string]struct {
		call string
		sent []option
		want int
		line string
	}{
		"req-a": {"POST " + path + "/actions/deactivate", nil, 403, `["deactivate: role:admin=false, 'granted':%(clearance)s=false"]`},
		"req-b": {"PUT " + path + "/file", []option{octets("x")}, 403, `["upload_image: !=false"]`},
		"req-c": {"DELETE " + path, []option{as("other")}, 403, `["delete_image: role:admin=false, project_id:%(project_id)s=false"]`},
		"req-d": {"GET " + path + "/file", []option{as("nobody")}, 404, `["download_image: role:admin=false, role:member=false","get_image: role:admin=false, role:reader=false"]`},
		"req-e": {"GET " + path, []option{as("nobody")}, 404, `["get_image: role:admin=false, role:reader=false"]`},
		"req-f": {"GET " + path + "/tasks", []option{as("nobody")}, 404, `["get_image: role:admin=false, role:reader=false"]`},
		"req-g": {"GET /v2/tasks/" + id, nil, 403, `["tasks_api_access: role:admin=false"]`},
		"req-h": {"POST /v2/images", []option{body(`{"owner":"theirs"}`)}, 403, `["add_image: role:admin=false, project_id:%(project_id)s=false"]`},
		"req-i": {"GET /v2/images/" + foreign, nil, 404, "null"}, // hidden by itself, not by policy
		"req-j": {"GET " + path, nil, 200, "null"},
		"req-k": {"GET /gander/v1/health", []option{as("system")}, 403, `["get_health: scope_types: project=false"]`},
	} {
		got := w.refused(c.call, append([]option{named(request), asked(request), asJSON}, c.sent...)...).want(c.want)
		if text := string(got.body); strings.Contains(text, "=false") || strings.Contains(text, "role:") {
			t.Errorf("%s: the caller reads %s", c.call, text)
		}
		line := w.line(request)
		if checks, err := json.Marshal(line["denied"]); err != nil || unescaped(string(checks)) != c.line {
			t.Errorf("%s: logged %s, want %s", c.call, unescaped(string(checks)), c.line)
		}
		whole, err := json.Marshal(line)
		if err != nil || strings.Contains(string(whole), secret) || strings.Contains(string(whole), "theirs") || strings.Contains(string(whole), "community") {
			t.Errorf("%s: a value is in the line %s", c.call, whole)
		}
	}
}

// unescaped undoes what encoding/json does to texts that might be put into HTML.
func unescaped(text string) string {
	return strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(text)
}
