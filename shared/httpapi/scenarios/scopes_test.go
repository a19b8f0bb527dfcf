package scenarios

import (
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/httpapi"
)

// A scoped call is one by people whose tokens are of no project.
type scoped struct {
	line                     string
	sent                     option // nil: nothing
	system, domain, unscoped int
}

// alike is a call that all three are answered the same.
func alike(line string, sent option, status int) scoped {
	return scoped{line, sent, status, status, status}
}

// ofNoProject says, for every operation, how Glance answers an administrator whose
// token is of the system or of a domain, and somebody whose token is of nothing and
// has no roles. The rules have the scope type project: a token of a system or of a
// domain fails each of them, whatever its roles, and one of nothing counts as one
// of a project, so that what needs no role is allowed. context_is_admin has no
// scope type; so storage shows administrators every image, and an image that
// get_image denies is not there.
//
// Source: ../recorded/answers/scopes.json; oslo_policy/policy.py, Enforcer.enforce and _enforce_scope;
// glance/policies/base.py; glance/api/v2/policy.py, ImageAPIPolicy._enforce.
func ofNoProject(own, public, gone, secretID, orderID string) map[string][]scoped {
	const rule = `{"rule":"get_images"}`
	owned, open := "/v2/images/"+own, "/v2/images/"+public
	secret, order, key := someSecrets+"/"+secretID, someOrders+"/"+orderID, "/gander/v1/keys/"+secretID
	return map[string][]scoped{
		"version-list":        {alike("GET /", nil, 300), alike("GET /versions", nil, 200)},
		"healthcheck":         {alike("GET /healthcheck", nil, 200)},
		"image-create":        {alike("POST /v2/images", body(`{}`), 403), alike("POST /v2/images", body(`{"visibility":"public"}`), 403)},
		"image-list":          {alike("GET /v2/images", nil, 403), alike("GET /v2/images?visibility=public", nil, 403)},
		"image-show":          {alike("GET "+owned, nil, 404), alike("GET "+open, nil, 404)},
		"image-update":        {alike("PATCH "+owned, replaced("name", `"x"`), 404), alike("PATCH "+open, replaced("name", `"x"`), 404)},
		"image-delete":        {alike("DELETE "+owned, nil, 404), alike("DELETE "+open, nil, 404)},
		"image-tag-add":       {alike("PUT "+owned+"/tags/x", nil, 404)},
		"image-tag-delete":    {alike("DELETE "+owned+"/tags/t", nil, 404)},
		"image-deactivate":    {alike("POST "+owned+"/actions/deactivate", nil, 404)},
		"image-reactivate":    {alike("POST "+owned+"/actions/reactivate", nil, 404)},
		"image-data-upload":   {alike("PUT "+open+"/file", octets("abc"), 404)},
		"image-data-download": {alike("GET "+owned+"/file", nil, 404), alike("GET "+open+"/file", nil, 404)},
		"member-create":       {alike("POST "+owned+"/members", body(`{"member":"x"}`), 404), alike("POST "+open+"/members", body(`{"member":"x"}`), 403)},
		"member-list":         {alike("GET "+owned+"/members", nil, 404)},
		"member-show":         {alike("GET "+owned+"/members/other", nil, 404)},
		"member-update":       {alike("PUT "+owned+"/members/other", body(`{"status":"accepted"}`), 404)},
		"member-delete":       {alike("DELETE "+owned+"/members/other", nil, 404)},
		"image-task-list":     {alike("GET "+owned+"/tasks", nil, 404)},
		"task-show":           {alike("GET /v2/tasks/"+noImage, nil, 403)},
		"image-deleted-list":  {alike("GET /gander/v1/images/deleted", nil, 403)},
		"image-restore":       {alike("POST /gander/v1/images/"+gone+"/restore", nil, 403)},
		"image-v1-show":       {alike("GET /v1/images/"+own, nil, 404), alike("HEAD /v1/images/"+public, nil, 404)},
		"image-snapshot":      {alike("POST /gander/v1/images/snapshot", body(strings.NewReplacer("{id}", public, "{me}", "demo").Replace(someSnapshot)), 403)},

		"keymanager-version-list": {alike("GET /key-manager", nil, 300), alike("GET /key-manager/v1", nil, 200)},
		"secret-create":           {alike("POST "+someSecrets, jsonBody(someSecret), 403)},
		"secret-list":             {alike("GET "+someSecrets, nil, 403)},
		"secret-show":             {alike("GET "+secret, nil, 404)},
		"secret-payload-show":     {alike("GET "+secret+"/payload", nil, 404)},
		"secret-payload-set":      {alike("PUT "+secret, octets("abc"), 404)},
		"secret-delete":           {alike("DELETE "+secret, nil, 404), alike("DELETE "+secret+"?force=1", nil, 404)},
		"order-create":            {alike("POST "+someOrders, jsonBody(someKey), 403)},
		"order-list":              {alike("GET "+someOrders, nil, 403)},
		"order-show":              {alike("GET "+order, nil, 404)},
		"order-delete":            {alike("DELETE "+order, nil, 404)},
		"secret-consumer-list":    {alike("GET "+secret+"/consumers", nil, 404)},
		"secret-consumer-create":  {alike("POST "+secret+"/consumers", jsonBody(someConsumer), 404)},
		"secret-consumer-delete":  {alike("DELETE "+secret+"/consumers", jsonBody(someConsumer), 404)},
		"secret-acl-show":         {alike("GET "+secret+"/acl", nil, 404)},
		"secret-acl-set":          {alike("PUT "+secret+"/acl", jsonBody(someReaders), 404)},
		"secret-acl-delete":       {alike("DELETE "+secret+"/acl", nil, 404)},
		"key-list":                {alike("GET /gander/v1/keys", nil, 403)},
		"key-show":                {alike("GET "+key, nil, 403)},
		"key-restore":             {alike("POST "+key+"/restore", nil, 403)},
		"key-audit":               {alike("GET /gander/v1/keys/audit", nil, 403)},
		"key-deletions-show":      {alike("GET /gander/v1/keys/deletions", nil, 403)},
		"key-deletions-set":       {alike("PUT /gander/v1/keys/deletions", body(`{"enabled":true,"why":"x"}`), 403)},
		"consumer-list":           {alike("GET /gander/v1/consumers", nil, 403)},
		"consumer-retry":          {alike("POST /gander/v1/consumers/reaper/retry", body(`{"id":"x"}`), 403)},

		"policy-explain":     {{"POST /gander/v1/policy/explain", body(rule), 403, 403, 200}},
		"health-show":        {alike("GET /gander/v1/health", nil, 403)},
		"schema-show":        {alike("GET /v2/schemas/image", nil, 200)},
		"info-import":        {alike("GET /v2/info/import", nil, 200)},
		"info-stores":        {alike("GET /v2/info/stores", nil, 200)},
		"info-stores-detail": {alike("GET /v2/info/stores/detail", nil, 403)},
		"fallback":           {alike("PUT "+owned, nil, 405), alike("GET /v2/nope", nil, 404)},
	}
}

// TestTokensOfNoProject walks every operation by tokens of a system, of a domain
// and of nothing.
func TestTokensOfNoProject(t *testing.T) {
	w := newWorld(t)
	id, gone := w.filled("abc"), w.made(`{}`)
	public := w.made(`{"visibility":"public"}`, as("admin"))
	w.call("PUT /v2/images/" + id + "/tags/t").want(204)
	w.call("POST /v2/images/"+id+"/members", body(`{"member":"other"}`)).want(200)
	w.call("DELETE /v2/images/" + gone).want(204)
	secret, order := w.storedKey(someSecrets, someSecret, "secret_ref", "member", 201), w.storedKey(someOrders, someKey, "order_ref", "member", 202)
	table := ofNoProject(id, public, gone, secret, order)
	for _, op := range httpapi.All {
		calls := table[op.Name]
		if len(calls) == 0 {
			t.Errorf("%s has no row", op.Name)
		}
		delete(table, op.Name)
		for _, c := range calls {
			for who, status := range map[string]int{"system": c.system, "domain": c.domain, "unscoped": c.unscoped} {
				options := []option{as(who), named(who)}
				if c.sent != nil {
					options = append(options, c.sent)
				}
				w.refused(c.line, options...).want(status)
			}
		}
	}
	for name := range table {
		t.Errorf("%s is no operation", name)
	}
}

// An empty patch asks no rule: who sees the image in storage is answered, and an
// administrator of whatever scope sees all.
func TestEmptyPatchesOfNoProject(t *testing.T) {
	w := newWorld(t)
	id, public := w.made(`{}`), w.made(`{"visibility":"public"}`, as("admin"))
	for who, status := range map[string]int{"system": 200, "domain": 200, "unscoped": 404} {
		w.refused("PATCH /v2/images/"+id, as(who), v21(`[]`), named(who)).want(status)
		w.refused("PATCH /v2/images/"+public, as(who), v21(`[]`), named(who)).want(200)
	}
}
