package policy

import (
	"slices"
	"testing"
)

// own are the rules that Glance does not have, as they were agreed on: check and
// operations.
var own = map[Rule][]string{
	"snapshot_image": {
		"rule:context_is_admin or rule:service_api or (role:member and project_id:%(instance_project_id)s)",
		"POST /gander/v1/images/snapshot",
	},
	"restore_image": {"rule:context_is_admin", "GET /gander/v1/images/deleted", "POST /gander/v1/images/{image_id}/restore"},
	"upload_image_direct": {
		"rule:context_is_admin or (role:member and project_id:%(project_id)s)",
		"POST /gander/v1/images/{image_id}/upload", "POST /gander/v1/images/{image_id}/upload/{upload_id}/complete",
		"DELETE /gander/v1/images/{image_id}/upload/{upload_id}",
	},
	"explain_policy":   {"rule:context_is_admin or user_id:%(user_id)s", "POST /gander/v1/policy/explain"},
	"get_dead_letters": {"rule:context_is_admin", "GET /gander/v1/consumers", "POST /gander/v1/consumers/{name}/retry"},
	"manage_keys": {
		"rule:context_is_admin", "GET /gander/v1/keys", "GET /gander/v1/keys/{id}", "POST /gander/v1/keys/{id}/restore",
		"GET /gander/v1/keys/audit", "GET /gander/v1/keys/deletions", "PUT /gander/v1/keys/deletions",
	},
	"get_health": {"rule:context_is_admin", "GET /gander/v1/health"},
	"secret:get": {
		"rule:context_is_admin or (role:reader and project_id:%(project_id)s) or 'True':%(reader)s",
		"GET /key-manager/v1/secrets", "GET /key-manager/v1/secrets/{id}",
	},
	"secret:decrypt": {
		"rule:context_is_admin or (role:member and project_id:%(project_id)s) or 'True':%(reader)s",
		"GET /key-manager/v1/secrets/{id}/payload",
	},
	"secrets:post":  {"rule:context_is_admin or (role:member and project_id:%(project_id)s)", "POST /key-manager/v1/secrets"},
	"orders:post":   {"rule:context_is_admin or (role:member and project_id:%(project_id)s)", "POST /key-manager/v1/orders"},
	"secret:delete": {"rule:context_is_admin or (role:member and project_id:%(project_id)s)", "DELETE /key-manager/v1/secrets/{id}"},
	"order:delete":  {"rule:context_is_admin or (role:member and project_id:%(project_id)s)", "DELETE /key-manager/v1/orders/{id}"},
	"secret_acls:put_patch": {
		"rule:context_is_admin or (role:member and project_id:%(project_id)s)",
		"PUT /key-manager/v1/secrets/{id}/acl", "PATCH /key-manager/v1/secrets/{id}/acl",
	},
	"consumers:post": {
		"rule:context_is_admin or rule:service_api or (role:member and project_id:%(project_id)s)",
		"POST /key-manager/v1/secrets/{id}/consumers",
	},
	"consumers:delete": {
		"rule:context_is_admin or rule:service_api or (role:member and project_id:%(project_id)s)",
		"DELETE /key-manager/v1/secrets/{id}/consumers",
	},
	"force_delete_secret": {"rule:context_is_admin", "DELETE /key-manager/v1/secrets/{id}"},
}

func TestRulesOfOurOwn(t *testing.T) {
	for _, d := range ownDefaults {
		want := own[d.Rule]
		if got := append([]string{d.Check}, d.Operations...); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", d.Rule, got, want)
		}
		if !slices.Equal(d.Scopes, []Scope{ScopeProject}) {
			t.Errorf("%s is for tokens of %v, want those of projects alone", d.Rule, d.Scopes)
		}
	}
	if len(ownDefaults) != len(own) {
		t.Errorf("%d rules of our own, want %d", len(ownDefaults), len(own))
	}
}
