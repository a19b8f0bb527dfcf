package policy

var metadefDefaults = []Default{
	{
		Rule: "metadef_default", Check: "",
		Description: "What the metadata definitions fall back to; allows.",
	},
	{
		Rule: "metadef_admin", Check: admin,
		Description: "Who administers metadata definitions.",
	},
	{
		Rule: "get_metadef_namespace", Check: readNamespace, Scopes: projectOnly,
		Operations:  []string{"GET /v2/metadefs/namespaces/{namespace_name}"},
		Description: "Show a namespace, and see that it exists.",
	},
	{
		Rule: "get_metadef_namespaces", Check: projectReader, Scopes: projectOnly,
		Operations:  []string{"GET /v2/metadefs/namespaces"},
		Description: "List namespaces.",
	},
	{
		Rule: "modify_metadef_namespace", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"PUT /v2/metadefs/namespaces/{namespace_name}"},
		Description: "Change a namespace.",
	},
	{
		Rule: "add_metadef_namespace", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"POST /v2/metadefs/namespaces"},
		Description: "Create a namespace.",
	},
	{
		Rule: "delete_metadef_namespace", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"DELETE /v2/metadefs/namespaces/{namespace_name}"},
		Description: "Delete a namespace, or all of its objects or properties.",
	},
	{
		Rule: "get_metadef_object", Check: readNamespace, Scopes: projectOnly,
		Operations:  []string{"GET /v2/metadefs/namespaces/{namespace_name}/objects/{object_name}"},
		Description: "Show an object of a namespace.",
	},
	{
		Rule: "get_metadef_objects", Check: readNamespace, Scopes: projectOnly,
		Operations:  []string{"GET /v2/metadefs/namespaces/{namespace_name}/objects"},
		Description: "List a namespace's objects.",
	},
	{
		Rule: "modify_metadef_object", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"PUT /v2/metadefs/namespaces/{namespace_name}/objects/{object_name}"},
		Description: "Change an object of a namespace.",
	},
	{
		Rule: "add_metadef_object", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"POST /v2/metadefs/namespaces/{namespace_name}/objects"},
		Description: "Create an object in a namespace.",
	},
	{
		Rule: "delete_metadef_object", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"DELETE /v2/metadefs/namespaces/{namespace_name}/objects/{object_name}"},
		Description: "Delete an object of a namespace.",
	},
	{
		Rule: "list_metadef_resource_types", Check: readNamespace, Scopes: projectOnly,
		Operations:  []string{"GET /v2/metadefs/resource_types"},
		Description: "List resource types.",
	},
	{
		Rule: "get_metadef_resource_type", Check: readNamespace, Scopes: projectOnly,
		Operations:  []string{"GET /v2/metadefs/namespaces/{namespace_name}/resource_types"},
		Description: "See one of a namespace's resource types.",
	},
	{
		Rule: "add_metadef_resource_type_association", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"POST /v2/metadefs/namespaces/{namespace_name}/resource_types"},
		Description: "Associate a resource type with a namespace.",
	},
	{
		Rule: "remove_metadef_resource_type_association", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"DELETE /v2/metadefs/namespaces/{namespace_name}/resource_types/{name}"},
		Description: "Dissociate a resource type from a namespace.",
	},
	{
		Rule: "get_metadef_property", Check: readNamespace, Scopes: projectOnly,
		Operations:  []string{"GET /v2/metadefs/namespaces/{namespace_name}/properties/{property_name}"},
		Description: "Show a property of a namespace.",
	},
	{
		Rule: "get_metadef_properties", Check: readNamespace, Scopes: projectOnly,
		Operations:  []string{"GET /v2/metadefs/namespaces/{namespace_name}/properties"},
		Description: "List a namespace's properties.",
	},
	{
		Rule: "modify_metadef_property", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"PUT /v2/metadefs/namespaces/{namespace_name}/properties/{property_name}"},
		Description: "Change a property of a namespace.",
	},
	{
		Rule: "add_metadef_property", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"POST /v2/metadefs/namespaces/{namespace_name}/properties"},
		Description: "Create a property in a namespace.",
	},
	{
		Rule: "remove_metadef_property", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"DELETE /v2/metadefs/namespaces/{namespace_name}/properties/{property_name}"},
		Description: "Delete a property of a namespace.",
	},
	{
		Rule: "get_metadef_tag", Check: readNamespace, Scopes: projectOnly,
		Operations:  []string{"GET /v2/metadefs/namespaces/{namespace_name}/tags/{tag_name}"},
		Description: "Show a tag of a namespace.",
	},
	{
		Rule: "get_metadef_tags", Check: readNamespace, Scopes: projectOnly,
		Operations:  []string{"GET /v2/metadefs/namespaces/{namespace_name}/tags"},
		Description: "List a namespace's tags.",
	},
	{
		Rule: "modify_metadef_tag", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"PUT /v2/metadefs/namespaces/{namespace_name}/tags/{tag_name}"},
		Description: "Rename a tag of a namespace.",
	},
	{
		Rule: "add_metadef_tag", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"POST /v2/metadefs/namespaces/{namespace_name}/tags/{tag_name}"},
		Description: "Create a tag in a namespace.",
	},
	{
		Rule: "add_metadef_tags", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"POST /v2/metadefs/namespaces/{namespace_name}/tags"},
		Description: "Create several tags in a namespace.",
	},
	{
		Rule: "delete_metadef_tag", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"DELETE /v2/metadefs/namespaces/{namespace_name}/tags/{tag_name}"},
		Description: "Delete a tag of a namespace.",
	},
	{
		Rule: "delete_metadef_tags", Check: metadefAdmin, Scopes: projectOnly,
		Operations:  []string{"DELETE /v2/metadefs/namespaces/{namespace_name}/tags"},
		Description: "Delete all tags of a namespace.",
	},
}
