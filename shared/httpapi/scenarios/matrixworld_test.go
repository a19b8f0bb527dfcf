package scenarios

import (
	"encoding/json"
	"net/http"
	"strings"
)

// A matrixCall is a request of the matrix, with {id}, {me} and {task} for the
// image or the secret, the caller's project and the one task of the image.
type matrixCall struct {
	line  string
	state string // of the image: queued, or what matrix.bring knows; secret and encrypted are matrix.buildSecret's
	media string // of the body; JSON where there is one and this is empty
	body  string
}

const (
	patchedBy = patchV21
	aboutJSON = `{"rule":"download_image","image_id":"{id}"}`
	aSomebody = `{"rule":"get_images","caller":{"user_id":"somebody","project_id":"demo","roles":["member"]}}`
	accepting = `{"status":"accepted"}`
)

// matrixCalls are the requests of the matrix by their names there.
var matrixCalls = map[string]matrixCall{
	"versions":              {line: "GET /"},
	"versions-listed":       {line: "GET /versions"},
	"healthcheck":           {line: "GET /healthcheck"},
	"create":                {line: "POST /v2/images", body: `{}`},
	"create-for-other":      {line: "POST /v2/images", body: `{"owner":"other"}`},
	"create-public":         {line: "POST /v2/images", body: `{"visibility":"public"}`},
	"create-community":      {line: "POST /v2/images", body: `{"visibility":"community"}`},
	"list":                  {line: "GET /v2/images"},
	"listed":                {line: "GET /v2/images?id={id}"},
	"listed-all":            {line: "GET /v2/images?id={id}&visibility=all"},
	"listed-pending":        {line: "GET /v2/images?id={id}&member_status=pending"},
	"show":                  {line: "GET /v2/images/{id}"},
	"show-missing":          {line: "GET /v2/images/" + noImage},
	"rename":                {line: "PATCH /v2/images/{id}", media: patchedBy, body: `[{"op":"replace","path":"/name","value":"other"}]`},
	"publish":               {line: "PATCH /v2/images/{id}", media: patchedBy, body: `[{"op":"replace","path":"/visibility","value":"public"}]`},
	"communitize":           {line: "PATCH /v2/images/{id}", media: patchedBy, body: `[{"op":"replace","path":"/visibility","value":"community"}]`},
	"give-away":             {line: "PATCH /v2/images/{id}", media: patchedBy, body: `[{"op":"replace","path":"/owner","value":"third"}]`},
	"take":                  {line: "PATCH /v2/images/{id}", media: patchedBy, body: `[{"op":"add","path":"/owner","value":"{me}"}]`},
	"change-nothing":        {line: "PATCH /v2/images/{id}", media: patchedBy, body: `[]`},
	"change-status":         {line: "PATCH /v2/images/{id}", media: patchedBy, body: `[{"op":"replace","path":"/status","value":"active"}]`},
	"change-status-missing": {line: "PATCH /v2/images/" + noImage, media: patchedBy, body: `[{"op":"replace","path":"/status","value":"active"}]`},
	"delete":                {line: "DELETE /v2/images/{id}"},
	"delete-protected":      {line: "DELETE /v2/images/{id}", state: "protected"},
	"tag":                   {line: "PUT /v2/images/{id}/tags/b"},
	"untag":                 {line: "DELETE /v2/images/{id}/tags/a"},
	"deactivate":            {line: "POST /v2/images/{id}/actions/deactivate", state: "active"},
	"deactivate-queued":     {line: "POST /v2/images/{id}/actions/deactivate"},
	"reactivate":            {line: "POST /v2/images/{id}/actions/reactivate", state: "deactivated"},
	"reactivate-queued":     {line: "POST /v2/images/{id}/actions/reactivate"},
	"upload":                {line: "PUT /v2/images/{id}/file", media: octetStream, body: "data"},
	"upload-again":          {line: "PUT /v2/images/{id}/file", state: "active", media: octetStream, body: "data"},
	"download":              {line: "GET /v2/images/{id}/file", state: "active"},
	"download-queued":       {line: "GET /v2/images/{id}/file"},
	"download-deactivated":  {line: "GET /v2/images/{id}/file", state: "deactivated"},
	"v1-head":               {line: "HEAD /v1/images/{id}", state: "active"},
	"v1-get":                {line: "GET /v1/images/{id}", state: "active"},
	"v1-get-queued":         {line: "GET /v1/images/{id}"},
	"v1-get-deactivated":    {line: "GET /v1/images/{id}", state: "deactivated"},
	"share":                 {line: "POST /v2/images/{id}/members", body: `{"member":"fourth"}`},
	"members":               {line: "GET /v2/images/{id}/members"},
	"member":                {line: "GET /v2/images/{id}/members/{me}"},
	"third-member":          {line: "GET /v2/images/{id}/members/third"},
	"accept":                {line: "PUT /v2/images/{id}/members/{me}", body: accepting},
	"accept-for-third":      {line: "PUT /v2/images/{id}/members/third", body: accepting},
	"leave":                 {line: "DELETE /v2/images/{id}/members/{me}"},
	"unshare":               {line: "DELETE /v2/images/{id}/members/third"},
	"tasks":                 {line: "GET /v2/images/{id}/tasks", state: "failed"},
	"task":                  {line: "GET /v2/tasks/{task}", state: "failed"},
	"task-missing":          {line: "GET /v2/tasks/" + noImage},
	"task-delete":           {line: "DELETE /v2/tasks/{task}", state: "failed"},
	"deleted":               {line: "GET /gander/v1/images/deleted"},
	"restore":               {line: "POST /gander/v1/images/{id}/restore", state: "deleted"},
	"restore-live":          {line: "POST /gander/v1/images/{id}/restore"},
	"restore-missing":       {line: "POST /gander/v1/images/" + noImage + "/restore"},
	"explain":               {line: "POST /gander/v1/policy/explain", body: `{"rule":"get_images"}`},
	"explain-image":         {line: "POST /gander/v1/policy/explain", body: aboutJSON},
	"explain-somebody":      {line: "POST /gander/v1/policy/explain", body: aSomebody},
	"health":                {line: "GET /gander/v1/health"},
	"schema":                {line: "GET /v2/schemas/image"},
	"import-methods":        {line: "GET /v2/info/import"},
	"stores":                {line: "GET /v2/info/stores"},
	"stores-detail":         {line: "GET /v2/info/stores/detail"},
	"unknown-path":          {line: "GET /v2/nope"},
	"unknown-own-path":      {line: "GET /gander/v1/nope"},
	"other-verb":            {line: "PUT /v2/images"},
	"unknown-version":       {line: "GET /v3/images"},
	"unknown-v1-path":       {line: "GET /v1/images"},
	"preflight":             {line: "OPTIONS /v2/images"},
}

// A matrix is a world, and the images in it that no call has changed yet.
type matrix struct {
	*world
	ready map[matrixKey]subject
}

func newMatrix(w *world) *matrix { return &matrix{world: w, ready: map[matrixKey]subject{}} }

// A matrixKey tells images apart: whose they are and how, and in which state.
type matrixKey struct{ about, home, state string }

// A subject is what a call of the matrix is about.
type subject struct {
	matrixKey
	id, task string
}

// makers are who makes the images of a project.
var makers = map[string]string{"demo": "member", "admin": "admin", "service": "service", "other": "other"}

// subject returns an image as a call wants it, made by somebody of its project.
func (m *matrix) subject(call matrixCall, about, who string) subject {
	home := people[who].project
	if home == "" {
		home = "demo"
	}
	key := matrixKey{about, home, call.state}
	if !strings.Contains(about, ":") || about == "-:" {
		return subject{matrixKey: key}
	}
	s, ok := m.ready[key]
	if !ok {
		s = m.builder(key)(key)
		m.ready[key] = s
	}
	return s
}

// forget keeps an image from calls that follow.
func (m *matrix) forget(s subject) { delete(m.ready, s.matrixKey) }

// builder is what makes such a subject.
func (m *matrix) builder(key matrixKey) func(matrixKey) subject {
	if key.state == "secret" || key.state == "encrypted" {
		return m.buildSecret
	}
	return m.build
}

// build makes an image, and brings it where it is wanted.
func (m *matrix) build(key matrixKey) subject {
	side, kind, _ := strings.Cut(key.about, ":")
	owner := key.home
	if side == "other" {
		owner = "other"
	}
	visibility, by := kind, makers[owner]
	switch kind {
	case "unshared", "pending", "accepted", "rejected":
		visibility = "shared"
	case "public":
		by = "admin"
	}
	properties, _ := json.Marshal(map[string]any{
		"name": "of the matrix", "disk_format": "raw", "container_format": "bare", "tags": []string{"a"},
		"visibility": visibility, "owner": owner, "protected": key.state == "protected",
	})
	s := subject{matrixKey: key, id: m.made(string(properties), as(by))}
	m.share(s, kind, by)
	return m.bring(s, by)
}

// share shares an image with a third project, and with the caller's where its
// kind says so.
func (m *matrix) share(s subject, kind, by string) {
	members := "/v2/images/" + s.id + "/members"
	switch kind {
	case "shared", "unshared", "pending", "accepted", "rejected":
		m.call("POST "+members, as(by), body(`{"member":"third"}`)).want(200)
	}
	switch kind {
	case "pending", "accepted", "rejected":
		m.call("POST "+members, as(by), body(`{"member":"`+s.home+`"}`)).want(200)
		m.call("PUT "+members+"/"+s.home, as("admin"), body(`{"status":"`+kind+`"}`)).want(200)
	}
}

// bring takes a new image to its state.
func (m *matrix) bring(s subject, by string) subject {
	at := "/v2/images/" + s.id
	switch s.state {
	case "active", "deactivated":
		m.call("PUT "+at+"/file", as(by), octets("data")).want(204)
	case "failed":
		m.call("PUT "+at+"/file", as(by), octets("data"), header("X-Openstack-Image-Size", "3")).want(400)
		var list struct{ Tasks []struct{ ID string } }
		m.call("GET "+at+"/tasks", as(by)).want(200).into(&list)
		s.task = list.Tasks[0].ID
	case "deleted":
		m.call("DELETE "+at, as(by)).want(204)
	}
	if s.state == "deactivated" {
		m.call("POST "+at+"/actions/deactivate", as(by)).want(204)
	}
	return s
}

// request is a call about the subject, by one of the people.
func (s subject) request(c matrixCall, name, who string) (line string, options []option) {
	fill := strings.NewReplacer("{id}", s.id, "{me}", s.home, "{task}", s.task)
	options = append(options, named(name))
	if c.body != "" {
		options = append(options, body(fill.Replace(c.body)))
	}
	if c.media != "" {
		options = append(options, header("Content-Type", c.media))
	}
	if who == tokenless {
		options = append(options, func(r *http.Request) { r.Header.Del("X-Auth-Token") })
	} else {
		options = append(options, as(who))
	}
	return fill.Replace(c.line), options
}
