package event_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/event"
	"github.com/gander-images/gander/shared/problem"
)

type m = map[string]any

func request(t *testing.T, e m) (*http.Request, event.Shape, error) {
	t.Helper()
	payload, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return event.Request(t.Context(), payload)
}

func rest(more m) m {
	e := m{"resource": "/v2/images", "path": "/v2/images", "httpMethod": "GET", "requestContext": m{"stage": "v2", "identity": m{"sourceIp": "192.0.2.7"}}}
	for k, v := range more {
		e[k] = v
	}
	return e
}

func http2(more m) m {
	e := m{
		"version": "2.0", "rawPath": "/v2/images", "rawQueryString": "", "headers": m{},
		"requestContext": m{"stage": "$default", "http": m{"method": "GET", "sourceIp": "192.0.2.7"}},
	}
	for k, v := range more {
		e[k] = v
	}
	return e
}

func TestPathsAndQueries(t *testing.T) {
	multi := func(pairs ...any) m {
		out := m{}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i].(string)] = pairs[i+1]
		}
		return m{"multiValueQueryStringParameters": out}
	}
	for _, test := range []struct {
		name            string
		event           m
		path, raw, want string // decoded path, escaped path, raw query
	}{
		{"1.0, plain", rest(nil), "/v2/images", "/v2/images", ""},
		{"1.0, a stage named like a path", rest(m{"path": "/v2/images"}), "/v2/images", "/v2/images", ""},
		{"1.0, undecoded path", rest(m{"path": "/v2/images/a%2Fb%20c"}), "/v2/images/a/b c", "/v2/images/a%2Fb%20c", ""},
		{"1.0, decoded path", rest(m{"path": "/v2/images/ä b"}), "/v2/images/ä b", "/v2/images/%C3%A4%20b", ""},
		{"1.0, a lone percent sign", rest(m{"path": "/v2/images/100%"}), "/v2/images/100%", "/v2/images/100%25", ""},
		{"1.0, an empty path", rest(m{"path": ""}), "/", "/", ""},
		{"1.0, trailing slash", rest(m{"path": "/v2/images/"}), "/v2/images/", "/v2/images/", ""},
		{
			"1.0, repeated parameters in order", rest(multi("sort_key", []string{"size", "name"}, "tag", []string{"b,c", "a&b"})),
			"/v2/images", "/v2/images", "sort_key=size&sort_key=name&tag=b%2Cc&tag=a%26b",
		},
		{"1.0, single values", rest(m{"queryStringParameters": m{"name": "in:a,\"b c\""}}), "/v2/images", "/v2/images", "name=in%3Aa%2C%22b+c%22"},
		{"1.0, empty value", rest(multi("marker", []string{""})), "/v2/images", "/v2/images", "marker="},
		{"1.0 of an HTTP API, with its stage", rest(m{"version": "1.0", "path": "/prod/v2/images", "requestContext": m{"stage": "prod"}}), "/v2/images", "/v2/images", ""},
		{"2.0, query as written", http2(m{"rawQueryString": "tag=a%2Cb&tag=c&name=in:x,y&limit=2"}), "/v2/images", "/v2/images", "tag=a%2Cb&tag=c&name=in:x,y&limit=2"},
		{"2.0, broken query stays broken", http2(m{"rawQueryString": "name=%zz"}), "/v2/images", "/v2/images", "name=%zz"},
		{"2.0, with its stage", http2(m{"rawPath": "/prod/v2/images", "requestContext": m{"stage": "prod", "http": m{"method": "GET"}}}), "/v2/images", "/v2/images", ""},
		{"2.0, whose path is decoded", http2(m{"rawPath": "/v2/images/a%2Fb?c#d"}), "/v2/images/a%2Fb?c#d", "/v2/images/a%252Fb%3Fc%23d", ""},
		{"2.0, only the stage", http2(m{"rawPath": "/prod", "requestContext": m{"stage": "prod", "http": m{"method": "GET"}}}), "/", "/", ""},
		{"2.0, a path that begins like the stage", http2(m{"rawPath": "/products", "requestContext": m{"stage": "prod", "http": m{"method": "GET"}}}), "/products", "/products", ""},
	} {
		r, _, err := request(t, test.event)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if r.URL.Path != test.path || r.URL.EscapedPath() != test.raw || r.URL.RawQuery != test.want {
			t.Errorf("%s: %q, %q, %q", test.name, r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery)
		}
	}
}

func TestLoadBalancerQueriesArriveEncoded(t *testing.T) {
	for name, query := range map[string]m{
		"single": {"queryStringParameters": m{"name": "in%3Aa%2Cb", "a%20b": "1%2"}},
		"multi":  {"multiValueQueryStringParameters": m{"name": []string{"in%3Aa%2Cb"}, "a%20b": []string{"1%2"}}},
	} {
		query["requestContext"] = m{"elb": m{"targetGroupArn": "arn"}}
		r, shape, err := request(t, rest(query))
		if err != nil || shape != event.ALB || r.URL.RawQuery != "a+b=1%252&name=in%3Aa%2Cb" {
			t.Errorf("%s: %v, %v, %q", name, err, shape, r.URL.RawQuery)
		}
	}
}

func TestHeaders(t *testing.T) {
	r, shape, err := request(t, rest(m{
		"headers":           m{"Accept": "text/html", "X-Auth-Token": "t"},
		"multiValueHeaders": m{"accept": []string{"application/json", "text/html"}, "host": []string{"images.example.org"}},
	}))
	if err != nil || shape != event.REST {
		t.Fatal(shape, err)
	}
	if got := r.Header.Values("Accept"); !slices.Equal(got, []string{"application/json", "text/html"}) {
		t.Errorf("accept: %q", got)
	}
	if r.Header.Get("X-Auth-Token") != "t" || r.Host != "images.example.org" || r.Header.Get("Host") != "" || r.RemoteAddr != "192.0.2.7:0" {
		t.Errorf("%v, host %q, from %q", r.Header, r.Host, r.RemoteAddr)
	}
	r, _, err = request(t, http2(m{"headers": m{"x-auth-token": "t"}, "cookies": []string{"a=1", "b=2"}}))
	if err != nil || r.Header.Get("X-Auth-Token") != "t" || r.Header.Get("Cookie") != "a=1; b=2" {
		t.Errorf("2.0: %v, %v", r.Header, err)
	}
}

func TestBodies(t *testing.T) {
	binary := "\x00\xff\x80GANDER"
	encoded := base64.StdEncoding.EncodeToString([]byte(binary))
	for _, test := range []struct {
		name  string
		event m
		want  string
	}{
		{"none", rest(nil), ""},
		{"null", rest(m{"body": nil}), ""},
		{"text", rest(m{"httpMethod": "POST", "body": "{\"name\":\"ä\"}"}), "{\"name\":\"ä\"}"},
		{"base64", rest(m{"httpMethod": "PUT", "body": encoded, "isBase64Encoded": true}), binary},
		{"2.0, base64", http2(m{"body": encoded, "isBase64Encoded": true, "headers": m{"content-length": "9"}}), binary},
		{"chunked on its way to the gateway", rest(m{"httpMethod": "PUT", "body": "abc", "headers": m{"Transfer-Encoding": "chunked"}}), "abc"},
	} {
		r, _, err := request(t, test.event)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		got, err := io.ReadAll(r.Body)
		if string(got) != test.want || err != nil || r.ContentLength != int64(len(test.want)) || len(r.TransferEncoding) != 0 || r.Header.Get("Transfer-Encoding") != "" {
			t.Errorf("%s: %q, %d bytes, %v", test.name, got, r.ContentLength, err)
		}
	}
}

// TestMaimedBodyIsRefused: a gateway that takes bytes for text replaces what is
// no UTF-8; storing the result would be worse than an error.
func TestMaimedBodyIsRefused(t *testing.T) {
	r, _, err := request(t, rest(m{"httpMethod": "PUT", "body": "\uFFFD\uFFFD", "headers": m{"Content-Length": "2", "Accept": "application/json"}}))
	if !problem.Is(err, problem.Invalid) || r == nil || r.Header.Get("Accept") != "application/json" {
		t.Errorf("%v, %v", r, err)
	}
}

// TestBodiesBeyondTheGateway: whoever sent more than can come through learns how
// much can, and where the rest may go. What did come whole is taken.
func TestBodiesBeyondTheGateway(t *testing.T) {
	elb := m{"elb": m{"targetGroupArn": "arn"}}
	for _, test := range []struct {
		name    string
		event   m
		code    problem.Code
		limited string
	}{
		{"cut", m{"headers": m{"Content-Length": "20000000"}}, problem.TooLarge, "at most 4500000 bytes"},
		{"cut, in chunks", m{"headers": m{"Transfer-Encoding": "chunked", "X-OpenStack-Image-Size": "20000000"}}, problem.TooLarge, "the data plane, or gander serve"},
		{"cut by a load balancer", m{"headers": m{"Content-Length": "2000000"}, "requestContext": elb}, problem.TooLarge, "at most 1000000 bytes"},
		{"maimed", m{"headers": m{"Content-Length": "4500000"}}, problem.Invalid, "passed on 3 bytes of a body of 4500000"},
		{"whole", m{"headers": m{"Content-Length": "3", "X-OpenStack-Image-Size": "3"}}, problem.Internal, ""},
		{"whole, by a larger gateway", m{"body": strings.Repeat("x", 5_000_000), "headers": m{"Content-Length": "5000000", "X-OpenStack-Image-Size": "5000000"}}, problem.Internal, ""},
		{"other sizes are for the operation", m{"headers": m{"Content-Length": "3", "X-OpenStack-Image-Size": "5"}}, problem.Internal, ""},
	} {
		e := rest(m{"httpMethod": "PUT", "body": "abc"})
		for k, v := range test.event {
			e[k] = v
		}
		r, _, err := request(t, e)
		_, said := problem.Status(err)
		if r == nil || (err == nil) != (test.code == problem.Internal) || err != nil && !problem.Is(err, test.code) || !strings.Contains(said, test.limited) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestUnknownEvents(t *testing.T) {
	for _, payload := range []string{
		``, `null`, `[]`, `"x"`, `{}`, `{"Records":[{"eventSource":"aws:dynamodb"}]}`, `{"version":"2.0","rawPath":"/"}`, `{"version":"3.0","rawPath":"/"}`,
		`{"httpMethod":"GET"}`, `{"httpMethod":"GET","path":"v2"}`, `{"httpMethod":"PUT","path":"/","body":"!","isBase64Encoded":true}`,
		`{"detail-type":"Scheduled Event"}`, `{"httpMethod":"GET","path":7}`,
	} {
		if _, _, err := event.Request(t.Context(), []byte(payload)); err == nil || problem.CodeOf(err) != problem.Internal {
			t.Errorf("%s: %v", payload, err)
		}
	}
}

func answer(t *testing.T, shape event.Shape, method string, write func(http.ResponseWriter)) m {
	t.Helper()
	a := event.NewRecorder(shape, &http.Request{Method: method})
	write(a)
	payload, fits, err := a.Encode()
	if err != nil || !fits {
		t.Fatal(fits, err)
	}
	var out m
	if err := json.Unmarshal(payload, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnswers(t *testing.T) {
	write := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Add("X-Many", "1")
		w.Header().Add("X-Many", "2")
		w.WriteHeader(http.StatusCreated)
		w.Header().Set("X-Late", "1")
		_, _ = io.WriteString(w, `{"name":"<ä>"}`)
	}
	many := m{"Content-Type": []any{"application/json"}, "X-Many": []any{"1", "2"}}
	joined := m{"Content-Type": "application/json", "X-Many": "1, 2"}
	for shape, want := range map[event.Shape]m{
		event.REST:     {"multiValueHeaders": many},
		event.HTTP:     {"headers": joined},
		event.ALB:      {"headers": joined, "statusDescription": "201 Created"},
		event.ALBMulti: {"multiValueHeaders": many, "statusDescription": "201 Created"},
	} {
		want["statusCode"], want["body"], want["isBase64Encoded"] = 201.0, `{"name":"<ä>"}`, false
		got := answer(t, shape, "POST", write)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d:\n%v\n%v", shape, got, want)
		}
	}
}

func TestBinaryAnswersAreBase64(t *testing.T) {
	for kind, body := range map[string]string{"application/octet-stream": "text all the same", "text/plain": "\xff\x00"} {
		got := answer(t, event.REST, "GET", func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, body)
		})
		if got["body"] != base64.StdEncoding.EncodeToString([]byte(body)) || got["isBase64Encoded"] != true || got["statusCode"] != 200.0 {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

// TestEmptyAnswersAreNoJSON: a REST API takes an answer without a type for JSON,
// and glanceclient then fails on the empty body of a deletion.
func TestEmptyAnswersAreNoJSON(t *testing.T) {
	got := answer(t, event.REST, "DELETE", func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) })
	if fmt.Sprint(got["multiValueHeaders"]) != "map[Content-Type:[text/html; charset=UTF-8]]" {
		t.Error(got)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	got := answer(t, event.HTTP, "HEAD", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "OK") })
	if got["body"] != "" {
		t.Error(got)
	}
}

// TestAnswersEndWhereTheGatewayDoes tries sizes around the limits: what is said
// to fit has at most the bytes that the platform takes.
func TestAnswersEndWhereTheGatewayDoes(t *testing.T) {
	for _, limit := range []struct {
		shape event.Shape
		bytes int
	}{{event.REST, 6 << 20}, {event.HTTP, 6 << 20}, {event.ALB, 1 << 20}} {
		for _, kind := range []string{"application/octet-stream", "application/json"} {
			a := event.NewRecorder(limit.shape, &http.Request{Method: "GET"})
			a.Header().Set("Content-Type", kind)
			_, err := a.Write([]byte(strings.Repeat("x", a.Limit())))
			payload, fits, encodeErr := a.Encode()
			if err != nil || encodeErr != nil || !fits || len(payload) > limit.bytes || len(payload) < limit.bytes/2 {
				t.Errorf("%s at the limit of %d: %v, %v, %d bytes", kind, limit.bytes, err, encodeErr, len(payload))
			}
			a = event.NewRecorder(limit.shape, &http.Request{Method: "GET"})
			a.Header().Set("Content-Type", kind)
			_, _ = a.Write([]byte(strings.Repeat("\"", limit.bytes*9/10))) // twice as long in JSON, a third longer in base64
			if _, fits, _ := a.Encode(); fits {
				t.Errorf("%s beyond the limit of %d was said to fit", kind, limit.bytes)
			}
			if _, err := a.Write(make([]byte, limit.bytes)); err == nil || !a.Over() {
				t.Errorf("%s: bytes far beyond the limit were taken", kind)
			}
		}
	}
}
