//go:build localstack && clients

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// cloudCall sends LocalStack a call of one of AWS's JSON interfaces, and reads
// the answer into out.
func cloudCall(t *testing.T, service, line, target string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	method, path, _ := strings.Cut(line, " ")
	ctx := context.WithoutCancel(t.Context()) // some calls put things back when the test has ended
	request, err := http.NewRequestWithContext(ctx, method, os.Getenv("AWS_ENDPOINT_URL")+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if target != "" {
		request.Header.Set("X-Amz-Target", target)
	}
	sum := sha256.Sum256(body)
	keys := aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}
	if err := v4.NewSigner().SignHTTP(ctx, keys, request, hex.EncodeToString(sum[:]), service, os.Getenv("AWS_REGION"), time.Now()); err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode/100 != 2 {
		t.Fatalf("%s %s %s: %d %s %v", service, line, target, response.StatusCode, text, err)
	}
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatalf("%s %s %s: %v", service, line, target, err)
	}
}

// A logEvent is one line of a function's log.
type logEvent struct {
	Stream  string `json:"logStreamName"`
	Message string `json:"message"`
}

// logEvents reads the logs of the deployment's functions.
func logEvents(t *testing.T) []logEvent {
	t.Helper()
	const logs = "Logs_20140328."
	var groups struct {
		LogGroups []struct {
			Name string `json:"logGroupName"`
		} `json:"logGroups"`
	}
	cloudCall(t, "logs", "POST /", logs+"DescribeLogGroups", map[string]any{"logGroupNamePrefix": "gander-"}, &groups)
	if len(groups.LogGroups) == 0 {
		t.Fatal("the template's log groups are not there")
	}
	var all []logEvent
	for _, group := range groups.LogGroups {
		ask := map[string]any{"logGroupName": group.Name}
		for {
			var page struct {
				Events    []logEvent `json:"events"`
				NextToken string     `json:"nextToken"`
			}
			cloudCall(t, "logs", "POST /", logs+"FilterLogEvents", ask, &page)
			all = append(all, page.Events...)
			if page.NextToken == "" {
				break
			}
			ask["nextToken"] = page.NextToken
		}
	}
	return all
}

// logStreams are the streams of a function: one for each of its environments.
func logStreams(t *testing.T, logicalID string) map[string]bool {
	t.Helper()
	streams := make(map[string]bool)
	for _, event := range logEvents(t) {
		if strings.Contains(event.Stream, "-"+logicalID+"-") {
			streams[event.Stream] = true
		}
	}
	return streams
}

// reports are the ends of a function's invocations that did not fail.
func reports(t *testing.T, logicalID string) []string {
	t.Helper()
	var ends []string
	for _, event := range logEvents(t) {
		if strings.Contains(event.Stream, "-"+logicalID+"-") && succeeded(event) {
			ends = append(ends, event.Message)
		}
	}
	return ends
}

func succeeded(event logEvent) bool {
	return strings.HasPrefix(event.Message, "REPORT ") && !strings.Contains(event.Message, "Status: error")
}

// workedFunctions names the operations with a request that was answered as it
// should be, and the consumers that took an event. The fallback's good answers
// are refusals.
func workedFunctions(t *testing.T) map[string]bool {
	t.Helper()
	worked := make(map[string]bool)
	for _, event := range logEvents(t) {
		var line struct {
			Msg, Operation string
			Status         int
		}
		if json.Unmarshal([]byte(event.Message), &line) == nil && line.Msg == "request" {
			good := line.Status >= 200 && line.Status < 400 || line.Operation == "fallback" && line.Status < 500
			worked[line.Operation] = worked[line.Operation] || good
		}
		for id, consumer := range map[string]string{"-ReaperFunction-": "reaper", "-SweeperFunction-": "sweeper"} {
			if strings.Contains(event.Stream, id) && succeeded(event) {
				worked[consumer] = true
			}
		}
	}
	return worked
}

// setMapping lets the stream bring changes to the reaper, or not.
func setMapping(t *testing.T, on bool) {
	t.Helper()
	const path = "/2015-03-31/event-source-mappings/"
	type mapping struct{ UUID, State, EventSourceArn string }
	var list struct{ EventSourceMappings []mapping }
	cloudCall(t, "lambda", "GET "+path, "", struct{}{}, &list)
	streams := slices.DeleteFunc(list.EventSourceMappings, func(m mapping) bool { return !strings.Contains(m.EventSourceArn, ":dynamodb:") })
	if len(streams) != 1 {
		t.Fatalf("the deployment has %d stream mappings", len(streams))
	}
	line, want := path+streams[0].UUID, map[bool]string{true: "Enabled", false: "Disabled"}[on]
	var now mapping
	cloudCall(t, "lambda", "PUT "+line, "", map[string]any{"Enabled": on}, &now)
	eventually(t, time.Minute, "the mapping is "+want, func() bool {
		cloudCall(t, "lambda", "GET "+line, "", struct{}{}, &now)
		return now.State == want
	})
}

// purgeAtOnce lets nothing that was deleted be restored, until the test ends.
func purgeAtOnce(t *testing.T) {
	t.Helper()
	const path, retention = "/2015-03-31/functions/", "GANDER_RETENTION"
	type environment struct{ Variables map[string]string }
	var list struct {
		Functions []struct {
			FunctionName string
			Environment  environment
		}
	}
	cloudCall(t, "lambda", "GET "+path, "", struct{}{}, &list)
	set := func(name string, variables map[string]string) {
		line := path + name + "/configuration"
		var now struct{ LastUpdateStatus string }
		cloudCall(t, "lambda", "PUT "+line, "", map[string]any{"Environment": environment{variables}}, &now)
		eventually(t, time.Minute, name+" has other variables", func() bool {
			cloudCall(t, "lambda", "GET "+line, "", struct{}{}, &now)
			return now.LastUpdateStatus == "Successful"
		})
	}
	for _, f := range list.Functions {
		if before := f.Environment.Variables; before[retention] != "" {
			now := maps.Clone(before)
			now[retention] = "0s"
			set(f.FunctionName, now)
			t.Cleanup(func() { set(f.FunctionName, before) })
		}
	}
}

// localOutput is an output of the deployment's stack.
func localOutput(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(localState, "outputs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var outputs map[string]string
	if err := json.Unmarshal(text, &outputs); err != nil || outputs[name] == "" {
		t.Fatalf("the stack puts out no %s: %s, %v", name, text, err)
	}
	return outputs[name]
}

// localConfig is how the SDK reaches LocalStack; make local-test sets it in the
// environment.
func localConfig(t *testing.T) aws.Config {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// objects counts the versions of the objects of an image's data.
func objects(t *testing.T, id string) int {
	t.Helper()
	store := s3.NewFromConfig(localConfig(t), func(o *s3.Options) { o.UsePathStyle = true })
	list, err := store.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{
		Bucket: aws.String(localOutput(t, "BucketName")), Prefix: aws.String("images/" + id + "/"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Versions)
}

func wantObjects(t *testing.T, id string, want int) {
	t.Helper()
	if n := objects(t, id); n != want {
		t.Fatalf("image %s has %d objects, want %d", id, n, want)
	}
}

// eventually waits for what must come, and fails when it does not.
func eventually(t *testing.T, within time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %s it is not so: %s", within, what)
		}
	}
}
