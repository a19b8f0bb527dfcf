package boot

import (
	"fmt"
	"maps"
	"strings"

	"github.com/gander-images/gander/localstack/template"
	"github.com/gander-images/gander/shared/httpapi"
)

// A place is what a grant is for.
type place int

const (
	theTable place = iota
	theObjects
	theBucket
	theSecrets
	theDeployment
	theEpoch
	everything
)

// An action is one that a need takes, and where.
type action struct {
	name string
	on   place
}

// grants are the actions that each need takes. They are what the adapters call:
// DynamoDB's transactions take the actions of their parts; S3 calls writing a
// part PutObject, and describing an object GetObject, or GetObjectVersion where
// the request names a version. Whoever writes or removes bytes has to find out
// at times whether an object is there, and S3 says that one is not to those alone
// who may list the bucket.
//
// AWS lets nobody list the secrets of one name alone: whoever lists sees the names
// of all secrets of the account, and no value.
//
// Source: AWS Service Authorization Reference, "Actions, resources, and
// condition keys for Amazon DynamoDB", for Amazon S3, and for AWS Secrets Manager;
// Amazon S3 API Reference, HeadObject, "Permissions".
var grants = map[httpapi.Needs][]action{
	httpapi.ReadTable:  on(theTable, "dynamodb:GetItem"),
	httpapi.ReadItems:  on(theTable, "dynamodb:BatchGetItem"),
	httpapi.ListTable:  on(theTable, "dynamodb:Query"),
	httpapi.WriteTable: on(theTable, "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
	httpapi.PutItems:   on(theTable, "dynamodb:UpdateItem"),
	httpapi.CheckItems: on(theTable, "dynamodb:ConditionCheckItem"), // of what is not written beside
	httpapi.ReadBytes:  on(theObjects, "s3:GetObjectVersion"),
	httpapi.WriteBytes: append(on(theObjects, "s3:PutObject", "s3:GetObject"), on(theBucket, "s3:ListBucket")...),
	httpapi.DeleteBytes: append(on(theObjects, "s3:DeleteObjectVersion", "s3:GetObject"),
		on(theBucket, "s3:ListBucket", "s3:ListBucketMultipartUploads")...),
	httpapi.EndUploads: on(theObjects, "s3:AbortMultipartUpload"),
	httpapi.Tokens:     nil,

	httpapi.ReadSecrets:     on(theSecrets, "secretsmanager:GetSecretValue"),
	httpapi.WriteSecrets:    on(theSecrets, "secretsmanager:CreateSecret"),
	httpapi.DescribeSecrets: on(theDeployment, "secretsmanager:DescribeSecret"),
	httpapi.DeleteSecrets:   on(theSecrets, "secretsmanager:DeleteSecret"),
	httpapi.RestoreSecrets:  on(theSecrets, "secretsmanager:RestoreSecret"),
	httpapi.ListSecrets:     on(everything, "secretsmanager:ListSecrets"),
	httpapi.RaiseEpoch:      on(theEpoch, "secretsmanager:CreateSecret", "secretsmanager:UpdateSecret"),
}

func on(where place, names ...string) []action {
	actions := make([]action, len(names))
	for i, n := range names {
		actions[i] = action{n, where}
	}
	return actions
}

// streamGrants are the reaper's own: its mapping reads the table's stream, and
// reports what it gave up on.
var streamGrants = set(
	template.Grant{Action: "dynamodb:DescribeStream", Resource: "${Table.StreamArn}"},
	template.Grant{Action: "dynamodb:GetRecords", Resource: "${Table.StreamArn}"},
	template.Grant{Action: "dynamodb:GetShardIterator", Resource: "${Table.StreamArn}"},
	template.Grant{Action: "dynamodb:ListStreams", Resource: "${Table.Arn}/stream/*"},
	template.Grant{Action: "sqs:SendMessage", Resource: "${ReaperFailures.Arn}"},
)

// queueGrants are the sweeper's own: its mapping reads what the reaper's gave up on.
var queueGrants = set(
	template.Grant{Action: "sqs:ReceiveMessage", Resource: "${ReaperFailures.Arn}"},
	template.Grant{Action: "sqs:DeleteMessage", Resource: "${ReaperFailures.Arn}"},
	template.Grant{Action: "sqs:GetQueueAttributes", Resource: "${ReaperFailures.Arn}"},
)

// places are where the actions of a variant's functions go.
func (d deployment) places() map[place]string {
	places := placesByName(d.parameters["ExistingTable"], d.parameters["ExistingBucket"])
	if d.owns() {
		places = map[place]string{theTable: "${Table.Arn}", theBucket: "${Bucket.Arn}", theObjects: "${Bucket.Arn}/images/*"}
	}
	secrets := "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:" + d.name() + "/"
	places[theSecrets], places[theDeployment] = secrets+"*/*", secrets+"*" // keys have two names below it, the epoch one
	places[theEpoch], places[everything] = secrets+"epoch*", "*"
	return places
}

// name is what the names of the deployment's secrets begin with.
func (d deployment) name() string {
	if name := d.parameters["Deployment"]; name != "" {
		return name
	}
	return "${AWS::StackName}"
}

func placesByName(table, bucket string) map[place]string {
	return map[place]string{
		theTable:   "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/" + table,
		theBucket:  "arn:${AWS::Partition}:s3:::" + bucket,
		theObjects: "arn:${AWS::Partition}:s3:::" + bucket + "/images/*",
	}
}

// wantedGrants are those of a function's needs.
func wantedGrants(needs httpapi.Needs, places map[place]string) map[template.Grant]bool {
	want := map[template.Grant]bool{}
	for need, actions := range grants {
		for _, a := range actions {
			if needs&need != 0 {
				want[template.Grant{Action: a.name, Resource: places[a.on]}] = true
			}
		}
	}
	return want
}

// logGrants are those to write into a group.
func logGrants(group string) map[template.Grant]bool {
	resource := "${" + strings.Trim(group, "${}") + ".Arn}"
	return set(template.Grant{Action: "logs:CreateLogStream", Resource: resource}, template.Grant{Action: "logs:PutLogEvents", Resource: resource})
}

// checkRoles: each function may do what its needs say, where they say it, and
// nothing else anywhere.
func (d deployment) checkRoles() []string {
	var found []string
	sharers := map[string][]function{}
	for _, f := range d.of() {
		role := d.main.RoleOf(camel(f.name) + "Function")
		for _, other := range sharers[role] {
			if other.needs != f.needs {
				found = append(found, fmt.Sprintf("%s: functions of other needs have the role %s, too", f.name, role))
			}
		}
		sharers[role] = append(sharers[role], f)
	}
	for role, functions := range sharers {
		found = append(found, d.checkRole(role, functions)...)
	}
	return append(found, compare("the functions' roles", "the template's roles", sharers, d.main.Of("AWS::IAM::Role"))...)
}

func (d deployment) checkRole(role string, functions []function) []string {
	have, err := d.main.Grants(role)
	if err != nil {
		return []string{functions[0].name + ": " + err.Error()}
	}
	logs := map[template.Grant]bool{}
	for _, f := range functions {
		maps.Copy(logs, logGrants(d.main.Properties(camel(f.name)+"Function").At("LoggingConfig").Text("LogGroup")))
	}
	var found []string
	for _, f := range functions {
		want := wantedGrants(f.needs, d.places())
		maps.Copy(want, logs)
		if f.name == Reaper.Name {
			maps.Copy(want, streamGrants)
		}
		if f.name == Sweeper.Name {
			maps.Copy(want, queueGrants)
		}
		for _, line := range compare("the needs of "+f.name, role, want, have) {
			found = append(found, f.name+": "+line)
		}
	}
	return append(found, trusts(d.main, role, "lambda.amazonaws.com")...)
}

// trusts: one service alone may take the role.
func trusts(s stack, role, service string) []string {
	statements := s.Properties(role).At("AssumeRolePolicyDocument").Trees("Statement")
	if len(statements) != 1 || statements[0].At("Principal").Text("Service") != service || statements[0].Text("Action") != "sts:AssumeRole" {
		return []string{role + ": it is not for " + service + " alone"}
	}
	return nil
}

// checkDataRoles: the containers may do what upload and download need, and what
// starts them may fetch their image and write their logs.
func (d deployment) checkDataRoles() []string {
	table, bucket := d.parameters["ExistingTable"], d.parameters["ExistingBucket"]
	if d.owns() {
		table, bucket = "${Table}", "${Bucket}"
	}
	repository := "arn:${AWS::Partition}:ecr:eu-west-1:123456789012:repository/gander" // as dataPlane names it
	start := logGrants("Logs")
	start[template.Grant{Action: "ecr:GetAuthorizationToken", Resource: "*"}] = true // AWS lets nothing narrower
	for _, name := range []string{"ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"} {
		start[template.Grant{Action: name, Resource: repository}] = true
	}
	wanted := map[string]map[template.Grant]bool{
		"TaskRole":      wantedGrants(dataFunction().needs, placesByName(table, bucket)),
		"ExecutionRole": start,
	}
	found := compare("the data plane", "the roles of dataplane.yaml", wanted, d.data.Of("AWS::IAM::Role"))
	for role, want := range wanted {
		have, err := d.data.Grants(role)
		if err != nil {
			found = append(found, err.Error())
		}
		found = append(found, compare("the needs of the data plane", role, want, have)...)
		found = append(found, trusts(*d.data, role, "ecs-tasks.amazonaws.com")...)
	}
	return found
}
