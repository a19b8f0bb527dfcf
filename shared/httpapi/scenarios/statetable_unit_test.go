//go:build !cloud

package scenarios

import (
	"strings"

	"github.com/gander-images/gander/shared/image"
)

// stateCalls are the calls of the table below, by their names there: the
// operation that each is of, and what a success changes of what is stored, as
// changesOf tells it. By the owner unless who says otherwise; whose image it is
// stands in stateTable.
var stateCalls = map[string]struct {
	op, who, line string
	sent          option
	changes       string
	but           map[image.Status]string // changes where they are others
}{
	"show":            {op: "image-show", line: "GET /v2/images/ID"},
	"show, by admin":  {op: "image-show", who: "admin", line: "GET /v2/images/ID"},
	"show, by member": {op: "image-show", who: "other", line: "GET /v2/images/ID"},
	"listed":          {op: "image-list", line: "GET /v2/images?id=ID&name=x"},
	"tasks":           {op: "image-task-list", line: "GET /v2/images/ID/tasks"},
	"name":            {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("name", `"y"`), changes: "list+2 list-2 record:name,updated_at,writer"},
	"same name":       {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("name", `"x"`), changes: "record:updated_at,writer"},
	"nothing":         {op: "image-update", line: "PATCH /v2/images/ID", sent: v21(`[]`)},
	"tags":            {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("tags", `["b"]`), changes: "record:tags,updated_at,writer"},
	"visibility":      {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("visibility", `"private"`), changes: "record:updated_at,visibility,writer"},
	"community":       {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("visibility", `"community"`), changes: "list+2 record:updated_at,visibility,writer"},
	"publish":         {op: "image-update", who: "admin", line: "PATCH /v2/images/ID", sent: replaced("visibility", `"public"`), changes: "list+2 record:updated_at,visibility,writer"},
	"protected":       {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("protected", `true`), changes: "record:protected,updated_at,writer"},
	"hidden":          {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("os_hidden", `true`), changes: "list+4 list-4 record:hidden,updated_at,writer"},
	"min_ram":         {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("min_ram", `1`), changes: "record:min_ram,updated_at,writer"},
	"min_disk":        {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("min_disk", `1`), changes: "record:min_disk,updated_at,writer"},
	"owner":           {op: "image-update", who: "admin", line: "PATCH /v2/images/ID", sent: replaced("owner", `"other"`), changes: "list+2 list-2 record:owner,updated_at,writer"},
	"property":        {op: "image-update", line: "PATCH /v2/images/ID", sent: v21(`[{"op":"add","path":"/new","value":"v"}]`), changes: "record:properties,updated_at,writer"},
	"other value":     {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("kept", `"v"`), changes: "record:properties,updated_at,writer"},
	"no property":     {op: "image-update", line: "PATCH /v2/images/ID", sent: v20(`[{"remove":"/kept"}]`), changes: "record:properties,updated_at,writer"},
	"disk_format":     {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("disk_format", `"iso"`), changes: "record:disk_format,updated_at,writer"},
	"same disk":       {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("disk_format", `"raw"`), changes: "record:updated_at,writer"},
	"container":       {op: "image-update", line: "PATCH /v2/images/ID", sent: replaced("container_format", `null`), changes: "record:container_format,updated_at,writer"},
	"same container":  {op: "image-update", who: "admin", line: "PATCH /v2/images/ID", sent: replaced("container_format", `"bare"`), changes: "record:updated_at,writer"},
	"status":          {op: "image-update", who: "admin", line: "PATCH /v2/images/ID", sent: replaced("status", `"queued"`)},
	"locations":       {op: "image-update", who: "admin", line: "PATCH /v2/images/ID", sent: replaced("locations", `[]`)},
	"tag":             {op: "image-tag-add", line: "PUT /v2/images/ID/tags/b", changes: "record:tags,updated_at,writer"},
	"tag it has":      {op: "image-tag-add", line: "PUT /v2/images/ID/tags/a", changes: "record:updated_at,writer"},
	"tag off":         {op: "image-tag-delete", line: "DELETE /v2/images/ID/tags/a", changes: "record:tags,updated_at,writer"},
	"no such tag":     {op: "image-tag-delete", line: "DELETE /v2/images/ID/tags/b"},
	"members":         {op: "member-list", line: "GET /v2/images/ID/members"},
	"member":          {op: "member-show", who: "other", line: "GET /v2/images/ID/members/other"},
	"share":           {op: "member-create", line: "POST /v2/images/ID/members", sent: body(`{"member":"third"}`), changes: "list+1 member+1 record:member_count,writer"},
	"accept":          {op: "member-update", who: "other", line: "PUT /v2/images/ID/members/other", sent: body(`{"status":"accepted"}`), changes: "list+1 list-1 member~1 record:writer"},
	"unshare":         {op: "member-delete", line: "DELETE /v2/images/ID/members/other", changes: "list-1 member-1 record:member_count,writer"},
	"upload": {
		op: "image-data-upload", line: "PUT /v2/images/ID/file", sent: octets("data"),
		changes: "object+1 record:checksum,hash_algo,hash_value,locations,size,status,updated_at,writer",
	},
	"download":           {op: "image-data-download", line: "GET /v2/images/ID/file"},
	"download by member": {op: "image-data-download", who: "other", line: "GET /v2/images/ID/file"},
	"download by admin":  {op: "image-data-download", who: "admin", line: "GET /v2/images/ID/file"},
	"deactivate":         {op: "image-deactivate", line: "POST /v2/images/ID/actions/deactivate", changes: "record:status,updated_at,writer", but: map[image.Status]string{image.Deactivated: ""}},
	"reactivate":         {op: "image-reactivate", line: "POST /v2/images/ID/actions/reactivate", changes: "record:status,updated_at,writer", but: map[image.Status]string{image.Active: ""}},
	"delete": {
		op: "image-delete", line: "DELETE /v2/images/ID", changes: "due+1 list+1 list-4 record:deletion,status,updated_at,writer",
		but: map[image.Status]string{
			image.Saving: "due+2 due-1 lease-1 list+1 list-4 record:deletion,status,updated_at,upload,writer",
			image.Killed: "due+1 list+1 record:deletion,status,updated_at,writer", // in no list
		},
	},
	"delete by admin": {
		op: "image-delete", who: "admin", line: "DELETE /v2/images/ID", changes: "due+1 list+1 list-4 record:deletion,status,updated_at,writer",
		but: map[image.Status]string{
			image.Saving: "due+2 due-1 lease-1 list+1 list-4 record:deletion,status,updated_at,upload,writer",
			image.Killed: "due+1 list+1 record:deletion,status,updated_at,writer",
		},
	},
	"delete by member": {op: "image-delete", who: "other", line: "DELETE /v2/images/ID"},
	"restore":          {op: "image-restore", who: "admin", line: "POST /gander/v1/images/ID/restore", changes: "due-1 list+4 list-1 record:deletion,status,updated_at,writer"},
	"v1 download":      {op: "image-v1-show", line: "GET /v1/images/ID"},
	"v1 by admin":      {op: "image-v1-show", who: "admin", line: "GET /v1/images/ID"},
	"v1 headers":       {op: "image-v1-show", line: "HEAD /v1/images/ID"},
	"snapshot":         {op: "image-snapshot", line: "POST /gander/v1/images/snapshot", sent: snapshotOf("demo"), changes: "image+1 list+4"},
	"snapshot by admin": {
		op: "image-snapshot", who: "admin", line: "POST /gander/v1/images/snapshot", sent: snapshotOf("admin"), changes: "image+1 list+4",
	},
	"explain": {op: "policy-explain", line: "POST /gander/v1/policy/explain", sent: body(`{"rule":"get_image","image_id":"ID"}`)},
	"same id": {op: "image-create", line: "POST /v2/images", sent: body(`{"id":"ID"}`)},
}

// stateTable is every operation on an image in every state: the status that it is
// answered. The image is shared with "other", has data where its state says so,
// and no location where it does not. "listed" is the number of images listed.
//
// Source: glance/domain/__init__.py, Image; glance/api/v2/image_actions.py,
// image_data.py and images.py. The states behind pending_delete are ours.
const stateTable = `
                   queued saving uploading importing active deactivated killed pending_delete deleted purging purged
show               200    200    200       200       200    200         200    404            404     404     404
show, by admin     200    200    200       200       200    200         200    404            404     404     404
show, by member    200    200    200       200       200    200         200    404            404     404     404
listed             1      1      1         1         1      1           0      0              0       0       0
tasks              200    200    200       200       200    200         200    404            404     404     404
name               200    200    200       200       200    200         200    404            404     404     404
same name          200    200    200       200       200    200         200    404            404     404     404
nothing            200    200    200       200       200    200         200    404            404     404     404
tags               200    200    200       200       200    200         200    404            404     404     404
visibility         200    200    200       200       200    200         200    404            404     404     404
community          200    200    200       200       200    200         200    404            404     404     404
publish            200    200    200       200       200    200         200    404            404     404     404
protected          200    200    200       200       200    200         200    404            404     404     404
hidden             200    200    200       200       200    200         200    404            404     404     404
min_ram            200    200    200       200       200    200         200    404            404     404     404
min_disk           200    200    200       200       200    200         200    404            404     404     404
owner              200    200    200       200       200    200         200    404            404     404     404
property           200    200    200       200       200    200         200    404            404     404     404
other value        200    200    200       200       200    200         200    404            404     404     404
no property        200    200    200       200       200    200         200    404            404     404     404
disk_format        200    403    403       200       403    403         403    404            404     404     404
same disk          200    403    403       200       403    403         403    404            404     404     404
container          200    403    403       200       403    403         403    404            404     404     404
same container     200    403    403       200       403    403         403    404            404     404     404
status             403    403    403       403       403    403         403    403            403     403     403
locations          403    403    403       403       403    403         403    404            404     404     404
tag                204    204    204       204       204    204         204    404            404     404     404
tag it has         204    204    204       204       204    204         204    404            404     404     404
tag off            204    204    204       204       204    204         204    404            404     404     404
no such tag        404    404    404       404       404    404         404    404            404     404     404
members            200    200    200       200       200    200         200    404            404     404     404
member             200    200    200       200       200    200         200    404            404     404     404
share              200    200    200       200       200    200         200    404            404     404     404
accept             200    200    200       200       200    200         200    404            404     404     404
unshare            204    204    204       204       204    204         204    404            404     404     404
upload             204    409    409       409       409    409         409    404            404     404     404
download           204    204    204       204       200    403         204    404            404     404     404
download by member 204    204    204       204       200    403         204    404            404     404     404
download by admin  204    204    204       204       200    200         204    404            404     404     404
deactivate         403    403    403       403       204    204         403    404            404     404     404
reactivate         403    403    403       403       204    204         403    404            404     404     404
delete             204    204    204       204       204    204         204    404            404     404     404
delete by admin    204    204    204       204       204    204         204    404            404     404     404
delete by member   403    403    403       403       403    403         403    404            404     404     404
restore            409    409    409       409       409    409         409    404            200     404     404
snapshot           409    409    409       409       201    409         409    404            404     404     404
snapshot by admin  409    409    409       409       201    201         409    404            404     404     404
v1 download        404    404    404       404       200    403         404    404            404     404     404
v1 by admin        404    404    404       404       200    403         404    404            404     404     404
v1 headers         200    200    200       200       200    200         200    404            404     404     404
explain            200    200    200       200       200    200         200    404            404     404     404
same id            409    409    409       409       409    409         409    409            409     409     409
`

// stateless are the operations that no state of one image decides about, and
// notServed those that it will; a row of the table is owed once one exists.
var (
	stateless = []string{
		"version-list", "task-show", "image-deleted-list", "health-show", "schema-show", "info-import", "info-stores", "info-stores-detail", "healthcheck", "fallback",
		"keymanager-version-list", "consumer-list", "consumer-retry",
		// Keys have states of their own, which package key tells.
		"secret-create", "secret-list", "secret-show", "secret-payload-show", "secret-payload-set", "secret-delete",
		"order-create", "order-list", "order-show", "order-delete", "secret-consumer-list", "secret-consumer-create", "secret-consumer-delete",
		"secret-acl-show", "secret-acl-set", "secret-acl-delete",
		"key-list", "key-show", "key-restore", "key-audit", "key-deletions-show", "key-deletions-set",
	}
	notServed = []string{
		"image-data-stage", "image-import", "image-location-add", "image-location-list", "image-store-delete", "cache-image-add",
		"image-upload-begin", "image-upload-complete", "image-upload-cancel",
	}
)

// snapshotOf asks for a snapshot of an instance of the project.
func snapshotOf(project string) option {
	return body(strings.NewReplacer("{id}", "ID", "{me}", project).Replace(someSnapshot))
}
