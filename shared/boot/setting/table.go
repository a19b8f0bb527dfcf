package setting

import (
	"log/slog"
	"time"

	"github.com/gander-images/gander/shared/identity/jwt"
)

// Table lists every setting, in the order of the configuration page.
var Table = []Row{
	{
		Name: "GANDER_LISTEN", Default: "127.0.0.1:9292", Uses: Listens, Glance: "bind_host, bind_port",
		Doc:  "Address to serve on. Another than a loopback one needs a certificate, or `GANDER_TLS_ENDS_IN_FRONT`, and a source of identity other than `development`. A function that serves HTTP by itself takes the port from `PORT` when this is not set.",
		kind: address(func(v *Values) *string { return &v.Listen }),
	},
	{
		Name: "GANDER_PUBLIC_ENDPOINT", Uses: Answers | Authorizes, Glance: "public_endpoint",
		Doc:  "URL under which callers reach the service. Absolute URLs in answers begin with it; the request's Host header is never used. Made from the listener when not set; a Lambda has no listener and needs it.",
		kind: endpoint(func(v *Values) *string { return &v.PublicEndpoint }),
	},
	{
		Name: "GANDER_TLS_CERT", Uses: Listens, Glance: "cert_file",
		Doc:  "PEM file with the certificate, and those between it and the root. Read again when the process starts anew.",
		kind: path(func(v *Values) *string { return &v.TLSCert }),
	},
	{
		Name: "GANDER_TLS_KEY", Uses: Listens, Glance: "key_file",
		Doc:  "PEM file with the key of `GANDER_TLS_CERT`.",
		kind: path(func(v *Values) *string { return &v.TLSKey }),
	},
	{
		Name: "GANDER_TLS_ENDS_IN_FRONT", Default: "false", Uses: Listens,
		Doc:  "Says that something in front ends TLS, so that plain HTTP may be served on an address other than loopback.",
		kind: yesNo(func(v *Values) *bool { return &v.TLSEndsInFront }),
	},
	{
		Name: "GANDER_INTERNAL_LISTEN", Uses: Standalone,
		Doc:  "Address of a second listener for callers inside, as compute hosts: the same calls over the same images, decided by the policy of `GANDER_INTERNAL_POLICY_FILE`. Certificate and rules for addresses are those of `GANDER_LISTEN`; only the hosts that it is for may reach it, which is for the network to see to. Not set: there is none.",
		kind: address(func(v *Values) *string { return &v.Internal.Listen }),
	},
	{
		Name: "GANDER_INTERNAL_ENDPOINT", Uses: Standalone,
		Doc:  "URL under which those callers reach it. Absolute URLs in its answers begin with it. Made from the listener when not set.",
		kind: endpoint(func(v *Values) *string { return &v.Internal.Endpoint }),
	},
	{
		Name: "GANDER_INTERNAL_POLICY_FILE", Uses: Standalone,
		Doc:  "Policy of the second listener, in the form of `GANDER_POLICY_FILE`, of which nothing counts there. It must be set beside `GANDER_INTERNAL_LISTEN`.",
		kind: paths(func(v *Values) *[]string { return &v.Internal.Policy.Files }),
	},
	{
		Name: "GANDER_DATA", Default: ".gander", Uses: Metadata | Bytes | Tokens | Standalone, Glance: "filesystem_store_datadir, connection",
		Doc:  "The local mix: the folder with everything that is kept, metadata, image data and development identity. One process at a time uses it.",
		kind: path(func(v *Values) *string { return &v.Data }),
	},
	{
		Name: "GANDER_TABLE", Uses: Metadata,
		Doc:  "The cloud mix, with `GANDER_BUCKET` and in place of `GANDER_DATA`: the DynamoDB table with the metadata.",
		kind: name(func(v *Values) *string { return &v.Table }, "the name of a table", `^[A-Za-z0-9_.-]{3,255}$`),
	},
	{
		Name: "GANDER_BUCKET", Uses: Bytes,
		Doc:  "The cloud mix, with `GANDER_TABLE`: the S3 bucket with the image data. It has versioning switched on.",
		kind: name(func(v *Values) *string { return &v.Bucket }, "the name of a bucket", `^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`),
	},
	{
		Name: "GANDER_STORES", Uses: Bytes | Answers, Glance: "enabled_backends",
		Doc:  "Names of the stores, the default first. There is one for now: `local` on the local mix, `s3` on the cloud mix, and that is the default. A function that keeps nothing itself cannot tell the mix, and takes `local` unless this is set.",
		kind: words(func(v *Values) *[]string { return &v.Stores }),
	},
	{
		Name: "GANDER_DOWNLOADS", Default: "auto", Uses: Gives,
		Doc:  "How image data reaches callers. `direct` sends the bytes. `redirect` answers 302 with a URL of the bucket that is good for 300 seconds, once policy and range are settled. `auto` is `redirect` for a Lambda on the cloud mix, and `direct` for whatever has a listener.",
		kind: choice(func(v *Values) *string { return &v.Downloads }, "auto", "redirect", "direct"),
	},
	{
		Name: "GANDER_IDENTITY", Default: "development", Uses: Tokens, Glance: "flavor",
		Doc: "Who says who is asking. `development` is the small Keystone that comes along, for loopback alone. `keystone` is an OpenStack Identity service, `jwt` an issuer of signed tokens. " +
			"`authorizer` is for Lambdas behind a gateway whose authorizer has asked one of these before. See [identity](identity.md).",
		kind: choice(func(v *Values) *string { return &v.Identity }, "development", "keystone", "jwt", "authorizer"),
	},
	{
		Name: "GANDER_DEVELOPMENT_KEY", Uses: Tokens,
		Doc:  "Public key of a development identity that runs elsewhere, as in its file `identity.pub`; its tokens are accepted. Not set: the identity in `GANDER_DATA`. The cloud mix needs it.",
		kind: publicKey(func(v *Values) *string { return &v.DevelopmentKey }),
	},
	{
		Name: "GANDER_KEYSTONE_URL", Uses: Tokens, Glance: "www_authenticate_uri, auth_url",
		Doc:  "For `GANDER_IDENTITY=keystone`: URL of the Identity service, with or without `/v3`. Tokens are checked there, and answers of 401 send callers there.",
		kind: endpoint(func(v *Values) *string { return &v.Keystone.URL }),
	},
	{
		Name: "GANDER_KEYSTONE_CA_FILE", Uses: Tokens, Glance: "cafile",
		Doc:  "PEM file with the authorities that vouch for Keystone's certificate. Not set: those that the system knows.",
		kind: path(func(v *Values) *string { return &v.Keystone.CAFile }),
	},
	{
		Name: "GANDER_KEYSTONE_USERNAME", Uses: Tokens, Glance: "username",
		Doc:  "User in whose name tokens are checked; it needs the role `service`. Not set: each token asks about itself, and the service needs no password.",
		kind: text(func(v *Values) *string { return &v.Keystone.Username }),
	},
	{
		Name: "GANDER_KEYSTONE_PASSWORD_FILE", Uses: Tokens, Glance: "password",
		Doc:  "File with the password of that user. It is read at each login, so that the password can be changed while the service runs.",
		kind: path(func(v *Values) *string { return &v.Keystone.PasswordFile }),
	},
	{
		Name: "GANDER_KEYSTONE_PROJECT", Default: "service", Uses: Tokens, Glance: "project_name",
		Doc:  "Project that the user logs in to.",
		kind: text(func(v *Values) *string { return &v.Keystone.Project }),
	},
	{
		Name: "GANDER_KEYSTONE_USER_DOMAIN", Default: "Default", Uses: Tokens, Glance: "user_domain_name",
		Doc:  "Name of the user's domain.",
		kind: text(func(v *Values) *string { return &v.Keystone.UserDomain }),
	},
	{
		Name: "GANDER_KEYSTONE_PROJECT_DOMAIN", Default: "Default", Uses: Tokens, Glance: "project_domain_name",
		Doc:  "Name of the project's domain.",
		kind: text(func(v *Values) *string { return &v.Keystone.ProjectDomain }),
	},
	{
		Name: "GANDER_JWT_ISSUER", Uses: Tokens,
		Doc:  "For `GANDER_IDENTITY=jwt`: the issuer of the tokens, to the letter as their claim `iss` has it. https, or http on this machine.",
		kind: checked(func(v *Values) *string { return &v.JWT.Issuer }, "URL", jwt.CheckIssuer),
	},
	{
		Name: "GANDER_JWT_JWKS_URL", Uses: Tokens,
		Doc:  "Where the issuer publishes its keys, a JWK set. Not set: as its `/.well-known/openid-configuration` says.",
		kind: checked(func(v *Values) *string { return &v.JWT.KeysURL }, "URL", jwt.CheckURL),
	},
	{
		Name: "GANDER_JWT_AUDIENCE", Uses: Tokens,
		Doc:  "What tokens for this service have in `aud`; one of these words must be there.",
		kind: words(func(v *Values) *[]string { return &v.JWT.Audience }),
	},
	{
		Name: "GANDER_JWT_MAPPING", Uses: Tokens,
		Doc:  "YAML or JSON file that says which claims are the user, the project and the roles. Not set: `sub`, `project_id`, `roles`.",
		kind: mapping(func(v *Values) **jwt.Mapping { return &v.JWT.Mapping }),
	},
	{
		Name: "GANDER_SERVICE_TOKEN_ROLES", Default: "service", Uses: Tokens, Glance: "service_token_roles",
		Doc:  "Roles of which a service token must carry one to count.",
		kind: words(func(v *Values) *[]string { return &v.ServiceTokenRoles }),
	},
	{
		Name: "GANDER_POLICY_FILE", Uses: Decides, Glance: "policy_file",
		Doc: "Files with the operator's own rules, YAML or JSON, and directories of such, with commas between them; later ones win over earlier ones. " +
			"A rule that is in none of them keeps its default. Not set: the defaults alone.",
		kind: paths(func(v *Values) *[]string { return &v.Policy.Files }),
	},
	{
		Name: "GANDER_POLICY_FAULTS", Default: "refuse", Uses: Decides,
		Doc: "What becomes of rules that oslo.policy would take, but that do not mean what they seem to: `refuse` stops the start and names them all; " +
			"`warn` takes them as oslo.policy does, and logs them. What oslo.policy cannot load stops the start in any case.",
		kind: choice(func(v *Values) *string { return &v.PolicyFaults }, "refuse", "warn"),
	},
	{
		Name: "GANDER_POLICY_RELOAD", Default: "10s", Uses: Listens,
		Doc: "How often the files of the policy are looked at for changes; SIGHUP has them looked at once. What changed is in force as a whole or, where anything is wrong with it, not at all. " +
			"`0s`: never. A Lambda reads them once, when it starts.",
		kind: duration(func(v *Values) *time.Duration { return &v.PolicyReload }, 0, 24*time.Hour),
	},
	{
		Name: "GANDER_PROPERTY_PROTECTION_FILE", Uses: Properties, Glance: "property_protection_file",
		Doc: "INI file that says who may create, read, update and delete which custom properties. Each section's header is a regular expression, searched for in a property's name; " +
			"the first that is found decides, and a name in which none is found is nobody's, admins included. Read once, at the start. Not set: nothing is protected. " +
			"See [property protections](property-protections.md).",
		kind: path(func(v *Values) *string { return &v.Protection.File }),
	},
	{
		Name: "GANDER_PROPERTY_PROTECTION_FORMAT", Default: "roles", Uses: Properties, Glance: "property_protection_rule_format",
		Doc:  "What the options of that file hold: `roles`, with commas between them, of which a caller or its service needs one; or `policies`, each the name of one rule of the policy, which is asked without an image.",
		kind: choice(func(v *Values) *string { return &v.Protection.Format }, "roles", "policies"),
	},
	{
		Name: "GANDER_RETENTION", Default: "24h", Uses: Writes, Glance: "scrub_time",
		Doc:  "How long a deleted image can be restored before its data is removed. `0s` removes it at once.",
		kind: duration(func(v *Values) *time.Duration { return &v.Retention }, 0, 10*365*24*time.Hour),
	},
	{
		Name: "GANDER_LEASE", Default: "10m", Uses: Writes | Later,
		Doc:  "How long an upload may be silent before it ends and the image is `queued` again. Uploads give a sign of life every tenth of it.",
		kind: duration(func(v *Values) *time.Duration { return &v.Lease }, time.Second, 24*time.Hour),
	},
	{
		Name: "GANDER_DEPLOYMENT", Default: "gander", Uses: Secrets,
		Doc:  "Name of this deployment. On the cloud mix the names of its secrets begin with it: `gander/<key id>/<generation>`. No two deployments of an account and region may have the same one, and none may change it while it has keys.",
		kind: name(func(v *Values) *string { return &v.Deployment }, "the name of a deployment", `^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`),
	},
	{
		Name: "GANDER_VAULT_KEY_FILE", Uses: Secrets,
		Doc:  "The local mix: the file with the key that seals image encryption keys on disk, made at the first start; nobody else on the machine may be able to read it. Without it they are lost. Not set: `vault.key` in `GANDER_DATA`.",
		kind: path(func(v *Values) *string { return &v.VaultKeyFile }),
	},
	{
		Name: "GANDER_KEY_DELAY", Default: "1h", Uses: Writes,
		Doc:  "How long an image encryption key that nobody holds any more, and that is wished gone, stays usable before its deletion is scheduled. `0s`: it is scheduled at once.",
		kind: duration(func(v *Values) *time.Duration { return &v.KeyDelay }, 0, 10*365*24*time.Hour),
	},
	{
		Name: "GANDER_KEY_WINDOW_DAYS", Default: "30", Uses: Later,
		Doc:  "For how many days an operator can restore a key whose deletion is scheduled: 7 to 30. The local mix counts the time that the service runs.",
		kind: days(func(v *Values) *time.Duration { return &v.KeyWindow }, 7, 30),
	},
	{
		Name: "GANDER_UPLOADS", Default: "32", Uses: Listens,
		Doc:  "Most uploads that one process takes at once; more are answered 503. Each holds 4 MiB of memory; to S3 36 MiB, and 148 MiB from 53 GiB of one image on.",
		kind: count(func(v *Values) *int { return &v.Uploads }),
	},
	{
		Name: "GANDER_IMAGE_SIZE_CAP", Default: "1TiB", Uses: Writes, Glance: "image_size_cap",
		Doc:  "Largest image. Sizes are bytes, or end with KiB to PiB (powers of 1,024) or kB to PB (powers of 1,000).",
		kind: size(func(v *Values) *int64 { return &v.ImageSizeCap }),
	},
	{
		Name: "GANDER_IMAGE_PROPERTY_QUOTA", Default: "128", Uses: Writes, Glance: "image_property_quota",
		Doc:  "Most custom properties of one image. `-1`: no limit.",
		kind: quota(func(v *Values) *int { return &v.PropertyQuota }),
	},
	{
		Name: "GANDER_IMAGE_TAG_QUOTA", Default: "128", Uses: Writes, Glance: "image_tag_quota",
		Doc:  "Most tags of one image. `-1`: no limit.",
		kind: quota(func(v *Values) *int { return &v.TagQuota }),
	},
	{
		Name: "GANDER_IMAGE_MEMBER_QUOTA", Default: "128", Uses: Writes, Glance: "image_member_quota",
		Doc:  "Most members of one image. `-1`: no limit.",
		kind: quota(func(v *Values) *int { return &v.MemberQuota }),
	},
	{
		Name: "GANDER_IMAGE_LOCATION_QUOTA", Default: "10", Uses: Writes, Glance: "image_location_quota",
		Doc:  "Most places that hold one image's data. `-1`: no limit.",
		kind: quota(func(v *Values) *int { return &v.LocationQuota }),
	},
	{
		Name: "GANDER_NON_INHERITABLE_PROPERTIES", Default: "cache_in_nova,bittorrent", Uses: Writes,
		Doc: "Custom properties that a snapshot does not inherit from its source image, beside those that none inherits; Nova's `non_inheritable_image_properties`. " +
			"With a property in it that names an encryption key, or says what becomes of one, the key is cloned all the same, and its clone is never deleted with the image.",
		kind: words(func(v *Values) *[]string { return &v.NotInherited }),
	},
	{
		Name: "GANDER_SWEEP_INTERVAL", Default: "30s", Uses: Ticks,
		Doc:  "How often what is due is looked for. Most of it is done at once; this is for the rest.",
		kind: duration(func(v *Values) *time.Duration { return &v.SweepEvery }, time.Second, time.Hour),
	},
	{
		Name: "GANDER_STOP_TIMEOUT", Default: "5m", Uses: Listens,
		Doc:  "How long running requests, uploads among them, may go on after a signal to stop. A second signal stops at once.",
		kind: duration(func(v *Values) *time.Duration { return &v.StopTimeout }, 0, 24*time.Hour),
	},
	{
		Name: "GANDER_LOG_LEVEL", Default: "info", Uses: Always, Glance: "debug",
		Doc:  "Least urgent lines that are logged.",
		kind: level(func(v *Values) *slog.Level { return &v.LogLevel }),
	},
	{
		Name: "GANDER_LOG_FORMAT", Default: "auto", Uses: Always,
		Doc:  "`auto` is text on a terminal and JSON elsewhere.",
		kind: choice(func(v *Values) *string { return &v.LogFormat }, "auto", "json", "text"),
	},

	later("GANDER_SHOW_IMAGE_DIRECT_URL", Answers, "show_image_direct_url", neverLocations),
	later("GANDER_SHOW_MULTIPLE_LOCATIONS", Answers, "show_multiple_locations", neverLocations),
}

const (
	neverLocations = "Gander never shows where image data is kept: whoever knows a location may get around the policy of the image"
)

func later(name string, uses Use, glance, why string) Row {
	return Row{Name: name, Uses: uses, Glance: glance, Refused: why, kind: anything}
}
