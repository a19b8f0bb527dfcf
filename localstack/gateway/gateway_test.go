package gateway_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/gateway"
)

// TestFunctionsHaveTheTemplatesEnvironment: of all functions, of this one, and
// over both what the caller of Start says.
func TestFunctionsHaveTheTemplatesEnvironment(t *testing.T) {
	w := start(t, nil)
	environ := w.call("GET", w.URL()+"/", "", "X-Do", "environment").text
	for _, want := range []string{
		`"COMMON=1"`, `"BOTH=own"`, `"URL=` + w.URL() + `"`, `"GATEWAY_TEST=image-show"`, `"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256"`,
		`"AWS_REGION=us-east-1"`, `"AWS_LAMBDA_FUNCTION_NAME=ShowFunction"`,
	} {
		if !strings.Contains(environ, want) {
			t.Errorf("no %s in %s", want, environ)
		}
	}
	if got := w.Functions(); !slices.Equal(got, []string{"authorizer", "fallback", "image-show", "sweeper"}) {
		t.Errorf("%v", got)
	}
}

// TestPatience: each kind of gateway waits as long as AWS documents of it.
func TestPatience(t *testing.T) {
	for shape, want := range map[gateway.Shape]time.Duration{gateway.REST: 29 * time.Second, gateway.HTTP: 30 * time.Second, gateway.ALB: 2 * time.Minute} {
		if got := gateway.Patience(shape); got != want {
			t.Errorf("%d: %v", shape, got)
		}
	}
}

// TestSweep: a schedule fires when it is told to, and is counted.
func TestSweep(t *testing.T) {
	w := start(t, func(c *gateway.Config) { c.NoSchedule = true })
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if row := w.Tally()["sweeper"]; row.Events != 1 || row.Failed != 0 || row.Good() != 1 {
		t.Errorf("%+v\n%s", row, w.log)
	}
	w = start(t, func(c *gateway.Config) { c.Environ = nil }) // the test binary, which is no function
	if err := w.Sweep(t.Context()); err == nil || w.Tally()["sweeper"].Failed != 1 {
		t.Errorf("%v, %+v", err, w.Tally())
	}
}

// TestQueue: what a mapping gave up on is handed to whoever reads the queue, again and
// again until it is taken or was tried often enough.
func TestQueue(t *testing.T) {
	for message, want := range map[string]int{`answer {"batchItemFailures":[]}`: 1, `answer {"batchItemFailures":[{"itemIdentifier":"m"}]}`: 5} {
		w := start(t, func(c *gateway.Config) { c.NoSchedule = true })
		w.Queue(t.Context(), "sweeper", message)
		lost := strings.Contains(w.log.String(), "comes no more")
		if row := w.Tally()["sweeper"]; row.Events != want || lost != (want > 1) {
			t.Errorf("%s: %+v\n%s", message, row, w.log)
		}
	}
}

// TestTemplatesThatAreNotUnderstood: whatever would make the gateway another one
// than the deployed is named before it starts.
func TestTemplatesThatAreNotUnderstood(t *testing.T) {
	text, err := os.ReadFile("testdata/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][3]string{
		{"BOTH: own", "BOTH: !ImportValue x", "Fn::ImportValue"},
		{"type: aws_proxy", "type: mock", `"mock"`},
		{"rate(1 minute)", "\"cron(0 * * * ? *)\"", "cron"},
		{"Type: Schedule", "Type: Kafka", `"Kafka"`},
		{"$context.httpMethod", "$util.base64", "$util.base64"},
		{"context.requestId\n", "method.request.header.a\n", "method.request.header.a"},
		{"functions/${ShowFunction.Arn}", "functions/x", "no function for"},
		{"/v2/images/{image_id}/file", "/v2/images/{id}/file", "beside another variable"},
		{"build/functions/sweeper/", "build/functions/other/", "make build"},
		{"            put:", "            trace:", "trace is not known"},
		{"Timeout: 1", "Timeout: soon", `"soon"`},
		{"TtlInSeconds: 0", "TtlInSeconds: 300", "remembered"},
		{"security: [{caller: []}]", "security: [{other: []}]", "no scheme other"},
		{"AWS::Serverless::Api", "AWS::Serverless::HttpApi", "0 REST APIs"},
		{"Type: Schedule, Properties: {Schedule: rate(1 minute),", "Type: DynamoDB, Properties: {Stream: x, TumblingWindowInSeconds: 1,", "TumblingWindowInSeconds"},
		{"Type: Schedule, Properties: {Schedule: rate(1 minute),", `Type: DynamoDB, Properties: {FilterCriteria: {Filters: [{Pattern: '{"a":[{"x":1}]}'}]},`, "operator"},
	} {
		changed := strings.Replace(string(text), change[0], change[1], 1)
		if changed == string(text) {
			t.Fatalf("%q is not in the template", change[0])
		}
		path := filepath.Join(t.TempDir(), "template.yaml")
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		for _, name := range []string{"image-show", "fallback", "sweeper", "authorizer"} {
			if err := os.Symlink(os.Args[0], filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
		g, err := gateway.Start(gateway.Config{Template: path, Functions: folder})
		if err == nil {
			g.Close()
		}
		if err == nil || !strings.Contains(err.Error(), change[2]) {
			t.Errorf("%s: %v", change[1], err)
		}
	}
}
