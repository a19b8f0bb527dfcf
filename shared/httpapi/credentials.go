package httpapi

import (
	"net/http"
	"strings"
	"sync"

	"github.com/gander-images/gander/shared/identity"
)

// Credentials returns what a request to the whole API shows of its caller, for
// who decides before the operation is called; open is true where the operation
// asks for nothing.
func Credentials(r *http.Request) (shown identity.Credentials, open bool) {
	to := wholeAPI().find(r)
	return credentials(r, to), to.public || r.Method == http.MethodOptions
}

// wholeAPI routes to every operation.
var wholeAPI = sync.OnceValue(func() *router { return newRouter(All) })

// credentials reads the headers that callers show tokens in. Others, Authorization
// among them, are never looked at: those that tell of an identity are for what
// stands behind Glance's own middleware, and clients take them along to wherever a
// download sends them.
//
// Source: keystonemiddleware/auth_token/_request.py.
func credentials(r *http.Request, to route) identity.Credentials {
	shown := identity.Credentials{Method: r.Method, Path: to.path}
	auth := "X-Auth-Token"
	if len(r.Header[auth]) < 2 && strings.TrimSpace(r.Header.Get(auth)) == "" {
		auth = "X-Storage-Token"
	}
	shown.Token = only(r.Header[auth])
	shown.ServiceToken = only(r.Header["X-Service-Token"])
	return shown
}

// only is the one value of a header. Of several nobody can say which is meant, so
// they are none.
func only(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return strings.TrimSpace(values[0])
}
