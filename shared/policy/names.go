package policy

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/spelling"
)

// aliases are the names under which other services, older releases and the
// source of Glance itself know a credential.
//
// Source: oslo_context/context.py, the deprecated keys of to_policy_values;
// Keystone's token, as its own policies name its parts.
var aliases = map[string]string{
	"user":                    "user_id",
	"userid":                  "user_id",
	"user_identity":           "user_id",
	"user.id":                 "user_id",
	"token.user.id":           "user_id",
	"user_domain":             "user_domain_id",
	"user.domain.id":          "user_domain_id",
	"token.user.domain.id":    "user_domain_id",
	"tenant":                  "project_id",
	"tenant_id":               "project_id",
	"tenantid":                "project_id",
	"project":                 "project_id",
	"projectid":               "project_id",
	"project.id":              "project_id",
	"token.project.id":        "project_id",
	"project_domain":          "project_domain_id",
	"project.domain.id":       "project_domain_id",
	"token.project.domain.id": "project_domain_id",
	"domain":                  "domain_id",
	"domain.id":               "domain_id",
	"token.domain.id":         "domain_id",
	"scope":                   "system_scope",
	"token.system.all":        "system_scope",
	"service_role":            "service_roles",
	"service_user":            "service_user_id",
	"service_project":         "service_project_id",
}

// nameless are what a token says, too, and no policy is told.
var nameless = wordSet("user_name username project_name tenant_name domain_name user_domain_name project_domain_name auth_token request_id")

// constants are those of Python, by how others write them.
var constants = map[string]string{"true": "True", "false": "False", "none": "None", "null": "None"}

// ruleAliases are the names that other services have for rules of Glance's.
var ruleAliases = map[string]Rule{
	"admin": ContextIsAdmin, "admin_api": ContextIsAdmin, "admin_required": ContextIsAdmin, "is_admin": ContextIsAdmin,
	"service": "service_api", "service_role": "service_api",
}

// settled are keys whose values are these alone.
var settled = map[string]map[string]bool{
	"visibility": wordSet("public community shared private"),
	"status":     wordSet("queued saving uploading importing active deactivated killed deleted pending_delete"),
	"protected":  wordSet("True False"),
	"os_hidden":  wordSet("True False"),
}

// targetKeys are the keys of targets that are no property of a user's own: of
// images, of metadata definitions, of keys, of snapshots, of a caller asked
// about.
var targetKeys = wordSet(`project_id owner creator_user_id member_id member id image_id name status visibility protected os_hidden min_disk min_ram
	size virtual_size disk_format container_format checksum os_hash_algo os_hash_value created_at updated_at tags
	reader instance_project_id user_id roles`)

// targetAliases are keys that no target has, by what is meant.
var targetAliases = map[string]string{
	"tenant":     "project_id",
	"tenant_id":  "project_id",
	"project":    "project_id",
	"owner_id":   "owner",
	"creator":    "creator_user_id",
	"creator_id": "creator_user_id",
	"is_public":  "visibility",
	"public":     "visibility",
	"member_ids": "member_id",
	"hidden":     "os_hidden",
	"os_hash":    "os_hash_value",
}

// neverNull are the keys whose values are numbers for every image: a numeric
// conversion of them cannot fail.
var neverNull = wordSet("min_disk min_ram")

// holders are what other services put before the name of a property.
var holders = wordSet("target image resource token user project context credentials creds self request obj domain")

// commonRoles are the roles that Keystone makes, and one that older clouds have.
var commonRoles = wordSet("admin manager member reader service _member_")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// namesOf are the rules that a reference may name.
func namesOf(doc *Document, defaults []Default) map[string]bool {
	names := map[string]bool{}
	for _, d := range defaults {
		names[string(d.Rule)] = true
	}
	for _, e := range doc.rules {
		names[e.name] = true
		names[straight(e.name)] = true
	}
	return names
}

// nearest returns the word of the set that is meant, perhaps: of short words,
// little may differ.
func nearest(word string, among iter.Seq[string]) string {
	return spelling.Nearest(word, among, min(2, len(word)/4))
}

// sorted makes guesses among the keys of a set the same each time.
func sorted[V any](set map[string]V) iter.Seq[string] {
	return slices.Values(slices.Sorted(maps.Keys(set)))
}

// typographic are the quotes of printed text, and signs as wide as a Chinese
// letter, which pasting brings along.
const typographic = "‘’‚‛“”„‟′″«»：（）％"

var straightener = strings.NewReplacer(
	"‘", "'", "’", "'", "‚", "'", "‛", "'", "′", "'",
	"“", `"`, "”", `"`, "„", `"`, "‟", `"`, "″", `"`, "«", `"`, "»", `"`,
	"：", ":", "（", "(", "）", ")", "％", "%",
)

// narrow writes a wide colon as YAML knows it.
var narrow = strings.NewReplacer("： ", ": ", "：", ": ")

// invisible are characters that nobody sees, and that are no white space either.
const invisible = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"

// withoutInvisible is the text as it is seen.
func withoutInvisible(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(invisible, r) {
			return -1
		}
		return r
	}, text)
}

// straight is a name without typographic quotes around it.
func straight(name string) string { return strings.Trim(name, typographic) }
