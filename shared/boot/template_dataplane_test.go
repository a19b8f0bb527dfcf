package boot

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gander-images/gander/localstack/template"
	"github.com/gander-images/gander/shared/httpapi"
)

// dataFacts are the facts of dataplane.yaml.
var dataFacts = []fact{
	{"TaskDefinition", "Properties.ContainerDefinitions.0.Image", dataPlane["DataImage"]},
	{"TaskDefinition", "Properties.ContainerDefinitions.0.ReadonlyRootFilesystem", "true"},
	{"TaskDefinition", "Properties.ContainerDefinitions.0.LinuxParameters.Capabilities.Drop.0", "ALL"},
	{"TaskDefinition", "Properties.ContainerDefinitions.0.PortMappings.0.ContainerPort", "9292"},
	{"TaskDefinition", "Properties.ContainerDefinitions.0.LogConfiguration.Options.awslogs-group", "${Logs}"},
	{"TaskDefinition", "Properties.TaskRoleArn", "${TaskRole.Arn}"},
	{"TaskDefinition", "Properties.ExecutionRoleArn", "${ExecutionRole.Arn}"},
	{"Service", "Properties.DeploymentConfiguration.DeploymentCircuitBreaker.Enable", "true"},
	{"Service", "Properties.DeploymentConfiguration.DeploymentCircuitBreaker.Rollback", "true"},
	{"Service", "Properties.DeploymentConfiguration.MinimumHealthyPercent", "100"},
	{"Service", "Properties.DesiredCount", "2"},
	{"Service", "Properties.LoadBalancers.0.TargetGroupArn", "${TargetGroup}"},
	{"ScalableTarget", "Properties.MinCapacity", "2"},
	{"ScalableTarget", "Properties.MaxCapacity", "10"},
	{"ScalingPolicy", "Properties.ScalingTargetId", "${ScalableTarget}"},
	{"Listener", "Properties.Protocol", "HTTPS"},
	{"Listener", "Properties.Certificates.0.CertificateArn", dataPlane["DataCertificateArn"]},
	{"Listener", "Properties.DefaultActions.0.TargetGroupArn", "${TargetGroup}"},
	{"TargetGroup", "Properties.HealthCheckPath", "/healthcheck"},
	{"TargetGroup", "Properties.Port", "9292"},
	{"TargetGroup", "Properties.TargetGroupAttributes.0.Key", "deregistration_delay.timeout_seconds"},
	{"TargetGroup", "Properties.TargetGroupAttributes.0.Value", "900"},
	{"TaskIngress", "Properties.SourceSecurityGroupId", "${LoadBalancerGroup.GroupId}"},
	{"LoadBalancerGroup", "Properties.SecurityGroupIngress.0.FromPort", "443"},
	{"LoadBalancer", "Properties.LoadBalancerAttributes.0.Key", "idle_timeout.timeout_seconds"},
}

// checkDataPlane: the containers are as careful as the functions, and end no
// upload that could go on.
func (d deployment) checkDataPlane() []string {
	wanted := d.parameters["DataPlane"] != "off"
	if wanted != (d.data != nil) {
		return []string{fmt.Sprintf("DataPlaneStack: it should be there: %t", wanted)}
	}
	if d.data == nil {
		if d.main.Outputs.At("WithoutDataPlane").Text("Value") == "" {
			return []string{"WithoutDataPlane: nothing says what stops working"}
		}
		return nil
	}
	present := map[string]bool{}
	for _, f := range dataFacts {
		present[f.resource] = true
	}
	container := template.Tree{}
	if all := d.data.Properties("TaskDefinition").Trees("ContainerDefinitions"); len(all) == 1 {
		container = all[0]
	}
	return slices.Concat(checkFacts(*d.data, dataFacts, present), d.checkContainer(container), d.checkDataVariables(container), d.checkDataRoles())
}

// mostOfUpload is what the largest upload holds of memory, in MiB: what the S3
// store keeps, and the blocks on their way to it and to the hashes.
const mostOfUpload = 144 + 4

func (d deployment) checkContainer(container template.Tree) []string {
	var found []string
	variables := containerVariables(container)
	stop, err := time.ParseDuration(variables.Text("GANDER_STOP_TIMEOUT"))
	grace, _ := strconv.Atoi(container.Text("StopTimeout"))
	uploads, _ := strconv.Atoi(variables.Text("GANDER_UPLOADS"))
	memory, _ := strconv.Atoi(follow(d.data.Resources, "TaskDefinition\x00Properties.Memory")) // MiB
	idle, _ := strconv.Atoi(follow(d.data.Resources, "LoadBalancer\x00Properties.LoadBalancerAttributes.0.Value"))
	kept := time.Duration(idle) * time.Second
	processor := map[string]string{"arm64": "ARM64", "x86_64": "X86_64"}[d.architecture()]
	scheme := map[bool]string{true: "internal", false: "internet-facing"}[d.parameters["EndpointType"] == "PRIVATE"]
	for _, c := range []struct {
		so   bool
		says string
	}{
		{slices.Equal(container.Texts("Command"), []string{"serve", "-only", "data"}), "the container does not run gander serve -only data"},
		{container.Text("User") != "" && !strings.HasPrefix(container.Text("User"), "0") && !strings.HasPrefix(container.Text("User"), "root"), "the container runs as root"},
		{err == nil && stop+usualPatience.header < time.Duration(grace)*time.Second && grace <= 120, "the container is killed before what it cuts off is put right"},
		{uploads > 0 && uploads*mostOfUpload+256 <= memory, "the container's memory does not hold its uploads"},
		{strings.HasSuffix(variables.Text("GANDER_LISTEN"), ":9292"), "the container listens on another port than the balancer asks"},
		{kept > usualPatience.stall && kept < usualPatience.idle, "the balancer gives up on a connection at another time than the server"},
		{follow(d.data.Resources, "TaskDefinition\x00Properties.RuntimePlatform.CpuArchitecture") == processor, "the container runs on another processor than Architecture says"},
		{d.data.Properties("LoadBalancer").Text("Scheme") == scheme, "the balancer is not " + scheme},
	} {
		if !c.so {
			found = append(found, "data plane: "+c.says)
		}
	}
	return found
}

// keptErrors are the statuses that CloudFront keeps unless told otherwise.
//
// Source: Amazon CloudFront Developer Guide, "How CloudFront processes HTTP 4xx
// and 5xx status codes from your origin".
var keptErrors = []string{"400", "403", "404", "405", "414", "500", "501", "502", "503", "504"}

// AWS's own policies for CloudFront: keep nothing; hand over all of the viewer's
// headers but Host.
//
// Source: Amazon CloudFront Developer Guide, "Use managed cache policies", "Use
// managed origin request policies".
const (
	cachingDisabled           = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
	allViewerExceptHostHeader = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
)

// checkDistribution: one host name gives each request to whom it belongs, and
// keeps no answer.
func (d deployment) checkDistribution() []string {
	wanted := d.data != nil && d.parameters["Cdn"] != "off" && d.parameters["EndpointType"] != "PRIVATE"
	if d.data == nil {
		return nil
	}
	if _, there := d.data.Resources["Distribution"]; there != wanted {
		return []string{fmt.Sprintf("Distribution: it should be there: %t", wanted)}
	}
	if !wanted {
		return nil
	}
	config := d.data.Properties("Distribution").At("DistributionConfig")
	var found []string
	if a := config.Texts("Aliases"); !slices.Equal(a, []string{d.parameters["DomainName"]}) {
		found = append(found, fmt.Sprintf("Distribution: its name is %v", a))
	}
	origins := map[string]string{}
	for _, o := range config.Trees("Origins") {
		origins[o.Text("Id")] = o.Text("DomainName") + o.Text("OriginPath") + " " + o.At("CustomOriginConfig").Text("OriginProtocolPolicy")
	}
	if want := map[string]string{"api": "${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/gander https-only", "data": d.parameters["DataDomainName"] + " https-only"}; !maps.Equal(origins, want) {
		found = append(found, fmt.Sprintf("Distribution: its origins are %v, not %v", origins, want))
	}
	for _, b := range append(config.Trees("CacheBehaviors"), config.At("DefaultCacheBehavior")) {
		found = append(found, checkBehavior(b)...)
	}
	errors := map[string]bool{}
	for _, e := range config.Trees("CustomErrorResponses") {
		errors[e.Text("ErrorCode")] = e.Text("ErrorCachingMinTTL") == "0"
	}
	for _, status := range keptErrors {
		if !errors[status] {
			found = append(found, "Distribution: it keeps errors of status "+status)
		}
	}
	return append(found, d.checkTargets(config)...)
}

func checkBehavior(b template.Tree) []string {
	var found []string
	name := "Distribution, " + b.Text("PathPattern") + " to " + b.Text("TargetOriginId")
	if b.Text("CachePolicyId") != cachingDisabled || b.Text("OriginRequestPolicyId") != allViewerExceptHostHeader {
		found = append(found, name+": it keeps answers, or keeps back headers")
	}
	if len(b.Texts("AllowedMethods")) != 7 || b.Text("ViewerProtocolPolicy") != "https-only" {
		found = append(found, name+": it lets too little or too much in")
	}
	return found
}

// checkTargets: image data goes to the data plane, all else to the API.
func (d deployment) checkTargets(config template.Tree) []string {
	var found []string
	for _, op := range d.rows {
		want := "api"
		if op.Needs&(httpapi.ReadBytes|httpapi.WriteBytes) != 0 {
			want = "data"
		}
		for _, p := range op.Paths {
			got := config.At("DefaultCacheBehavior").Text("TargetOriginId")
			for _, b := range config.Trees("CacheBehaviors") {
				if covers(b.Text("PathPattern"), variable.ReplaceAllString(p, "x")) {
					got = b.Text("TargetOriginId")
				}
			}
			if got != want {
				found = append(found, fmt.Sprintf("Distribution: %s goes to %s, not to %s", p, got, want))
			}
		}
	}
	return found
}
