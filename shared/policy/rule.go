// Package policy speaks oslo.policy: the rule language, the registered
// defaults, and the decisions made by them.
package policy

// A Rule is the name under which a rule is registered, as operators write it.
type Rule string

// The rules that Gander asks for.
const (
	ContextIsAdmin   Rule = "context_is_admin"
	AddImage         Rule = "add_image"
	GetImage         Rule = "get_image"
	GetImages        Rule = "get_images"
	DeleteImage      Rule = "delete_image"
	UploadImage      Rule = "upload_image"
	DownloadImage    Rule = "download_image"
	ModifyImage      Rule = "modify_image"
	Deactivate       Rule = "deactivate"
	Reactivate       Rule = "reactivate"
	AddMember        Rule = "add_member"
	GetMember        Rule = "get_member"
	GetMembers       Rule = "get_members"
	ModifyMember     Rule = "modify_member"
	DeleteMember     Rule = "delete_member"
	TasksAPIAccess   Rule = "tasks_api_access"
	RestoreImage     Rule = "restore_image"
	ExplainPolicy    Rule = "explain_policy"
	GetHealth        Rule = "get_health"
	PublicizeImage   Rule = "publicize_image"
	CommunitizeImage Rule = "communitize_image"
	StoresInfoDetail Rule = "stores_info_detail"
)
