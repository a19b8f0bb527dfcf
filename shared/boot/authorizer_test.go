package boot

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/lambda"
)

// An authorized is what the authorizer answers a gateway.
type authorized struct {
	PrincipalID    string
	PolicyDocument struct {
		Version   string
		Statement []struct{ Action, Effect, Resource string }
	}
	Context map[string]string
}

const (
	restArn   = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/gander/"
	aboutOne  = "/v2/images/2f9c1d3e-7a54-4b0e-9d61-0c8f5e3b7a10"
	tokenName = "X-Auth-Token"
)

// asking is the event that a gateway hands its authorizer.
func asking(t *testing.T, shape, method, path string, header map[string]string) []byte {
	t.Helper()
	type m = map[string]any
	e := m{
		"type": "REQUEST", "methodArn": restArn + method + path, "httpMethod": method, "path": path, "headers": header,
		"requestContext": m{"stage": "gander", "path": "/gander" + path},
	}
	if shape == "http" {
		e = m{
			"version": "2.0", "type": "REQUEST", "routeArn": restArn + method + path, "identitySource": []string{header[tokenName]},
			"rawPath": "/gander" + path, "headers": header, "requestContext": m{"stage": "gander", "http": m{"method": method, "path": "/gander" + path}},
		}
	}
	payload, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func parseAuthorized(t *testing.T, o lambda.Outcome) authorized {
	t.Helper()
	var a authorized
	if err := json.Unmarshal(o.Payload, &a); o.Failed || err != nil {
		t.Fatalf("%s, %v", o.Payload, err)
	}
	statements := a.PolicyDocument.Statement
	if len(statements) != 1 || statements[0].Action != "execute-api:Invoke" || statements[0].Effect != "Allow" ||
		statements[0].Resource != restArn+"*" || a.PolicyDocument.Version != "2012-10-17" {
		t.Errorf("%s", o.Payload)
	}
	return a
}

// TestAuthorizerAnswers a gateway of either kind: yes with the caller, and without
// the token; or the word that becomes a 401, whatever is wrong.
func TestAuthorizerAnswers(t *testing.T) {
	d := deploy(t)
	logs := &logBuffer{}
	f := d.startLogged("authorizer", logs, "GANDER_LOG_LEVEL=debug")
	token := d.tokens["gander"]
	for _, shape := range []string{"rest", "http"} {
		o := invokeFunction(t, f, asking(t, shape, "PUT", aboutOne+"/file", map[string]string{tokenName: token, "Content-Length": "5000000"}))
		a := parseAuthorized(t, o)
		if a.PrincipalID == "" || !strings.Contains(a.Context["caller"], `"user_id":"`+a.PrincipalID+`"`) || !strings.Contains(a.Context["caller"], `["member","reader"]`) {
			t.Errorf("%s: %+v", shape, a)
		}
		if strings.Contains(string(o.Payload), token) || strings.Contains(logs.String(), token) {
			t.Errorf("%s: the token is told: %s", shape, o.Payload)
		}
		for name, header := range map[string]map[string]string{
			"none":      {},
			"a bad one": {tokenName: "wrong"},
			"forged":    {tokenName: token[:len(token)-4] + "AAAA"},
			"CR and LF": {tokenName: token + "\r\nX-Roles: admin"},
			"64 KB":     {tokenName: strings.Repeat("a", 64<<10)},
			"not UTF-8": {tokenName: "\xff\xfe"},
			"elsewhere": {"Authorization": "Bearer " + token},
			"told":      {"X-Roles": "admin", "X-User-Id": "u", "X-Project-Id": "p", "X-Identity-Status": "Confirmed"},
		} {
			if o := invokeFunction(t, f, asking(t, shape, "GET", aboutOne, header)); !o.Failed || o.Message() != "Unauthorized" {
				t.Errorf("%s, %s: %s", shape, name, o.Payload)
			}
		}
		// What needs no token needs no caller.
		for _, path := range []string{"/", "/versions", "/healthcheck", "/nothing"} {
			if a := parseAuthorized(t, invokeFunction(t, f, asking(t, shape, "GET", path, nil))); len(a.Context) != 0 {
				t.Errorf("%s, %s: %+v", shape, path, a)
			}
		}
	}
}

// TestAuthorizerCannotTell: where nobody can tell, the gateway hears of an error,
// and not that the token is bad.
func TestAuthorizerCannotTell(t *testing.T) {
	d := deploy(t)
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	claims := `{"iss":"` + down.URL + `","aud":"gander","sub":"mia","exp":4000000000,"project_id":"demo"}`
	token := encoded(`{"alg":"RS256","kid":"one"}`) + "." + encoded(claims) + "." + encoded(strings.Repeat("s", 256))
	f := d.start("authorizer", "GANDER_IDENTITY=jwt", "GANDER_JWT_ISSUER="+down.URL, "GANDER_JWT_AUDIENCE=gander")
	o := invokeFunction(t, f, asking(t, "rest", "GET", aboutOne, map[string]string{tokenName: token}))
	if !o.Failed || o.Message() == "Unauthorized" || !strings.Contains(o.Message(), "authorizing GET") || strings.Contains(string(o.Payload), encoded(claims)) {
		t.Errorf("%s", o.Payload)
	}
	if o := invokeFunction(t, f, asking(t, "rest", "GET", aboutOne, map[string]string{tokenName: "wrong"})); o.Message() != "Unauthorized" {
		t.Errorf("%s", o.Payload)
	}
}

// TestEventsOfOtherAuthorizers: an event that does not have the whole request is
// none to answer, however the gateway names its methods.
func TestEventsOfOtherAuthorizers(t *testing.T) {
	const good = `{"type":"REQUEST","methodArn":"arn:aws:execute-api:r:1:api/gander/GET/v2/images","httpMethod":"GET","path":"/v2/images"}`
	for name, c := range map[string]struct{ old, new, want string }{
		"as it is":        {"", "", "arn:aws:execute-api:r:1:api/gander/*"},
		"of a token":      {"REQUEST", "TOKEN", ""},
		"of no type":      {`"type":"REQUEST",`, "", ""},
		"without a name":  {"methodArn", "arn", ""},
		"of no gateway":   {"arn:aws", "aws", ""},
		"without a stage": {"api/gander/", "api//", ""},
		"cut short":       {"api/gander/GET/v2/images", "api/gander", ""},
		"no JSON":         {"{", "", ""},
	} {
		got, err := methodsOf([]byte(strings.Replace(good, c.old, c.new, 1)))
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// behind is an event of a function, with what the gateway adds of its authorizer's
// answer.
func behind(t *testing.T, payload []byte, caller any) []byte {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	said := map[string]any{"principalId": "u", "integrationLatency": 12, "caller": caller}
	if e["version"] == "2.0" {
		said = map[string]any{"lambda": map[string]any{"caller": caller}}
	}
	e["requestContext"].(map[string]any)["authorizer"] = said
	payload, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// TestFunctionsBehindAnAuthorizer takes the life of an image through functions that
// know no token, and trust the gateway's word.
func TestFunctionsBehindAnAuthorizer(t *testing.T) {
	d := deploy(t)
	asker := d.start("authorizer")
	var word string
	run := func(function, as string, status int) []byte {
		t.Helper()
		payload := d.recorded(function, as)
		word = d.word(asker, as)
		a := parseAnswer(t, function, d.feed(function, behind(t, payload, word), "GANDER_IDENTITY=authorizer"))
		if a.StatusCode != status {
			t.Errorf("%s as %s: %+v", function, as, a)
		}
		return payload
	}
	run("image-create", "gander", 201)
	run("image-list", "gander", 200) // payload 1.0 or 2.0, as recorded
	run("image-show", "gander-other", 404)
	run("image-delete", "gander-reader", 403)
	show := run("image-show", "gander", 200)
	d.refuseForgeries(show, word)
}

// word is what the authorizer says of one of the people.
func (d *installation) word(asker *lambda.Process, as string) string {
	d.t.Helper()
	o := invokeFunction(d.t, asker, asking(d.t, "rest", "GET", aboutOne, map[string]string{tokenName: d.tokens[as]}))
	return parseAuthorized(d.t, o).Context["caller"]
}

// refuseForgeries: nothing that a client can send is taken for the gateway's word,
// nor what the gateway said of another.
func (d *installation) refuseForgeries(show []byte, word string) {
	d.t.Helper()
	f := d.start("image-show", "GANDER_IDENTITY=authorizer")
	add := func(where, name string, value any) []byte {
		var e map[string]any
		if err := json.Unmarshal(show, &e); err != nil {
			d.t.Fatal(err)
		}
		if where == "" {
			e[name] = value
		} else {
			part, _ := e[where].(map[string]any)
			if part == nil {
				part = map[string]any{}
				e[where] = part
			}
			part[name] = value
		}
		payload, err := json.Marshal(e)
		if err != nil {
			d.t.Fatal(err)
		}
		return payload
	}
	said := map[string]any{"caller": word}
	forgeries := map[string][]byte{
		"no word":            show,
		"in a header":        withHeader(d.t, show, "Caller", word),
		"in another header":  withHeader(d.t, show, "X-Amzn-Authorizer", word),
		"in the query":       add("queryStringParameters", "authorizer", word),
		"in a path variable": add("pathParameters", "caller", word),
		"in the body":        add("", "body", `{"requestContext":{"authorizer":{"caller":`+word+`}}}`),
		"in a stage's":       add("stageVariables", "authorizer", word),
		"one level up":       add("", "authorizer", said),
		"one level down":     add("requestContext", "authorizer", map[string]any{"lambda": said}),
		"of an issuer":       add("requestContext", "authorizer", map[string]any{"claims": said, "jwt": map[string]any{"claims": said}}),
		"a principal alone":  add("requestContext", "authorizer", map[string]any{"principalId": "admin"}),
		"as an object":       behind(d.t, show, json.RawMessage(word)),
		"another's token":    behind(d.t, bytes.ReplaceAll(show, []byte(d.tokens["gander"]), []byte(d.tokens["gander-other"])), word),
		"of a load balancer": bytes.Replace(behind(d.t, show, word), []byte(`"requestContext":{`), []byte(`"requestContext":{"elb":{"targetGroupArn":"arn:x"},`), 1),
	}
	for _, name := range slices.Sorted(maps.Keys(forgeries)) {
		if a := parseAnswer(d.t, name, invokeFunction(d.t, f, forgeries[name])); a.StatusCode != http.StatusUnauthorized {
			d.t.Errorf("%s: %+v", name, a)
		}
	}
	if a := parseAnswer(d.t, "good", invokeFunction(d.t, f, behind(d.t, show, word))); a.StatusCode != http.StatusOK {
		d.t.Errorf("the gateway's own word: %+v", a)
	}
	if a := parseAnswer(d.t, "odd", invokeFunction(d.t, f, behind(d.t, show, `{"form":9}`))); a.StatusCode != http.StatusServiceUnavailable {
		d.t.Errorf("a word that is not understood: %+v", a)
	}
}

// TestAuthorizersSeeWhatFunctionsSee: a token that is good for some calls is held
// against the call as the function routes it, whatever the gateway left in front.
func TestAuthorizersSeeWhatFunctionsSee(t *testing.T) {
	for _, c := range []struct {
		endpoint, path, want string
		open                 bool
	}{
		{"https://i.example", "/v2/images", "/v2/images", false},
		{"https://i.example/base", "/base/v2/images", "/v2/images", false},
		{"https://i.example/base", "/v2/images", "/v2/images", false},
		{"https://i.example", "/base/v2/images", "/base/v2/images", true}, // a path that nobody knows
		{"https://i.example", "/v2.9/images/x", "/v2/images/x", false},
		{"https://i.example/base/", "/base/healthcheck", "/healthcheck", true},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(tokenName, "x")
		shown, open := credentials(c.endpoint, r)
		if shown.Path != c.want || shown.Method != http.MethodGet || shown.Token != "x" || open != c.open {
			t.Errorf("%s of %s: %+v, %t", c.path, c.endpoint, shown, open)
		}
	}
}
