package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gander-images/gander/shared/boot/event"
	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/problem"
)

const authorizerName = "authorizer"

// Authorizer tells an API gateway who is asking, before the gateway calls a
// function. The functions behind it run with GANDER_IDENTITY=authorizer.
var Authorizer = Consumer{
	Name: authorizerName, Needs: httpapi.Tokens, uses: setting.Tokens | setting.Authorizes, take: authorize,
}

// errUnauthorized has the gateway answer 401: this very text is agreed upon. Any
// other error becomes a 500.
//
// Source: API Gateway Developer Guide, "Use API Gateway Lambda authorizers".
var errUnauthorized = errors.New("Unauthorized") //nolint:revive // the word that the gateway waits for

// An authorization lets the gateway call functions.
//
// Source: API Gateway Developer Guide, "Output from an API Gateway Lambda
// authorizer".
type authorization struct {
	PrincipalID string            `json:"principalId"`
	Policy      gatewayPolicy     `json:"policyDocument"`
	Context     map[string]string `json:"context,omitempty"`
}

type gatewayPolicy struct {
	Version   string             `json:"Version"`
	Statement []gatewayStatement `json:"Statement"`
}

type gatewayStatement struct {
	Action   string `json:"Action"`
	Effect   string `json:"Effect"`
	Resource string `json:"Resource"`
}

// nobody is the principal of a call that asks for no token.
const nobody = "nobody"

// authorize answers the event of an authorizer of the type REQUEST, of a REST API
// or of an HTTP API in either of its formats.
func authorize(ctx context.Context, s *services, payload []byte) (any, error) {
	methods, err := methodsOf(payload)
	if err != nil {
		return nil, err
	}
	r, _, err := event.Request(ctx, payload)
	if err != nil && problem.CodeOf(err) == problem.Internal { // else the body is missed, which no event of an authorizer has
		return nil, err
	}
	shown, open := credentials(s.api.PublicEndpoint, r)
	if open {
		return allow(nobody, methods, ""), nil
	}
	user, caller, err := s.front.Hand(ctx, shown)
	switch {
	case problem.Is(err, problem.Unauthorized):
		logRefusal(ctx, s.log, r, payload)
		return nil, errUnauthorized
	case err != nil:
		return nil, fmt.Errorf("authorizing %s %s: %w", r.Method, r.URL.Path, err)
	}
	return allow(user, methods, caller), nil
}

// logRefusal writes the access line of a request that no function will see. Its
// caller is told the id that the gateway gave it.
func logRefusal(ctx context.Context, log *slog.Logger, r *http.Request, payload []byte) {
	var e struct {
		Context struct {
			RequestID string `json:"requestId"`
		} `json:"requestContext"`
	}
	_ = json.Unmarshal(payload, &e) // which was read before
	log.InfoContext(ctx, "request", "request_id", httpapi.Identify(r), "gateway_id", e.Context.RequestID, "operation", authorizerName,
		"method", r.Method, "path", r.URL.Path, "status", http.StatusUnauthorized, "project", "", "user", "")
}

// credentials are those that the function behind will see in the request.
func credentials(endpoint string, r *http.Request) (shown identity.Credentials, open bool) {
	look := func(_ http.ResponseWriter, r *http.Request) { shown, open = httpapi.Credentials(r) }
	underBase(endpoint, http.HandlerFunc(look)).ServeHTTP(nil, r)
	return shown, open
}

// allow lets the caller come to every method of the stage: a gateway may remember
// the answer for other calls with the same tokens, and what the caller may do is
// for the functions to decide. They take the answer for no other tokens and, where
// a token is good for some calls alone, for no other call.
func allow(principal, methods, caller string) authorization {
	a := authorization{
		PrincipalID: principal,
		Policy: gatewayPolicy{Version: "2012-10-17", Statement: []gatewayStatement{
			{Action: "execute-api:Invoke", Effect: "Allow", Resource: methods},
		}},
	}
	if caller != "" {
		a.Context = map[string]string{event.CallerKey: caller}
	}
	return a
}

// methodsOf is the name of all methods of the stage that an event is of.
//
// Source: API Gateway Developer Guide, "Input to an API Gateway Lambda authorizer"
// and "Control access to HTTP APIs with AWS Lambda authorizers".
func methodsOf(payload []byte) (string, error) {
	var e struct {
		Type   string `json:"type"`
		Method string `json:"methodArn"`
		Route  string `json:"routeArn"`
	}
	unknown := errors.New("boot: this is not the event of an authorizer of the type REQUEST")
	if json.Unmarshal(payload, &e) != nil || e.Type != "REQUEST" {
		return "", unknown
	}
	name := e.Method
	if name == "" {
		name = e.Route
	}
	parts := strings.SplitN(name, "/", 3) // arn:aws:execute-api:region:account:api, stage, method and path
	if len(parts) != 3 || !strings.HasPrefix(name, "arn:") || parts[1] == "" {
		return "", unknown
	}
	return parts[0] + "/" + parts[1] + "/*", nil
}
