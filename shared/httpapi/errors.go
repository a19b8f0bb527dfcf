package httpapi

import (
	"errors"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/problem"
)

// headerError is an error whose answer carries one more header.
type headerError struct {
	error
	name, value string
}

func (e *headerError) Unwrap() error { return e.error }

func withHeader(err error, name, value string) error {
	return &headerError{error: err, name: name, value: value}
}

// titles are the names of statuses where clients see another than Go's.
var titles = map[int]string{http.StatusRequestedRangeNotSatisfiable: "Request Range Not Satisfiable"}

// silence is what an error says that has nothing of its own to say.
var silence = map[int]string{
	http.StatusBadRequest:                   "The request is malformed.",
	http.StatusUnauthorized:                 "This request needs a valid token.",
	http.StatusForbidden:                    "Access was denied to this resource.",
	http.StatusNotFound:                     "The resource could not be found.",
	http.StatusConflict:                     "The request is in conflict with the state of the resource.",
	http.StatusGone:                         "The resource is gone.",
	http.StatusRequestEntityTooLarge:        "The request is too large for this service.",
	http.StatusRequestedRangeNotSatisfiable: "The range requested is not available.",
	http.StatusServiceUnavailable:           "The service is not available. Try again later.",
}

// errorAnswer is the answer for err in the form that the request accepts. Of an
// error that is our fault the caller learns the request id and nothing else.
//
// Source: WebOb, webob/exc.py, WSGIHTTPException.generate_response.
func errorAnswer(err error, r *Request) *Response {
	status, message := problem.Status(err)
	if status == http.StatusInternalServerError {
		message = "The request failed for a reason that lies with the service. Its id is " + r.ID + "."
	}
	if message == "" {
		message = silence[status]
	}
	message = beginning(message)
	response := &Response{Status: status, Header: http.Header{}}
	for e := new(headerError); errors.As(err, &e); err = e.error {
		response.Header.Set(e.name, e.value)
	}
	f := refusal{code: status, text: message, method: r.Method, mediaType: r.Header.Get("Content-Type")}
	if ofKeyManager(r.route.path) {
		response.Body = f.keyManager()
		return response
	}
	form := errorForm(r.Header.Values("Accept"))
	response.Header.Set("Content-Type", form)
	switch form {
	case formHTML:
		response.Body = f.html()
	case formJSON:
		response.Body = f.json()
	default:
		response.Body = f.plain()
	}
	return response
}

// maxMessage is how many characters of an error's text are told. Texts repeat
// names that callers sent, which can be as long as a body.
const maxMessage = 2000

func beginning(message string) string {
	at := 0
	for i := range message {
		if at == maxMessage {
			return message[:i] + "…"
		}
		at++
	}
	return message
}

// A refusal is an error on its way to one of its forms.
type refusal struct {
	code      int
	text      string
	method    string
	mediaType string // the request's
}

func (f refusal) title() string {
	if t := titles[f.code]; t != "" {
		return t
	}
	return http.StatusText(f.code)
}

func (f refusal) status() string { return strconv.Itoa(f.code) + " " + f.title() }

// body is the part that all forms share, its texts escaped as the form needs.
// Some statuses speak of the request first, and then of what was wrong.
func (f refusal) body(escape func(string) string) string {
	switch f.code {
	case http.StatusMethodNotAllowed:
		return "The method " + escape(f.method) + " is not allowed for this resource. <br /><br />\n" + escape(f.text)
	case http.StatusNotImplemented:
		return "\nThe request method " + escape(f.method) + " is not implemented for this server. <br /><br />\n" + escape(f.text)
	case http.StatusUnsupportedMediaType:
		return "The request media type " + escape(f.mediaType) + " is not supported by this server.\n<br /><br />\n" + escape(f.text)
	}
	return escape(f.text) + "<br /><br />\n\n\n"
}

func (f refusal) html() []byte {
	return []byte("<html>\n <head>\n  <title>" + f.status() + "</title>\n </head>\n <body>\n  <h1>" +
		f.status() + "</h1>\n  " + f.body(escapeHTML) + "\n </body>\n</html>")
}

func (f refusal) json() []byte {
	quote := func(s string) string { return ascii(string(appendText(nil, s)), appendUnits) }
	body := f.body(func(s string) string { return s })
	return []byte(`{"message": ` + quote(body) + `, "code": ` + quote(f.status()) + `, "title": ` + quote(f.title()) + `}`)
}

// keyManager is the one form of errors of the key manager API, whatever is accepted.
// Its clients read nothing else.
//
// Source: barbican/api/hooks.py, JSONErrorHook; barbicanclient/client.py,
// _get_error_message.
func (f refusal) keyManager() []byte {
	return jsonAnswer(f.code, struct {
		Code        int    `json:"code"`
		Title       string `json:"title"`
		Description string `json:"description"`
	}{f.code, f.title(), f.text}).Body
}

var (
	lineBreak = regexp.MustCompile(`(?is)<br.*?>`)
	comment   = regexp.MustCompile(`<!--|-->`)
	tag       = regexp.MustCompile(`(?s)<.*?>`)
)

func (f refusal) plain() []byte {
	body := f.body(func(s string) string { return s })
	body = strings.NewReplacer("\n", " ", "\r", "").Replace(body)
	body = lineBreak.ReplaceAllString(body, "\n")
	body = comment.ReplaceAllString(body, "")
	body = tag.ReplaceAllString(body, "")
	return []byte(f.status() + "\n\n" + body)
}

// escapeHTML leaves nothing but ASCII.
func escapeHTML(s string) string {
	s = strings.NewReplacer("&#34;", "&quot;", "&#39;", "&#x27;").Replace(html.EscapeString(s))
	return ascii(s, func(out *strings.Builder, c rune) {
		out.WriteString("&#" + strconv.Itoa(int(c)) + ";")
	})
}

// ascii replaces every other character by what escape makes of it.
func ascii(s string, escape func(*strings.Builder, rune)) string {
	var out strings.Builder
	for _, c := range s {
		if c < utf8.RuneSelf {
			out.WriteRune(c)
			continue
		}
		escape(&out, c)
	}
	return out.String()
}
