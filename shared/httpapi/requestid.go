package httpapi

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/problem"
)

// maxRequestID is the longest request id that a client may give, in bytes.
//
// Source: glance/common/config.py, max_request_id_length.
const maxRequestID = 64

const requestPrefix = "req-"

// requestID returns the id of a request: the client's, if it is one that can be
// repeated in a header and a log without harm, else a new one.
//
// Errors: HeaderTooLarge, with a new id.
//
// Source: glance/api/middleware/context.py.
func requestID(given string) (string, error) {
	fresh := requestPrefix + uuid.NewString()
	if len(given) > maxRequestID {
		return fresh, problem.New(problem.HeaderTooLarge,
			"The header x-openstack-request-id is longer than %d characters.", maxRequestID)
	}
	switch {
	case given == "", strings.ContainsFunc(given, notInID):
		return fresh, nil
	case strings.HasPrefix(given, requestPrefix):
		return given, nil
	}
	return requestPrefix + given, nil
}

func notInID(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return false
	}
	return !strings.ContainsRune("-_.:", c)
}

// Identify makes sure that a request has an id before Handler sees it, and
// returns it, for answers that are given in Handler's place.
func Identify(r *http.Request) string {
	const name = "X-Openstack-Request-Id"
	given := r.Header.Get(name)
	id, err := requestID(given)
	if err == nil && id != requestPrefix+given { // else Handler finds it by itself, or says what is wrong
		r.Header.Set(name, id)
	}
	return id
}
