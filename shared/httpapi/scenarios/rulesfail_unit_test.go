//go:build !cloud

package scenarios

import (
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/policy"
)

// A rule that cannot be evaluated, which only a policy that was taken with warnings
// has, lets nobody in, not under "not" either: the request fails, an ERROR tells the
// rule and the check, and the caller is told a request id and nothing else.
func TestRulesThatFail(t *testing.T) {
	w := newInside(t)
	id := w.filled("abc")
	path := "/v2/images/" + id
	for rule, calls := range map[policy.Rule][]string{
		"get_image":          {"GET " + path, "HEAD /v1/images/" + id, "GET /v1/images/" + id, "GET /v2/images", "GET " + path + "/tasks", "GET " + path + "/members"},
		"get_images":         {"GET /v2/images"},
		"download_image":     {"GET " + path + "/file", "GET /v1/images/" + id},
		"modify_image":       {"PATCH " + path, "PUT " + path + "/tags/x"},
		"delete_image":       {"DELETE " + path},
		"deactivate":         {"POST " + path + "/actions/deactivate"},
		"add_image":          {"POST /v2/images"},
		"context_is_admin":   {"GET " + path, "DELETE " + path, "GET /v2/info/stores"},
		"tasks_api_access":   {"GET /v2/tasks/" + id},
		"restore_image":      {"GET /gander/v1/images/deleted", "POST /gander/v1/images/" + id + "/restore"},
		"explain_policy":     {explainPath},
		"get_health":         {"GET /gander/v1/health"},
		"stores_info_detail": {"GET /v2/info/stores/detail"},
	} {
		for _, text := range []string{"a..b:x or @", "not a..b:x", "rule:" + string(rule), "not rule:" + string(rule), "user_id.more:x", "@ and http:x"} {
			doc, _ := policy.Read(fileOf(t, "policy.yaml", `"`+string(rule)+`": "`+text+`"`))
			rules, findings := policy.Compile(doc, policy.Warn)
			if rules == nil {
				t.Fatal(findings)
			}
			w.services.Policy = rules
			for _, call := range calls {
				options := []option{asJSON, named(text), asked("req-fails")}
				switch {
				case strings.HasPrefix(call, "PATCH"):
					options = append(options, replaced("name", `"x"`))
				case strings.HasSuffix(call, "/v2/images") && strings.HasPrefix(call, "POST"):
					options = append(options, body(`{}`))
				case call == explainPath:
					options = append(options, body(`{"rule":"default"}`))
				}
				got := w.refused(call, options...).want(500)
				if told := string(got.body); strings.Contains(told, string(rule)) || strings.Contains(told, text) {
					t.Errorf("%s, %s: told %s", rule, call, told)
				}
			}
		}
	}
	if logged := w.logged(); !strings.Contains(logged, `"level":"ERROR"`) || !strings.Contains(logged, `a..b:x`) {
		t.Errorf("logged %.2000s", logged)
	}
}
