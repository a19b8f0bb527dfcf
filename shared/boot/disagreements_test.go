package boot

import (
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/template"
	"github.com/gander-images/gander/shared/httpapi"
)

// A damage breaks one side; want is what must be said of it.
type damage struct {
	does func(*inventory)
	want string
}

func properties(i *inventory, id string) template.Tree {
	return i.template.At("Resources", id, "Properties")
}

func dataProperties(i *inventory, id string) template.Tree {
	return i.dataplane.At("Resources", id, "Properties")
}

func functionVariables(i *inventory, id string) template.Tree {
	return properties(i, id).At("Environment", "Variables")
}

func routesOf(i *inventory) template.Tree {
	return properties(i, "Api").At("DefinitionBody", "paths")
}

func givenUpOf(i *inventory) template.Tree {
	return i.template.At("Resources", "SweeperFunction", "Properties", "Events")
}

func mappingOf(i *inventory) template.Tree {
	return properties(i, "ReaperFunction").At("Events", "Changes", "Properties")
}

// statements are those of a role's one policy.
func statements(role template.Tree) []template.Tree {
	return role.Trees("Policies")[0].At("PolicyDocument").Trees("Statement")
}

// more adds a statement to a role's policy.
func more(role template.Tree, action, resource string) {
	document := role.Trees("Policies")[0].At("PolicyDocument")
	document["Statement"] = append(document.List("Statement"), template.Tree{"Effect": "Allow", "Action": action, "Resource": resource})
}

func container(i *inventory) template.Tree {
	return dataProperties(i, "TaskDefinition").Trees("ContainerDefinitions")[0]
}

func distribution(i *inventory) template.Tree {
	return dataProperties(i, "Distribution").At("DistributionConfig")
}

var damages = map[string]damage{
	"folder missing":    {func(i *inventory) { delete(i.folders, "image-show") }, "image-show: in the operation table, not in functions/"},
	"folder too many":   {func(i *inventory) { i.folders["image-rename"] = "" }, "image-rename: in functions/, not in the operation table"},
	"another's main":    {func(i *inventory) { i.folders["image-show"] = i.folders["image-list"] }, "image-show: its main.go does not run ImageShow"},
	"row missing":       {func(i *inventory) { i.rows = i.rows[1:] }, "version-list: in functions/, not in the operation table"},
	"row with a method": {func(i *inventory) { i.rows[1].Methods = []string{"POST", "PUT"} }, "PUT /v2/images: in the operation table, not in the template's routes"},
	"row with a need":   {func(i *inventory) { i.rows[0].Needs |= httpapi.ReadTable }, "version-list: reads GANDER_TABLE and is not given it"},
	"function missing":  {func(i *inventory) { delete(i.template.At("Resources"), "ReaperFunction") }, "ReaperFunction: in the operation table, not in template.yaml"},
	"function's code": {
		func(i *inventory) { properties(i, "ImageShowFunction")["CodeUri"] = "build/functions/image-list/" },
		"ImageShowFunction: its CodeUri is build/functions/image-list/",
	},
	"function built by SAM": {func(i *inventory) { delete(i.template.At("Resources", "ImageShowFunction"), "Metadata") }, "ImageShowFunction: SAM would build it anew"},
	"one processor":         {func(i *inventory) { i.template.At("Globals", "Function")["Architectures"] = []any{"arm64"} }, "functions are for arm64, and the parameter says x86_64"},
	"policy left out":       {func(i *inventory) { delete(i.template.At("Globals", "Function"), "Layers") }, `functions have the layers ""`},
	"function unknown to CloudFormation's readers": {func(i *inventory) {
		properties(i, "ImageShowFunction")["MemorySize"] = template.Tree{"Fn::FindInMap": []any{"a", "b", "c"}}
	}, "ImageShowFunction: Fn::FindInMap: a template of ours must not use this"},
	"what is not there": {func(i *inventory) {
		functionVariables(i, "ImageShowFunction")["GANDER_TABLE"] = template.Tree{"Ref": "Table"}
	}, "Table: this stack has no such resource"},

	"route missing":     {func(i *inventory) { delete(routesOf(i).At("/v2/images"), "post") }, "POST /v2/images: in the operation table, not in the template's routes"},
	"route too many":    {func(i *inventory) { routesOf(i).At("/v2/images")["put"] = template.Tree{} }, "PUT /v2/images: in the template's routes, not in the operation table"},
	"route elsewhere":   {func(i *inventory) { routesOf(i).At("/v2/images")["get"] = routesOf(i).At("/v2/images")["post"] }, "GET /v2/images: goes to ImageCreateFunction, not to ImageListFunction"},
	"route without ANY": {func(i *inventory) { delete(routesOf(i).At("/v2/images"), "x-amazon-apigateway-any-method") }, "ANY /v2/images: in the operation table, not in the template's routes"},
	"no greedy route":   {func(i *inventory) { delete(routesOf(i), "/{proxy+}") }, "ANY /{proxy+}: in the operation table, not in the template's routes"},
	"path misspelt": {
		func(i *inventory) {
			routesOf(i)["/v2/image"] = routesOf(i)["/v2/images"]
			delete(routesOf(i), "/v2/images")
		},
		"GET /v2/image: in the template's routes, not in the operation table",
	},
	"path without its variable": {func(i *inventory) { delete(routesOf(i).At("/v2/images/{image_id}"), "parameters") }, "{image_id}: in the path /v2/images/{image_id}, not in its parameters"},
	"call by GET": {func(i *inventory) {
		routesOf(i).At("/v2/images", "get", "x-amazon-apigateway-integration")["httpMethod"] = "GET"
	}, "get /v2/images: a function is called by POST"},
	"permission missing": {func(i *inventory) { delete(i.template.At("Resources"), "ImageShowPermission") }, "ImageShowPermission: in the operation table, not in the template's permissions"},
	"permission narrow":  {func(i *inventory) { properties(i, "VersionListPermission")["SourceArn"] = "x:${Api}/*/GET/versions" }, "VersionListPermission: does not let the gateway call it for GET /"},
	"private API for all": {
		func(i *inventory) { delete(properties(i, "Api").At("DefinitionBody"), "x-amazon-apigateway-policy") },
		"Api: private is true, and that it has a policy is false",
	},
	"no way for large bodies": {func(i *inventory) {
		delete(properties(i, "Api").At("DefinitionBody", "x-amazon-apigateway-gateway-responses"), "REQUEST_TOO_LARGE")
	}, "REQUEST_TOO_LARGE is not answered by 413"},
	"bytes as text": {
		func(i *inventory) {
			properties(i, "Api").At("DefinitionBody")["x-amazon-apigateway-binary-media-types"] = []any{}
		},
		"application/octet-stream: in what clients send byte by byte, not in the API's binary media types",
	},

	"variable missing":  {func(i *inventory) { delete(functionVariables(i, "ImageShowFunction"), "GANDER_TABLE") }, "image-show: reads GANDER_TABLE and is not given it"},
	"variable too many": {func(i *inventory) { functionVariables(i, "ImageShowFunction")["GANDER_BUCKET"] = "b" }, "image-show: is given GANDER_BUCKET and does not read it"},
	"variable misspelt": {func(i *inventory) { functionVariables(i, "ImageShowFunction")["GANDER_TABEL"] = "b" }, "GANDER_TABEL: in the template, but no setting"},
	"variable's value":  {func(i *inventory) { functionVariables(i, "ImageShowFunction")["GANDER_STORES"] = "local" }, "image-show: GANDER_STORES is local, not s3"},
	"policy file left":  {func(i *inventory) { delete(functionVariables(i, "ImageListFunction"), "GANDER_POLICY_FILE") }, "image-list: reads GANDER_POLICY_FILE and is not given it"},
	"key left out": {
		func(i *inventory) { delete(functionVariables(i, "ImageListFunction"), "GANDER_KEYSTONE_URL") },
		"image-list: it would not start: GANDER_KEYSTONE_URL: it is missing",
	},
	"asked by both": {
		func(i *inventory) {
			functionVariables(i, "ImageListFunction")["GANDER_JWT_ISSUER"] = "https://x.example"
		},
		"image-list: is given GANDER_JWT_ISSUER and does not read it",
	},
	"nobody asked": {
		func(i *inventory) { delete(routesOf(i).At("/v2/images", "get"), "security") },
		"GET /v2/images: that the authorizer is asked should be true",
	},
	"asked for all": {
		func(i *inventory) {
			routesOf(i).At("/healthcheck", "get")["security"] = routesOf(i).At("/v2/images", "get")["security"]
		},
		"GET /healthcheck: that the authorizer is asked should be false",
	},
	"remembered": {
		func(i *inventory) {
			either := properties(i, "Api").At("DefinitionBody", "components").List("Fn::If")
			either[1].(template.Tree).At("securitySchemes", "caller", "x-amazon-apigateway-authorizer")["authorizerResultTtlInSeconds"] = "300"
		},
		"Api: its authorizer is not the function of that name, asked about each call",
	},
	"parameter missing":  {func(i *inventory) { delete(i.template.At("Parameters"), "AlarmTopic") }, "AlarmTopic: the template lacks this parameter"},
	"no safe default":    {func(i *inventory) { i.template.At("Parameters", "PublicEndpoint")["Default"] = "x" }, "PublicEndpoint: that it has a default should be false"},
	"parameter untold":   {func(i *inventory) { i.deploying = "" }, "Retention: docs/deploying.md has no row"},
	"output untold":      {func(i *inventory) { delete(i.template.At("Outputs"), "WithoutDataPlane") }, "WithoutDataPlane: the output is missing"},
	"parameter not used": {func(i *inventory) { properties(i, "DataPlaneStack").At("Parameters")["Colour"] = "red" }, "Colour: there is no such parameter"},

	"call untold": {func(i *inventory) {
		i.readme = strings.ReplaceAll(i.readme, "member-create, member-list", "member-create")
	}, "member-list: in the operation table, not in README.md"},
	"call that is not": {func(i *inventory) { i.readme = strings.ReplaceAll(i.readme, "| image-restore |", "| image-revive |") }, "image-revive: in README.md, not in the operation table"},

	"event missing":      {func(i *inventory) { delete(i.events, "sweeper.json") }, "sweeper.json: in the operation table, not in events/"},
	"event too many":     {func(i *inventory) { i.events["image-rename.json"] = nil }, "image-rename.json: in events/, not in the operation table"},
	"event of another":   {func(i *inventory) { i.events["image-show.json"] = i.events["image-delete.json"] }, "which is image-delete"},
	"event of one shape": {func(i *inventory) { i.events["info-stores-detail.json"] = []byte("{}") }, "info-stores-detail: its event is none"},
}

var grantDamages = map[string]damage{
	"grant missing":   {func(i *inventory) { statements(properties(i, "ListRole"))[1]["Action"] = "dynamodb:GetItem" }, "image-list: dynamodb:Query on ${Table.Arn}: in the needs of image-list, not in ListRole"},
	"grant too many":  {func(i *inventory) { statements(properties(i, "ReadRole"))[1]["Action"] = "dynamodb:*" }, "image-show: dynamodb:* on ${Table.Arn}: in ReadRole, not in the needs of image-show"},
	"grant for all":   {func(i *inventory) { statements(properties(i, "ReadRole"))[1]["Resource"] = "*" }, "image-show: dynamodb:GetItem on *: in ReadRole, not in the needs of image-show"},
	"grant beside":    {func(i *inventory) { statements(properties(i, "UploadRole"))[3]["Resource"] = "${Bucket.Arn}/*" }, "on ${Bucket.Arn}/*: in UploadRole, not in the needs of image-data-upload"},
	"extra statement": {func(i *inventory) { more(properties(i, "ReadRole"), "dynamodb:Query", "${Table.Arn}/index/*") }, "image-show: dynamodb:Query on ${Table.Arn}/index/*: in ReadRole"},
	"another's logs":  {func(i *inventory) { more(properties(i, "ReadRole"), "logs:PutLogEvents", "${DataLogs.Arn}") }, "image-show: logs:PutLogEvents on ${DataLogs.Arn}: in ReadRole"},
	"by exception":    {func(i *inventory) { statements(properties(i, "ReadRole"))[1]["NotAction"] = "s3:*" }, "ReadRole: a statement with NotAction"},
	"AWS's own policy": {func(i *inventory) {
		properties(i, "ReadRole")["ManagedPolicyArns"] = []any{"arn:aws:iam::aws:policy/AdministratorAccess"}
	}, "ReadRole: it has policies that are not ours"},
	"more than one at a time": {
		func(i *inventory) {
			properties(i, "MemberListFunction")["Role"] = template.Tree{"Fn::GetAtt": "ListRole.Arn"}
		},
		"member-list: dynamodb:BatchGetItem on ${Table.Arn}: in ListRole, not in the needs of member-list",
	},
	"role of others": {func(i *inventory) {
		properties(i, "ImageShowFunction")["Role"] = template.Tree{"Fn::GetAtt": "WriteRole.Arn"}
	}, "image-show: dynamodb:UpdateItem on ${Table.Arn}: in WriteRole, not in the needs of image-show"},
	"role without use": {func(i *inventory) {
		i.template.At("Resources")["IdleRole"] = template.Tree{"Type": "AWS::IAM::Role"}
	}, "IdleRole: in the template's roles, not in the functions' roles"},
	"role for anybody": {func(i *inventory) {
		properties(i, "ReadRole").At("AssumeRolePolicyDocument").Trees("Statement")[0]["Principal"] = template.Tree{"AWS": "*"}
	}, "ReadRole: it is not for lambda.amazonaws.com alone"},
	"containers may more": {func(i *inventory) {
		more(dataProperties(i, "TaskRole"), "s3:DeleteObject", "arn:${AWS::Partition}:s3:::${Bucket}/images/*")
	}, "s3:DeleteObject on arn:${AWS::Partition}:s3:::${Bucket}/images/*: in TaskRole"},
	"containers may less": {func(i *inventory) { statements(dataProperties(i, "TaskRole"))[2]["Action"] = []any{} }, "s3:PutObject on arn:${AWS::Partition}:s3:::${Bucket}/images/*: in the needs of the data plane, not in TaskRole"},
	"any repository": {
		func(i *inventory) { statements(dataProperties(i, "ExecutionRole"))[2]["Resource"] = "*" },
		"ecr:BatchGetImage on *: in ExecutionRole, not in the needs of the data plane",
	},
}

var shapeDamages = map[string]damage{
	"table without stream":    {func(i *inventory) { delete(properties(i, "Table"), "StreamSpecification") }, "Table: Properties.StreamSpecification.StreamViewType is \"\""},
	"table that goes":         {func(i *inventory) { i.template.At("Resources", "Table")["DeletionPolicy"] = "Delete" }, "Table: DeletionPolicy is \"Delete\""},
	"bucket without versions": {func(i *inventory) { delete(properties(i, "Bucket"), "VersioningConfiguration") }, "Bucket: Properties.VersioningConfiguration.Status is \"\""},
	"second table":            {func(i *inventory) { delete(i.template.At("Resources", "Table"), "Condition") }, "Table: it should be there: false"},
	"mapping without filter":  {func(i *inventory) { delete(mappingOf(i), "FilterCriteria") }, "let INSERT of due#purge#0 pass should be true"},
	"mapping for all": {func(i *inventory) {
		mappingOf(i).At("FilterCriteria").Trees("Filters")[0]["Pattern"] = `{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":""}]}}}}`
	}, "let INSERT of image#2f9c1d3e-7a54-4b0e-9d61-0c8f5e3b7a10 pass should be false"},
	"no partial report": {func(i *inventory) { delete(mappingOf(i), "FunctionResponseTypes") }, "its mapping does not hear which records failed"},
	"no destination":    {func(i *inventory) { delete(mappingOf(i), "DestinationConfig") }, "its mapping tells nobody what it gave up on"},
	"failures unread":   {func(i *inventory) { delete(givenUpOf(i), "GivenUp") }, "its mapping does not read what the reaper was given up on"},
	"failures twice": {
		func(i *inventory) {
			i.template.At("Resources", "ReaperFailures", "Properties")["VisibilityTimeout"] = "30"
		},
		"its mapping may get a message again that it is at work on",
	},
	"sweeps at once": {func(i *inventory) { delete(properties(i, "SweeperFunction"), "EventInvokeConfig") }, "what fails is tried again beside the next minute's"},
	"letters unwritten": {
		func(i *inventory) { delete(i.template.At("Resources"), "ReaperFailuresAgeAlarm") },
		"AWS/SQS ApproximateAgeOfOldestMessage ReaperFailures: that there is an alarm for it should be true",
	},
	"no bisection":        {func(i *inventory) { delete(mappingOf(i), "BisectBatchOnFunctionError") }, "its mapping does not halve a batch that fails"},
	"retries without end": {func(i *inventory) { mappingOf(i)["MaximumRetryAttempts"] = "-1" }, "its mapping tries without an end"},
	"records without end": {func(i *inventory) { delete(mappingOf(i), "MaximumRecordAgeInSeconds") }, "its mapping keeps records without an end"},
	"schedule missing":    {func(i *inventory) { delete(properties(i, "SweeperFunction"), "Events") }, "SweeperFunction: Properties.Events.Timer.Type is \"\""},
	"alarm missing":       {func(i *inventory) { delete(i.template.At("Resources"), "ReaperLagAlarm") }, "AWS/Lambda IteratorAge ReaperFunction: that there is an alarm for it should be true"},
	"alarm unheard":       {func(i *inventory) { delete(properties(i, "SweeperErrorsAlarm"), "AlarmActions") }, `SweeperErrorsAlarm: it tells ""`},
	"logs for ever":       {func(i *inventory) { delete(properties(i, "DataLogs"), "RetentionInDays") }, "DataLogs: it does not keep logs as long as"},
	"no throttle":         {func(i *inventory) { delete(properties(i, "Api"), "MethodSettings") }, "Api: Properties.MethodSettings.0.ThrottlingRateLimit is \"\""},
	"domain nowhere":      {func(i *inventory) { delete(i.template.At("Resources"), "DomainMapping") }, "DomainMapping: it should be there: true"},

	"container as root":     {func(i *inventory) { container(i)["User"] = "0" }, "the container runs as root"},
	"container that writes": {func(i *inventory) { delete(container(i), "ReadonlyRootFilesystem") }, "ReadonlyRootFilesystem is \"\""},
	"container too small":   {func(i *inventory) { dataProperties(i, "TaskDefinition")["Memory"] = "2000" }, "the container's memory does not hold its uploads"},
	"container killed":      {func(i *inventory) { container(i)["StopTimeout"] = "109" }, "the container is killed before what it cuts off is put right"},
	"container unheard of":  {func(i *inventory) { container(i)["Environment"] = container(i).List("Environment")[1:] }, "data plane: reads GANDER_LISTEN and is not given it"},
	"container's policy": {func(i *inventory) {
		dataProperties(i, "TaskDefinition")["RuntimePlatform"] = nil
		properties(i, "DataPlaneStack").At("Parameters")["PolicyFile"] = ""
	}, "data plane: reads GANDER_POLICY_FILE and is not given it"},
	"no health check":          {func(i *inventory) { dataProperties(i, "TargetGroup")["HealthCheckPath"] = "/" }, "TargetGroup: Properties.HealthCheckPath is \"/\""},
	"plain HTTP":               {func(i *inventory) { dataProperties(i, "Listener")["Protocol"] = "HTTP" }, "Listener: Properties.Protocol is \"HTTP\""},
	"no way back":              {func(i *inventory) { delete(dataProperties(i, "Service"), "DeploymentConfiguration") }, "DeploymentCircuitBreaker.Enable is \"\""},
	"data past the containers": {func(i *inventory) { distribution(i)["CacheBehaviors"] = []any{} }, "Distribution: /v2/images/{image_id}/file goes to api, not to data"},
	"all to the containers":    {func(i *inventory) { distribution(i).Trees("CacheBehaviors")[0]["PathPattern"] = "/v2/*" }, "Distribution: /v2/images goes to data, not to api"},
	"errors kept":              {func(i *inventory) { delete(distribution(i), "CustomErrorResponses") }, "Distribution: it keeps errors of status 404"},
	"answers kept": {func(i *inventory) {
		distribution(i).At("DefaultCacheBehavior")["CachePolicyId"] = "658327ea-f89d-4fab-a63d-7e88639e58f6"
	}, "to api: it keeps answers"},
	"CDN of a private API": {func(i *inventory) {
		i.template.At("Conditions")["HasCdn"] = template.Tree{"Condition": "HasDataPlane"}
	}, "Distribution: it should be there: false"},
}

// TestDisagreementsAreNamed breaks each side once.
func TestDisagreementsAreNamed(t *testing.T) {
	for _, group := range []map[string]damage{damages, grantDamages, shapeDamages} {
		for name, d := range group {
			t.Run(name, func(t *testing.T) {
				i := takeInventory(t)
				d.does(&i)
				if found := strings.Join(i.disagreements(), "\n"); !strings.Contains(found, d.want) {
					t.Errorf("nothing says %q in\n%s", d.want, found)
				}
			})
		}
	}
}
