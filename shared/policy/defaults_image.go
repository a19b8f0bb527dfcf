package policy

var imageDefaults = []Default{
	{
		Rule: "add_image", Check: createImage, Scopes: projectOnly,
		Operations:  []string{"POST /v2/images"},
		Description: "Create an image, for its proposed owner.",
	},
	{
		Rule: "delete_image", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"DELETE /v2/images/{image_id}"},
		Description: "Delete an image.",
	},
	{
		Rule: "get_image", Check: seeImage, Scopes: projectOnly,
		Operations:  []string{"GET /v2/images/{image_id}"},
		Description: "Show an image, and see that it exists.",
	},
	{
		Rule: "get_images", Check: projectReader, Scopes: projectOnly,
		Operations:  []string{"GET /v2/images"},
		Description: "List images.",
	},
	{
		Rule: "modify_image", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"PATCH /v2/images/{image_id}"},
		Description: "Change an image: its properties and tags, staging and import.",
	},
	{
		Rule: "publicize_image", Check: admin, Scopes: projectOnly,
		Operations:  []string{"PATCH /v2/images/{image_id}"},
		Description: "Make an image public.",
	},
	{
		Rule: "communitize_image", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"PATCH /v2/images/{image_id}"},
		Description: "Make an image a community image.",
	},
	{
		Rule: "download_image", Check: getData, Scopes: projectOnly,
		Operations:  []string{"GET /v2/images/{image_id}/file"},
		Description: "Download an image's bytes.",
	},
	{
		Rule: "upload_image", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"PUT /v2/images/{image_id}/file"},
		Description: "Upload an image's bytes.",
	},
	{
		Rule: "delete_image_location", Check: admin, Scopes: projectOnly,
		Operations:  []string{"PATCH /v2/images/{image_id}"},
		Description: "Take a location away from an image, or its bytes out of a store.",
	},
	{
		Rule: "get_image_location", Check: projectReader, Scopes: projectOnly,
		Operations:  []string{"GET /v2/images/{image_id}"},
		Description: "Delete an image's bytes from one store: see where they are.",
	},
	{
		Rule: "set_image_location", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"PATCH /v2/images/{image_id}"},
		Description: "Set an image's locations by PATCH.",
	},
	{
		Rule: "add_image_location", Check: "rule:service_api or (role:member and project_id:%(project_id)s and project_id:%(owner)s)", Scopes: projectOnly,
		Operations:  []string{"POST /v2/images/{image_id}/locations"},
		Description: "Add a location to a queued image.",
	},
	{
		Rule: "fetch_image_location", Check: service, Scopes: projectOnly,
		Operations:  []string{"GET /v2/images/{image_id}/locations"},
		Description: "Read an image's locations.",
	},
	{
		Rule: "add_member", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"POST /v2/images/{image_id}/members"},
		Description: "Share an image with a project.",
	},
	{
		Rule: "delete_member", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"DELETE /v2/images/{image_id}/members/{member_id}"},
		Description: "Stop sharing an image with a project.",
	},
	{
		Rule: "get_member", Check: readShare, Scopes: projectOnly,
		Operations:  []string{"GET /v2/images/{image_id}/members/{member_id}"},
		Description: "Show one member of a shared image.",
	},
	{
		Rule: "get_members", Check: readShare, Scopes: projectOnly,
		Operations:  []string{"GET /v2/images/{image_id}/members"},
		Description: "List the members of a shared image.",
	},
	{
		Rule: "modify_member", Check: setShare, Scopes: projectOnly,
		Operations:  []string{"PUT /v2/images/{image_id}/members/{member_id}"},
		Description: "Accept or reject a shared image, as the project it is shared with.",
	},
	{
		Rule: "deactivate", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"POST /v2/images/{image_id}/actions/deactivate"},
		Description: "Forbid downloads of an image's bytes.",
	},
	{
		Rule: "reactivate", Check: projectMember, Scopes: projectOnly,
		Operations:  []string{"POST /v2/images/{image_id}/actions/reactivate"},
		Description: "Allow downloads of a deactivated image's bytes again.",
	},
	{
		Rule: "copy_image", Check: admin, Scopes: projectOnly,
		Operations:  []string{"POST /v2/images/{image_id}/import"},
		Description: "Copy an image's bytes to other stores.",
	},
	{
		Rule: "download_from_store", Check: getData, Scopes: projectOnly,
		Operations:  []string{"GET /v2/images/{image_id}/file"},
		Description: "Download an image's bytes from a chosen store.",
	},
}

// otherDefaults are the rules of cache, stores and tasks.
var otherDefaults = []Default{
	{
		Rule: "manage_image_cache", Check: admin, Scopes: projectOnly,
		Description: "Manage the image cache by its old calls.",
	},
	{
		Rule: "get_task", Check: allowDefault, Scopes: projectOnly,
		Operations:  []string{"GET /v2/tasks/{task_id}"},
		Description: "Show a task.",
	},
	{
		Rule: "get_tasks", Check: allowDefault, Scopes: projectOnly,
		Operations:  []string{"GET /v2/tasks"},
		Description: "List tasks.",
	},
	{
		Rule: "add_task", Check: allowDefault, Scopes: projectOnly,
		Operations:  []string{"POST /v2/tasks"},
		Description: "Create a task.",
	},
	{
		Rule: "modify_task", Check: allowDefault, Scopes: projectOnly,
		Operations:  []string{"DELETE /v2/tasks/{task_id}"},
		Description: "Delete a task.",
	},
	{
		Rule: "tasks_api_access", Check: admin, Scopes: projectOnly,
		Operations:  []string{"GET /v2/tasks/{task_id}", "GET /v2/tasks", "POST /v2/tasks", "DELETE /v2/tasks/{task_id}"},
		Description: "Use the task calls at all.",
	},
	{
		Rule: "cache_image", Check: admin, Scopes: projectOnly,
		Operations:  []string{"PUT /v2/cache/{image_id}"},
		Description: "Put an image into the cache.",
	},
	{
		Rule: "cache_list", Check: admin, Scopes: projectOnly,
		Operations:  []string{"GET /v2/cache"},
		Description: "List what is cached.",
	},
	{
		Rule: "cache_delete", Check: admin, Scopes: projectOnly,
		Operations:  []string{"DELETE /v2/cache", "DELETE /v2/cache/{image_id}"},
		Description: "Take an image, or all, out of the cache.",
	},
	{
		Rule: "stores_info_detail", Check: "rule:context_is_admin or rule:service_api", Scopes: projectOnly,
		Operations:  []string{"GET /v2/info/stores/detail"},
		Description: "See the stores with their properties.",
	},
	{
		Rule: "list_cached_nodes", Check: admin, Scopes: projectOnly,
		Operations:  []string{"GET /v2/cache/nodes/{image_id}"},
		Description: "List the nodes that have an image in their cache.",
	},
	{
		Rule: "cache_clean", Check: admin, Scopes: projectOnly,
		Operations:  []string{"POST /v2/cache/clean"},
		Description: "Clean the cache of broken entries.",
	},
	{
		Rule: "cache_prune", Check: admin, Scopes: projectOnly,
		Operations:  []string{"POST /v2/cache/prune"},
		Description: "Shrink the cache to its size.",
	},
}
