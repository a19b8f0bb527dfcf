// Package policy speaks oslo.policy: the rule language, the registered
// defaults, and the decisions made by them.
package policy

// A Rule is the name under which a rule is registered, as operators write it.
type Rule string

// The rules that Gander asks for.
const (
	ContextIsAdmin    Rule = "context_is_admin"
	AddImage          Rule = "add_image"
	GetImage          Rule = "get_image"
	GetImages         Rule = "get_images"
	DeleteImage       Rule = "delete_image"
	UploadImage       Rule = "upload_image"
	DownloadImage     Rule = "download_image"
	ModifyImage       Rule = "modify_image"
	Deactivate        Rule = "deactivate"
	Reactivate        Rule = "reactivate"
	AddMember         Rule = "add_member"
	GetMember         Rule = "get_member"
	GetMembers        Rule = "get_members"
	ModifyMember      Rule = "modify_member"
	DeleteMember      Rule = "delete_member"
	TasksAPIAccess    Rule = "tasks_api_access"
	RestoreImage      Rule = "restore_image"
	ExplainPolicy     Rule = "explain_policy"
	GetHealth         Rule = "get_health"
	PublicizeImage    Rule = "publicize_image"
	CommunitizeImage  Rule = "communitize_image"
	StoresInfoDetail  Rule = "stores_info_detail"
	SnapshotImage     Rule = "snapshot_image"
	GetDeadLetters    Rule = "get_dead_letters"
	ManageKeys        Rule = "manage_keys"
	SecretGet         Rule = "secret:get"
	SecretDecrypt     Rule = "secret:decrypt"
	SecretDelete      Rule = "secret:delete"
	ForceDeleteSecret Rule = "force_delete_secret"
	SecretsPost       Rule = "secrets:post"
	SecretACLsPut     Rule = "secret_acls:put_patch"
	OrdersPost        Rule = "orders:post"
	OrderDelete       Rule = "order:delete"
	ConsumersPost     Rule = "consumers:post"
	ConsumersDelete   Rule = "consumers:delete"
)
