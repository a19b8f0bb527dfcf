package boot

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gander-images/gander/localstack/template"
	"github.com/gander-images/gander/shared/table"
)

// A fact is something that must be so in every stack that has the resource.
type fact struct{ resource, path, want string }

// facts are what nobody should change without meaning it. A path goes through
// lists by index.
var facts = []fact{
	{"Table", "DeletionPolicy", "Retain"},
	{"Table", "UpdateReplacePolicy", "Retain"},
	{"Table", "Properties.BillingMode", "PAY_PER_REQUEST"},
	{"Table", "Properties.KeySchema.0.AttributeName", table.AttrPartition},
	{"Table", "Properties.KeySchema.0.KeyType", "HASH"},
	{"Table", "Properties.KeySchema.1.AttributeName", table.AttrSort},
	{"Table", "Properties.KeySchema.1.KeyType", "RANGE"},
	{"Table", "Properties.StreamSpecification.StreamViewType", "NEW_AND_OLD_IMAGES"},
	{"Table", "Properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", "true"},
	{"Table", "Properties.DeletionProtectionEnabled", "true"},
	{"Table", "Properties.SSESpecification.SSEEnabled", "true"},

	{"Bucket", "DeletionPolicy", "Retain"},
	{"Bucket", "UpdateReplacePolicy", "Retain"},
	{"Bucket", "Properties.VersioningConfiguration.Status", "Enabled"},
	{"Bucket", "Properties.OwnershipControls.Rules.0.ObjectOwnership", "BucketOwnerEnforced"},
	{"Bucket", "Properties.PublicAccessBlockConfiguration.BlockPublicAcls", "true"},
	{"Bucket", "Properties.PublicAccessBlockConfiguration.BlockPublicPolicy", "true"},
	{"Bucket", "Properties.PublicAccessBlockConfiguration.IgnorePublicAcls", "true"},
	{"Bucket", "Properties.PublicAccessBlockConfiguration.RestrictPublicBuckets", "true"},
	{"Bucket", "Properties.LifecycleConfiguration.Rules.0.Status", "Enabled"},
	{"Bucket", "Properties.LifecycleConfiguration.Rules.0.AbortIncompleteMultipartUpload.DaysAfterInitiation", "7"},
	{"Bucket", "Properties.LifecycleConfiguration.Rules.1.Status", "Enabled"},
	{"Bucket", "Properties.LifecycleConfiguration.Rules.1.NoncurrentVersionExpiration.NoncurrentDays", "30"},
	{"BucketPolicy", "Properties.Bucket", "${Bucket}"},
	{"BucketPolicy", "Properties.PolicyDocument.Statement.0.Effect", "Deny"},
	{"BucketPolicy", "Properties.PolicyDocument.Statement.0.Condition.Bool.aws:SecureTransport", "false"},

	{"Api", "Properties.StageName", "gander"},
	{"Api", "Properties.AlwaysDeploy", "true"},
	{"Api", "Properties.MethodSettings.0.HttpMethod", "*"},
	{"Api", "Properties.MethodSettings.0.ResourcePath", "/*"},
	{"Api", "Properties.MethodSettings.0.ThrottlingRateLimit", "200"},
	{"Api", "Properties.MethodSettings.0.ThrottlingBurstLimit", "400"},
	{"DomainMapping", "Properties.DomainName", "${Domain}"},
	{"DomainMapping", "Properties.RestApiId", "${Api}"},
	{"DomainMapping", "Properties.Stage", "${Api.Stage}"},
	{"Domain", "Properties.RegionalCertificateArn", "arn:aws:acm:eu-west-1:1:certificate/api"},
	{"DomainRecord", "Properties.AliasTarget.DNSName", "${Domain.RegionalDomainName}"},

	{"SweeperFunction", "Properties.Events.Timer.Type", "Schedule"},
	{"SweeperFunction", "Properties.Events.Timer.Properties.Schedule", "rate(1 minute)"},
	{"ReaperFailures", "Properties.SqsManagedSseEnabled", "true"},
	{"ReaperFailures", "Properties.MessageRetentionPeriod", "1209600"},
}

func (d deployment) checkFacts() []string {
	present := map[string]bool{
		"Table": d.owns(), "Bucket": d.owns(), "BucketPolicy": d.owns(), "ReaperFailures": d.owns(), "SweeperFunction": d.owns(), "Api": true,
		"Domain": d.ownsDomain(), "DomainMapping": d.ownsDomain(), "DomainRecord": d.ownsDomain(),
	}
	found := checkFacts(d.main, facts, present)
	for id, group := range d.main.Of("AWS::Logs::LogGroup") {
		if group.At("Properties").Text("RetentionInDays") != "30" {
			found = append(found, id+": it does not keep logs as long as LogRetentionDays says")
		}
	}
	return found
}

// ownsDomain: the API's own name, which a CDN would have instead.
func (d deployment) ownsDomain() bool {
	return d.parameters["DomainName"] != "" && d.parameters["Cdn"] == "off"
}

// checkFacts looks at the resources that should be there, and for those that
// should not.
func checkFacts(s stack, facts []fact, present map[string]bool) []string {
	var found []string
	for _, f := range facts {
		_, there := s.Resources[f.resource]
		if there != present[f.resource] {
			found = append(found, fmt.Sprintf("%s: it should be there: %t", f.resource, present[f.resource]))
			continue
		}
		if got := follow(s.Resources, f.resource+"\x00"+f.path); there && got != f.want {
			found = append(found, fmt.Sprintf("%s: %s is %q, not %q", f.resource, f.path, got, f.want))
		}
	}
	return found
}

// follow is the text at a path, empty where there is none.
func follow(t template.Tree, path string) string {
	var at any = t
	resource, path, _ := strings.Cut(path, "\x00")
	for _, key := range append([]string{resource}, strings.Split(path, ".")...) {
		switch v := at.(type) {
		case template.Tree:
			at = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(v) {
				return ""
			}
			at = v[i]
		default:
			return ""
		}
	}
	text, _ := at.(string)
	return text
}

// wantedAlarms are the metrics that somebody should be told of.
var wantedAlarms = set(
	"AWS/SQS NumberOfMessagesSent ReaperFailures",
	"AWS/SQS ApproximateAgeOfOldestMessage ReaperFailures", // a message that comes again is no error of the sweeper
	"AWS/Lambda IteratorAge ReaperFunction",
	"AWS/Lambda Errors SweeperFunction",
	"Gander MissingKeys Table",
	"Gander UnrecordedSecrets Table",
	"Gander KeyDeletionsOff Table",
	"AWS/Lambda Throttles ",
	"AWS/ApiGateway 5XXError AWS::StackName",
)

func (d deployment) checkAlarms() []string {
	have := map[string]bool{}
	var found []string
	stacks := []stack{d.main}
	want := map[string]bool{}
	for alarm := range wantedAlarms {
		want[alarm] = d.owns() || strings.HasSuffix(alarm, " ") || strings.HasSuffix(alarm, "StackName")
	}
	if d.data != nil {
		stacks = append(stacks, *d.data)
		want["AWS/ApplicationELB UnHealthyHostCount TargetGroup"] = true
	}
	for _, s := range stacks {
		for id, alarm := range s.Of("AWS::CloudWatch::Alarm") {
			properties := alarm.At("Properties")
			have[alarmOf(properties)] = true
			if got := strings.Join(properties.Texts("AlarmActions"), " "); got != d.parameters["AlarmTopic"] {
				found = append(found, fmt.Sprintf("%s: it tells %q, not %q", id, got, d.parameters["AlarmTopic"]))
			}
		}
	}
	for alarm, wanted := range want {
		if wanted != have[alarm] {
			found = append(found, fmt.Sprintf("%s: that there is an alarm for it should be %t", alarm, wanted))
		}
	}
	return found
}

// alarmOf names an alarm by its metric and the first of whose it is.
func alarmOf(properties template.Tree) string {
	whose := ""
	if dimensions := properties.Trees("Dimensions"); len(dimensions) > 0 {
		whose, _, _ = strings.Cut(strings.Trim(dimensions[0].Text("Value"), "${}"), ".")
	}
	return properties.Text("Namespace") + " " + properties.Text("MetricName") + " " + whose
}
