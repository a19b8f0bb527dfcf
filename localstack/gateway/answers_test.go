package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/gateway"
	"github.com/gander-images/gander/localstack/template"
)

// TestRoutes: literal parts come before variables, those before greedy ones.
func TestRoutes(t *testing.T) {
	w := start(t, nil)
	for request, want := range map[string]string{
		"GET /": "/", "GET /v2/images": "/v2/images", "GET /v2/images/": "/v2/images", "POST /v2/images": "/v2/images",
		"OPTIONS /v2/images": "/v2/images", "GET /v2/images/detail": "/v2/images/detail", "GET /v2/images/detail2": "/v2/images/{image_id}",
		"GET /v2/images/x/file": "/v2/images/{image_id}/file", "GET /v2/images/detail/file": "/v2/images/{image_id}/file",
		"GET /v2/images/x/other": "/{proxy+}", "GET /v2": "/{proxy+}", "PATCH /v2.3/images": "/{proxy+}", "GET /v2/images//file": "/{proxy+}",
	} {
		method, path, _ := strings.Cut(request, " ")
		event := w.event(method, path, "")
		wants(t, request, event, map[string]string{"resource": want, "path": path, "httpMethod": method})
	}
	if a := w.call("HEAD", w.URL()+"/v2/images", ""); a.StatusCode != 200 {
		t.Errorf("HEAD: %s", a.Status)
	}
}

// TestStrictRoutes: an HTTP API takes a slash at the end for another path.
func TestStrictRoutes(t *testing.T) {
	w := start(t, func(c *gateway.Config) { c.Shape = gateway.HTTP })
	wants(t, "slash", w.event("GET", "/v2/images/", ""), map[string]string{"pathParameters": `{"proxy":"v2/images/"}`, "rawPath": "/v2/images/"})
	wants(t, "decoded slash", w.event("GET", "/v2/images/a%2Fb", ""), map[string]string{"pathParameters": `{"proxy":"v2/images/a/b"}`})
	wants(t, "root", w.event("GET", "/", ""), map[string]string{"rawPath": "/"})
}

// TestTheGatewaysOwnAnswers: what reaches no function is answered by the
// template's words.
func TestTheGatewaysOwnAnswers(t *testing.T) {
	w := start(t, nil)
	for _, test := range []struct {
		method, path, body, accept string
		status                     int
		kind, text                 string
	}{
		{"BREW", "/v2/images", "", "", 501, "application/json", `{"why":"Missing Authentication Token"}`},
		{"POST", "/v2/images/1", "", "text/html,*/*", 501, "text/html", "<h1>501</h1>"},
		{"PUT", "/v2/images/1/file", strings.Repeat("x", 10<<20+1), "", 413, "text/html", "<h1>413</h1> ID PUT /v2/images/1/file"},
		{"PUT", "/v2/images/1/file", strings.Repeat("\x01", 6<<20/6), "", 413, "text/html", "<h1>413</h1> ID PUT /v2/images/1/file"},
	} {
		a := w.call(test.method, w.URL()+test.path, test.body, "Accept", test.accept)
		id := a.Header.Get("X-Amzn-Requestid")
		if want := strings.Replace(test.text, "ID", id, 1); a.StatusCode != test.status || a.Header.Get("Content-Type") != test.kind || a.text != want {
			t.Errorf("%s %s: %s %s %s", test.method, test.path, a.Status, a.Header, a.text)
		}
		if test.status == 413 && (a.Header.Get("X-Id") != id || a.Header.Get("X-Word") != "no-store") {
			t.Errorf("%v", a.Header)
		}
	}
	if w.Tally()[""].Answers[501] != 1 || w.Tally()["image-show"].Answers[413] != 2 {
		t.Errorf("%+v", w.Tally())
	}
	if a := w.call("GET", w.URL()+"/v2/images", "", "X-Long", strings.Repeat("x", 10240)); a.StatusCode != 431 {
		t.Errorf("a long header: %s", a.Status)
	}
	if a := w.call("PUT", w.URL()+"/v2/images/1/file", strings.Repeat("x", 6<<20-2000)); a.StatusCode != 200 {
		t.Errorf("just below the limit: %s", a.Status)
	}
}

// TestAnswersOfFunctions: what the caller gets of what a REST API is given.
func TestAnswersOfFunctions(t *testing.T) {
	w := start(t, nil)
	for _, test := range []struct {
		answer, accept string
		status         int
		kind, text     string
	}{
		{`{"statusCode":201,"body":"x","headers":{"Content-Type":"text/plain"}}`, "", 201, "text/plain", "x"},
		{`{"statusCode":"404"}`, "", 404, "application/json", ""},
		{`{}`, "", 200, "application/json", ""},
		{`{"body":"/wA=","isBase64Encoded":true}`, "", 200, "application/json", "/wA="},
		{`{"body":"/wA=","isBase64Encoded":true}`, "*/*", 200, "application/json", "/wA="},
		{`{"body":"/wA=","isBase64Encoded":true}`, "application/octet-stream;q=1, text/html", 200, "application/json", "\xff\x00"},
		{`{"body":"/wA=","isBase64Encoded":true}`, "text/html, application/octet-stream", 200, "application/json", "/wA="},
		{`{"body":"!","isBase64Encoded":true}`, "application/octet-stream", 500, "text/html", "API_CONFIGURATION_ERROR"},
		{`{"statusCode":200,"own":1}`, "", 502, "text/html", "DEFAULT_5XX"},
		{`{"statusCode":"ok"}`, "", 502, "text/html", "DEFAULT_5XX"},
		{`"text"`, "", 502, "text/html", "DEFAULT_5XX"},
		{`{"multiValueHeaders":{"X-One":"1"}}`, "", 502, "text/html", "DEFAULT_5XX"},
		{`{"headers":null,"body":null}`, "", 200, "application/json", ""},
		{`null`, "", 502, "text/html", "DEFAULT_5XX"},
		{`no json`, "", 502, "text/html", "DEFAULT_5XX"},
	} {
		a := w.call("GET", w.URL()+"/", "", "X-Do", "answer "+test.answer, "Accept", test.accept)
		if a.StatusCode != test.status || a.Header.Get("Content-Type") != test.kind || a.text != test.text {
			t.Errorf("%s for %q: %s %s %q", test.answer, test.accept, a.Status, a.Header, a.text)
		}
	}
}

// TestHeadersOfAnswers: a REST API renames what it wants for itself.
func TestHeadersOfAnswers(t *testing.T) {
	const text = `{"statusCode":401,"headers":{"X-One":"1","X-Both":"no","X-Number":7},"multiValueHeaders":{"X-Both":["1","2"],` +
		`"WWW-Authenticate":["Keystone"],"Content-MD5":["m"],"Content-Length":["9"],"Transfer-Encoding":["chunked"],"Location":["/"]},"body":"x"}`
	w := start(t, nil)
	a := w.call("GET", w.URL()+"/", "", "X-Do", "answer "+text)
	for name, want := range map[string]string{
		"X-One": "[1]", "X-Both": "[1 2 no]", "X-Number": "[7]", "Www-Authenticate": "[]", "X-Amzn-Remapped-Www-Authenticate": "[Keystone]",
		"Content-Md5": "[]", "X-Amzn-Remapped-Content-Md5": "[m]", "Content-Length": "[1]", "Location": "[/]", "Transfer-Encoding": "[]",
	} {
		if got := fmt.Sprint(a.Header.Values(name)); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	w = start(t, func(c *gateway.Config) { c.Shape = gateway.HTTP })
	a = w.call("GET", w.URL()+"/", "", "X-Do", `answer {"statusCode":401,"headers":{"WWW-Authenticate":"Keystone"},"cookies":["a=1","b=2"],"body":"/wA=","isBase64Encoded":true}`)
	if a.Header.Get("Www-Authenticate") != "Keystone" || len(a.Header.Values("Set-Cookie")) != 2 || a.text != "\xff\x00" {
		t.Errorf("%v %q", a.Header, a.text)
	}
	if a = w.call("GET", w.URL()+"/", "", "X-Do", `answer {"own":1}`); a.StatusCode != 200 || a.text != `{"own":1}` {
		t.Errorf("no answer of a proxy: %s %s", a.Status, a.text)
	}
}

// TestFailures: errors, time-outs and answers that are too large are the
// gateway's to tell, and the log's to explain.
func TestFailures(t *testing.T) {
	large := `{"body":"` + strings.Repeat("x", 7<<10) + `"}`
	for shape, statuses := range map[gateway.Shape][3]int{gateway.REST: {502, 502, 504}, gateway.HTTP: {500, 500, 503}, gateway.ALB: {502, 502, 502}} {
		w := start(t, func(c *gateway.Config) { c.Shape = shape })
		if a := w.call("GET", w.URL()+"/", "", "X-Do", "fail"); a.StatusCode != statuses[0] || !strings.Contains(w.log.String(), "on demand") {
			t.Errorf("%d, an error: %s\n%s", shape, a.Status, w.log)
		}
		// The fallback has a second.
		if a := w.call("DELETE", w.URL()+"/v2/images", "", "X-Do", "sleep "+large); a.StatusCode != statuses[1] || !strings.Contains(w.log.String(), "Task timed out after 1.00 seconds") {
			t.Errorf("%d, a time-out of the function: %s\n%s", shape, a.Status, w.log)
		}
		w = start(t, func(c *gateway.Config) { c.Shape = shape; c.SetTimeout(200 * time.Millisecond) })
		if a := w.call("GET", w.URL()+"/", "", "X-Do", "sleep {}"); a.StatusCode != statuses[2] {
			t.Errorf("%d, a time-out of the gateway: %s", shape, a.Status)
		}
	}
}

// TestTheCDNsPaths: what goes to the data plane here does so in a deployment.
func TestTheCDNsPaths(t *testing.T) {
	s, err := template.Read("../../dataplane.yaml", template.Options{Partial: true})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Property("Distribution", "DistributionConfig", "CacheBehaviors")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, row := range rows.([]any) {
		paths = append(paths, template.Text(row.(template.Tree)["PathPattern"]))
	}
	if !slices.Equal(paths, gateway.DataPaths()) {
		t.Errorf("%v there, %v here", paths, gateway.DataPaths())
	}
}

// TestDataPlane: image data goes past the gateway below the hostname, and
// nowhere else.
func TestDataPlane(t *testing.T) {
	plane := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%s %s %d", r.Method, r.RequestURI, n)
	}))
	defer plane.Close()
	w := start(t, func(c *gateway.Config) { c.DataPlane = plane.URL })
	for path, want := range map[string]string{"/v2/images/a%2Fb/file?x=1": "PUT /v2/images/a%2Fb/file?x=1 11534336"} {
		if a := w.call("PUT", w.URL()+path, strings.Repeat("x", 11<<20)); a.text != want {
			t.Errorf("%s: %s", path, a.text)
		}
	}
	for _, url := range []string{w.URL() + "/v2/images/1/file/more", w.URL() + "/v2/images/file", w.StageURL() + "/v2/images/1/file"} {
		parse(t, w.call("GET", url, ""))
	}
	plane.Close()
	if a := w.call("GET", w.URL()+"/v2/images/1/file", ""); a.StatusCode != 502 {
		t.Errorf("without the data plane: %s", a.Status)
	}
}
