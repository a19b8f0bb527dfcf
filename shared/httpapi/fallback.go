package httpapi

import (
	"context"
	"net/http"

	"github.com/gander-images/gander/shared/problem"
)

// fallback answers what no row names.
//
// Source: glance/common/wsgi.py, Router and RejectMethodController;
// glance/api/middleware/version_negotiation.py.
func fallback(_ context.Context, s *Services, r *Request) (*Response, error) {
	switch r.route.miss {
	case choices:
		return versionsAnswer(s, http.StatusMultipleChoices), nil
	case versions:
		return versionsAnswer(s, http.StatusOK), nil
	case badPath:
		return nil, problem.New(problem.Invalid, "The path is not valid UTF-8.")
	case bareVersion:
		found := redirect(http.StatusFound, s.PublicEndpoint+"/v2/")
		found.Header.Set("Content-Type", "text/plain; charset=utf8") // as Routes writes it
		return found, nil
	case otherName:
		return redirect(http.StatusPermanentRedirect, s.PublicEndpoint+otherURL(r)), nil
	case noVerb:
		return nil, problem.New(problem.NotImplemented, "")
	case noMethod:
		return nil, withHeader(problem.New(problem.MethodNotAllowed, ""), "Allow", r.route.allow)
	}
	return nil, problem.New(problem.NotFound, "")
}

// otherURL is the request's own URL, below the version that everybody routes.
func otherURL(r *Request) string {
	u := *r.URL
	u.Path, u.RawPath, u.Scheme, u.Host, u.User = r.route.path, "", "", "", nil
	return u.RequestURI()
}

func redirect(status int, to string) *Response {
	return &Response{Status: status, Header: http.Header{"Location": {to}}}
}
