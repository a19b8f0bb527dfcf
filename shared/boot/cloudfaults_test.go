package boot

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/boot/account"
	"github.com/gander-images/gander/shared/httpapi"
)

// A door is one of the ways by which a request reaches an operation.
type door func(t *testing.T, op httpapi.Operation, environ []string, q question, d *installation) (told gatewayAnswer, logged string)

// doors are both of them.
var doors = map[string]door{"HTTP": byHTTP, "Lambda": byLambda}

func byHTTP(t *testing.T, op httpapi.Operation, environ []string, q question, d *installation) (told gatewayAnswer, logged string) {
	t.Helper()
	r := run(t, "", func(p *process) int { return p.serve(op) }, usualPatience, append(environ, "GANDER_LISTEN=127.0.0.1:0")...)
	asked, err := http.NewRequestWithContext(t.Context(), q.method, "http://"+r.address+q.path, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range q.header {
		asked.Header.Set(name, value)
	}
	asked.Header.Set("X-Auth-Token", d.tokens[q.as])
	answer, err := http.DefaultTransport.RoundTrip(asked)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	r.stop()
	return gatewayAnswer{StatusCode: answer.StatusCode, MultiValueHeaders: answer.Header, Body: string(body)}, r.stderr.String()
}

func byLambda(t *testing.T, op httpapi.Operation, environ []string, q question, d *installation) (told gatewayAnswer, logged string) {
	t.Helper()
	logs := &logBuffer{}
	p := &process{environ: environ, stderr: logs, account: account.FromEnvironment}
	s, err := p.buildLambda(op.Name, op.Needs, answering(op))
	if err != nil {
		t.Fatal(err)
	}
	h := &gatewayHandler{handler: httpapi.Handler([]httpapi.Operation{op}, s.api), log: s.log}
	ctx, cancel := context.WithTimeout(t.Context(), 29*time.Second)
	defer cancel()
	raw, err := h.Invoke(ctx, q.event(t, d, ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &told); err != nil {
		t.Fatal(err)
	}
	return told, logs.String()
}

// wantUnavailable holds an answer to a 503 in Glance's form with an id and no
// word of the cause, and the log to one line about it that names the cause and no
// secret.
func wantUnavailable(t *testing.T, name string, d *installation, told gatewayAnswer, logged, cause string) {
	t.Helper()
	var form struct{ Message, Code, Title string }
	if err := json.Unmarshal([]byte(told.Body), &form); err != nil || told.StatusCode != 503 || form.Code != "503 Service Unavailable" || form.Message == "" {
		t.Errorf("%s: %d %s", name, told.StatusCode, told.Body)
	}
	if !strings.HasPrefix(told.MultiValueHeaders.Get("X-Openstack-Request-Id"), "req-") {
		t.Errorf("%s: no request id: %v", name, told.MultiValueHeaders)
	}
	var lines []string
	for line := range strings.Lines(logged) {
		if !strings.Contains(line, `"level":"INFO"`) {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 || !strings.Contains(lines[0], cause) || !strings.Contains(lines[0], `"level":"ERROR"`) {
		t.Errorf("%s: logged, without %q or other than once:\n%s", name, cause, strings.Join(lines, ""))
	}
	for _, secret := range []string{fakeKeyID, fakeSecret, fakeToken, d.tokens["gander"], "Signature=", "X-Amz-Signature"} {
		if strings.Contains(logged+told.Body, secret) {
			t.Errorf("%s: tells %q:\n%s%s", name, secret, told.Body, logged)
		}
	}
	if cause != "" && strings.Contains(told.Body, cause) {
		t.Errorf("%s: tells the caller %s", name, told.Body)
	}
}

var asJSON = map[string]string{"Accept": "application/json"}

var asPatch = map[string]string{"Accept": "application/json", "Content-Type": "application/openstack-images-v2.1-json-patch"}

var asBytes = map[string]string{"Accept": "application/json", "Content-Type": "application/octet-stream"}

// TestTheTableCannotBeUsed: what is wrong with the table, or with who asks for
// it, is the operator's to read, and a 503 for callers.
func TestTheTableCannotBeUsed(t *testing.T) {
	d, aws := deploy(t), newFakeAWS(t)
	path := aws.keep(d, true)
	echo := "Credential should be scoped to a valid region. The Canonical String for this request should have been 'POST / x-amz-security-token:" +
		fakeToken + "' Signature=abc " + fakeKeyID
	for _, fault := range []struct {
		name, cause string
		answer      http.HandlerFunc
	}{
		{"table absent", "ResourceNotFoundException", jsonRefusal(400, "ResourceNotFoundException", "Requested resource not found")},
		{"access denied", "is not authorized to perform", jsonRefusal(400, "AccessDeniedException", "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: dynamodb:GetItem")},
		{"wrong region", "InvalidSignatureException", jsonRefusal(400, "InvalidSignatureException", echo)},
		{"unknown keys", "UnrecognizedClientException", jsonRefusal(400, "UnrecognizedClientException", "The security token included in the request is invalid: "+fakeToken)},
	} {
		aws.refuse(fault.answer, nil)
		for _, c := range []struct {
			op httpapi.Operation
			q  question
		}{
			{httpapi.ImageShow, question{method: "GET", path: path, as: "gander", header: asJSON}},
			{httpapi.ImageList, question{method: "GET", path: "/v2/images", as: "gander", header: asJSON}},
			{httpapi.ImageCreate, question{method: "POST", path: "/v2/images", as: "gander", header: asJSON, body: "{}"}},
			{httpapi.ImageDelete, question{method: "DELETE", path: path, as: "gander", header: asJSON}},
			{httpapi.ImageUpdate, question{method: "PATCH", path: path, as: "gander", header: asPatch, body: `[{"op":"replace","path":"/name","value":"n"}]`}},
			{httpapi.ImageTagAdd, question{method: "PUT", path: path + "/tags/t", as: "gander", header: asJSON}},
			{httpapi.ImageDeactivate, question{method: "POST", path: path + "/actions/deactivate", as: "gander", header: asJSON}},
			{httpapi.MemberCreate, question{method: "POST", path: path + "/members", as: "gander", header: asJSON, body: `{"member":"p"}`}},
			{httpapi.MemberList, question{method: "GET", path: path + "/members", as: "gander", header: asJSON}},
			{httpapi.MemberUpdate, question{method: "PUT", path: path + "/members/p", as: "gander", header: asJSON, body: `{"status":"accepted"}`}},
			{httpapi.ImageTaskList, question{method: "GET", path: path + "/tasks", as: "gander", header: asJSON}},
			{httpapi.TaskShow, question{method: "GET", path: "/v2/tasks/" + taskInEvents, as: "gander-admin", header: asJSON}},
			{httpapi.ImageDeletedList, question{method: "GET", path: "/gander/v1/images/deleted", as: "gander-admin", header: asJSON}},
			{httpapi.ImageDataUpload, question{method: "PUT", path: path + "/file", as: "gander", header: asBytes, body: "x"}},
			{httpapi.ImageDataDownload, question{method: "GET", path: path + "/file", as: "gander", header: asJSON}},
		} {
			for way, open := range doors {
				told, logged := open(t, c.op, aws.environ(t, d), c.q, d)
				wantUnavailable(t, fault.name+", "+c.op.Name+" by "+way, d, told, logged, fault.cause)
			}
		}
	}
}

// TestHealthLooksAtTheTable: a data plane whose table cannot be used is not
// healthy, and gets no requests from the load balancer.
func TestHealthLooksAtTheTable(t *testing.T) {
	d, aws := deploy(t), newFakeAWS(t)
	d.environ = aws.environ(t, d)
	for _, part := range []string{"data", "consumers"} {
		aws.refuse(nil, nil)
		r := d.only(part)
		r.call("", "GET", "/healthcheck", "", 200)
		aws.refuse(jsonRefusal(400, "ResourceNotFoundException", "Requested resource not found"), nil)
		r.call("", "GET", "/healthcheck", "", 503)
		if part == "data" { // a balancer that replaced it would cut off its transfers
			aws.refuse(jsonRefusal(400, "ThrottlingException", "Rate exceeded"), nil)
			r.call("", "GET", "/healthcheck", "", 200)
		}
		r.stop()
		if text := r.stderr.String(); !strings.Contains(text, `"status":503`) || !strings.Contains(text, "ResourceNotFoundException") {
			t.Errorf("%s: logged %s", part, text)
		}
	}
}

// TestTheBucketCannotBeUsed, likewise.
func TestTheBucketCannotBeUsed(t *testing.T) {
	d, aws := deploy(t), newFakeAWS(t)
	path := aws.keep(d, true)
	get := question{method: "GET", path: path + "/file", as: "gander", header: asJSON}
	environ := aws.environ(t, d, "GANDER_DOWNLOADS=direct")
	for _, fault := range []struct {
		name, cause string
		answer      http.HandlerFunc
	}{
		{"bucket absent", "NoSuchBucket", xmlRefusal(404, "NoSuchBucket", "The specified bucket does not exist")},
		{"access denied", "AccessDenied", xmlRefusal(403, "AccessDenied", "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: s3:GetObject")},
		{"wrong region", "PermanentRedirect", xmlRefusal(301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.")},
		{"wrong region, signed", "AuthorizationHeaderMalformed", xmlRefusal(400, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region 'eu-central-1' is wrong; expecting 'eu-west-1'")},
	} {
		aws.refuse(nil, fault.answer)
		for way, open := range doors {
			told, logged := open(t, httpapi.ImageDataDownload, environ, get, d)
			wantUnavailable(t, fault.name+" by "+way, d, told, logged, fault.cause)
		}
	}
}

// TestTheServicesCannotBeReached: nobody listens where they should be.
func TestTheServicesCannotBeReached(t *testing.T) {
	d, aws := deploy(t), newFakeAWS(t)
	path := aws.keep(d, true)
	gone := newFakeAWS(t)
	gone.Close()
	for name, c := range map[string]struct {
		op      httpapi.Operation
		path    string
		environ []string
	}{
		"DynamoDB": {httpapi.ImageShow, path, []string{"AWS_ENDPOINT_URL_DYNAMODB=" + gone.URL}},
		"S3":       {httpapi.ImageDataDownload, path + "/file", []string{"AWS_ENDPOINT_URL_S3=" + gone.URL, "GANDER_DOWNLOADS=direct"}},
	} {
		for way, open := range doors {
			t.Run(name+" by "+way, func(t *testing.T) {
				t.Parallel() // each tries for seconds
				told, logged := open(t, c.op, aws.environ(t, d, c.environ...), question{method: "GET", path: c.path, as: "gander", header: asJSON}, d)
				wantUnavailable(t, name, d, told, logged, "connection refused")
			})
		}
	}
}

// TestHangingServicesDoNotHangFunctions: a compiled function whose table does
// not answer gives its caller a 503 before the platform ends the invocation, and
// is good for the next one.
func TestHangingServicesDoNotHangFunctions(t *testing.T) {
	d, aws := deploy(t), newFakeAWS(t)
	path := aws.keep(d, false)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	aws.refuse(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}, nil)
	folder, err := bootstraps()
	if err != nil {
		t.Fatal(err)
	}
	logs := &logBuffer{}
	command := exec.Command(filepath.Join(folder, "image-show"))
	command.Env, command.Stderr = aws.environ(t, d), logs
	const limit = 3 * time.Second
	f := startCommand(t, command, limit)
	q := question{method: "GET", path: path, as: "gander", header: asJSON}
	begin := time.Now()
	told := parseAnswer(t, "image-show", invokeFunction(t, f, q.event(t, d, "")))
	if took := time.Since(begin); took >= limit {
		t.Errorf("it took %v", took)
	}
	logs.says(t, `"level":"ERROR"`) // it comes by a pipe
	wantUnavailable(t, "hanging", d, told, logs.String(), "deadline exceeded")
	aws.refuse(nil, nil)
	if told := parseAnswer(t, "image-show", invokeFunction(t, f, q.event(t, d, ""))); told.StatusCode != 200 {
		t.Errorf("the next one: %+v", told)
	}
}

// TestDownloadsByTheMix: a Lambda on the cloud mix sends its callers to the
// bucket, a listener of its own sends the bytes, and both do otherwise when told.
// The URL is in the answer alone.
func TestDownloadsByTheMix(t *testing.T) {
	d, aws := deploy(t), newFakeAWS(t)
	path := aws.keep(d, true)
	aws.refuse(nil, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "1234567890")
	})
	get := question{method: "GET", path: path + "/file", as: "gander"}
	for _, test := range []struct {
		way, setting string
		status       int
	}{
		{"Lambda", "auto", 302},
		{"Lambda", "redirect", 302},
		{"Lambda", "direct", 200},
		{"HTTP", "auto", 200},
		{"HTTP", "redirect", 302},
		{"HTTP", "direct", 200},
	} {
		told, logged := doors[test.way](t, httpapi.ImageDataDownload, aws.environ(t, d, "GANDER_DOWNLOADS="+test.setting), get, d)
		to := told.MultiValueHeaders.Get("Location")
		if told.StatusCode != test.status || (test.status == 302) != strings.HasPrefix(to, aws.URL+"/bytes/images/") {
			t.Errorf("%s, %s: %+v", test.way, test.setting, told)
		}
		if test.status == 302 && (told.Body != "" || !strings.Contains(to, "X-Amz-Expires=300") || told.MultiValueHeaders.Get("Cache-Control") != "no-store") {
			t.Errorf("%s, %s: %+v", test.way, test.setting, told)
		}
		if test.status == 200 && told.body(t) != "1234567890" {
			t.Errorf("%s, %s: %q", test.way, test.setting, told.body(t))
		}
		if strings.Contains(logged, "X-Amz-") || strings.Contains(logged, "/bytes/") {
			t.Errorf("%s, %s: logged %s", test.way, test.setting, logged)
		}
	}
}
