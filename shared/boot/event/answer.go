package event

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Most bytes of an encoded answer. A Lambda answers a request with at most
// 6 MB of payload, a load balancer takes 1 MB of it.
//
// Source: AWS Lambda Developer Guide, "Lambda quotas"; Elastic Load Balancing
// User Guide, "Lambda functions as targets".
const (
	maxAnswer    = 6 << 20
	maxALBAnswer = 1 << 20
)

// A Recorder is an http.ResponseWriter that keeps an answer for the gateway,
// up to what the gateway takes.
type Recorder struct {
	shape  Shape
	header http.Header
	sent   http.Header // the header as it was when the status was written
	status int
	body   bytes.Buffer
	head   bool // headers alone are sent
	over   bool
}

// NewRecorder returns an empty answer to the request of an event of the shape.
func NewRecorder(shape Shape, r *http.Request) *Recorder {
	return &Recorder{shape: shape, header: make(http.Header), head: r.Method == http.MethodHead}
}

// Header implements http.ResponseWriter.
func (a *Recorder) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *Recorder) WriteHeader(status int) {
	if a.status != 0 || status < http.StatusOK {
		return
	}
	a.status, a.sent = status, a.header.Clone()
}

// errTooLarge stops a handler whose answer does not fit.
var errTooLarge = fmt.Errorf("event: the answer is larger than a gateway passes on")

// Write implements http.ResponseWriter. It fails once the answer cannot fit.
func (a *Recorder) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.head {
		return len(p), nil
	}
	if a.body.Len()+len(p) > a.limit() {
		a.over = true
		return 0, errTooLarge
	}
	return a.body.Write(p)
}

// Over reports whether the answer is known to be too large.
func (a *Recorder) Over() bool { return a.over }

// Limit is the number of body bytes for which there is room in any case: those
// that go as base64.
func (a *Recorder) Limit() int { return a.limit() * 3 / 4 / 1000 * 1000 }

func (a *Recorder) limit() int {
	limit := maxAnswer
	if a.shape.isALB() {
		limit = maxALBAnswer
	}
	return limit - 16<<10 // for status and headers
}

// answer is the union of what the shapes expect.
type answer struct {
	StatusCode        int                 `json:"statusCode"`
	StatusDescription string              `json:"statusDescription,omitempty"`
	Headers           map[string]string   `json:"headers,omitempty"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders,omitempty"`
	Cookies           []string            `json:"cookies,omitempty"`
	Body              string              `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`
}

// Encode returns the answer in the shape of the event. ok is false when it is
// larger than the gateway takes; then another must be made.
func (a *Recorder) Encode() (payload []byte, ok bool, err error) {
	a.WriteHeader(http.StatusOK)
	if a.over {
		return nil, false, nil
	}
	out := answer{StatusCode: a.status}
	a.encodeHeader(&out)
	out.Body, out.IsBase64Encoded = a.encodeBody()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return nil, false, fmt.Errorf("event: writing the answer: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), b.Len() <= a.limit()+16<<10, nil
}

// noContentType is what an answer without a type is said to be, as Glance says it
// of its 204s. A REST API would call it JSON, and clients would read its empty
// body as such.
const noContentType = "text/html; charset=UTF-8"

// encodeHeader fills in the one form of header that the shape reads: given both,
// a gateway would merge them.
func (a *Recorder) encodeHeader(out *answer) {
	if a.shape.isALB() {
		out.StatusDescription = fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	}
	if a.shape == REST && a.sent.Get("Content-Type") == "" {
		a.sent.Set("Content-Type", noContentType)
	}
	if a.shape == REST || a.shape == ALBMulti {
		out.MultiValueHeaders = a.sent
		return
	}
	out.Headers = make(map[string]string, len(a.sent))
	for name, values := range a.sent {
		if a.shape == HTTP && name == "Set-Cookie" {
			out.Cookies = values
		} else if len(values) > 0 {
			out.Headers[name] = strings.Join(values, ", ")
		}
	}
}

func (a *Recorder) encodeBody() (body string, isBase64 bool) {
	kind, _, _ := mime.ParseMediaType(a.sent.Get("Content-Type"))
	if kind == "application/octet-stream" || !utf8.Valid(a.body.Bytes()) {
		return base64.StdEncoding.EncodeToString(a.body.Bytes()), true
	}
	return a.body.String(), false
}
