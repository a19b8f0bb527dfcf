package policy

// ownDefaults are the rules of operations that Glance does not have.
var ownDefaults = []Default{
	{
		Rule: "restore_image", Check: admin, Scopes: projectOnly,
		Operations:  []string{"GET /gander/v1/images/deleted", "POST /gander/v1/images/{image_id}/restore"},
		Description: "See which deleted images can be restored, and restore them.",
	},
}
