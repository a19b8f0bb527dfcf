package policy

// A secret's rules ask who owns the stored key; reader is true for a project that
// reads it by way of a shared image.
const (
	snapshotImage = "rule:context_is_admin or rule:service_api or (role:member and project_id:%(instance_project_id)s)"
	explainPolicy = "rule:context_is_admin or user_id:%(user_id)s"
	readSecret    = "rule:context_is_admin or (role:reader and project_id:%(project_id)s) or 'True':%(reader)s"
	decryptSecret = "rule:context_is_admin or (role:member and project_id:%(project_id)s) or 'True':%(reader)s"
	consumeSecret = "rule:context_is_admin or rule:service_api or (role:member and project_id:%(project_id)s)"
)

// ownDefaults are the rules of operations that Glance does not have.
var ownDefaults = []Default{
	{
		Rule: "snapshot_image", Check: snapshotImage, Scopes: projectOnly,
		Operations:  []string{"POST /gander/v1/images/snapshot"},
		Description: "Make the image of a snapshot, a backup or a shelved server from the image it was booted from.",
	},
	{
		Rule: "restore_image", Check: admin, Scopes: projectOnly,
		Operations:  []string{"GET /gander/v1/images/deleted", "POST /gander/v1/images/{image_id}/restore"},
		Description: "See which deleted images can be restored, and restore them.",
	},
	{
		Rule: "upload_image_direct", Check: projectMember, Scopes: projectOnly,
		Operations: []string{
			"POST /gander/v1/images/{image_id}/upload", "POST /gander/v1/images/{image_id}/upload/{upload_id}/complete",
			"DELETE /gander/v1/images/{image_id}/upload/{upload_id}",
		},
		Description: "Upload image data straight to the store.",
	},
	{
		Rule: "explain_policy", Check: explainPolicy, Scopes: projectOnly,
		Operations:  []string{"POST /gander/v1/policy/explain"},
		Description: "Ask why a rule lets somebody act or not. The target is the caller asked about.",
	},
	{
		Rule: "get_dead_letters", Check: admin, Scopes: projectOnly,
		Operations:  []string{"GET /gander/v1/consumers", "POST /gander/v1/consumers/{name}/retry"},
		Description: "See how far the consumers of changes are, and have one try again.",
	},
	{
		Rule: "manage_keys", Check: admin, Scopes: projectOnly,
		Operations: []string{
			"GET /gander/v1/keys", "GET /gander/v1/keys/{id}", "POST /gander/v1/keys/{id}/restore", "GET /gander/v1/keys/audit",
			"GET /gander/v1/keys/deletions", "PUT /gander/v1/keys/deletions",
		},
		Description: "See the records of image encryption keys, never a key, and bring keys back.",
	},
	{
		Rule: "get_health", Check: admin, Scopes: projectOnly,
		Operations:  []string{"GET /gander/v1/health"},
		Description: "See versions, the policy in force, and what is not as it should be.",
	},
	{
		Rule: "secret:get", Check: readSecret, Scopes: projectOnly,
		Operations:  []string{"GET /key-manager/v1/secrets", "GET /key-manager/v1/secrets/{id}"},
		Description: "See the metadata of a secret.",
	},
	{
		Rule: "secret:decrypt", Check: decryptSecret, Scopes: projectOnly,
		Operations:  []string{"GET /key-manager/v1/secrets/{id}/payload"},
		Description: "Read the value of a secret.",
	},
	{
		Rule: "secrets:post", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"POST /key-manager/v1/secrets"},
		Description: "Store a secret.",
	},
	{
		Rule: "orders:post", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"POST /key-manager/v1/orders"},
		Description: "Have a key made.",
	},
	{
		Rule: "secret:delete", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"DELETE /key-manager/v1/secrets/{id}"},
		Description: "Delete a secret.",
	},
	{
		Rule: "order:delete", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"DELETE /key-manager/v1/orders/{id}"},
		Description: "Delete an order, not what it made.",
	},
	{
		Rule: "secret_acls:put_patch", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"PUT /key-manager/v1/secrets/{id}/acl", "PATCH /key-manager/v1/secrets/{id}/acl"},
		Description: "Say who else may read a secret.",
	},
	{
		Rule: "consumers:post", Check: consumeSecret, Scopes: projectOnly,
		Operations:  []string{"POST /key-manager/v1/secrets/{id}/consumers"},
		Description: "Say that something needs a secret.",
	},
	{
		Rule: "consumers:delete", Check: consumeSecret, Scopes: projectOnly,
		Operations:  []string{"DELETE /key-manager/v1/secrets/{id}/consumers"},
		Description: "Say that something no longer needs a secret.",
	},
	{
		Rule: "force_delete_secret", Check: admin, Scopes: projectOnly,
		Operations:  []string{"DELETE /key-manager/v1/secrets/{id}"},
		Description: "Delete a secret that something of the owner's own project still needs.",
	},
}
