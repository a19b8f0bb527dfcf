package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

const (
	secretsPath = keyManager + "/v1/secrets"
	secretPath  = secretsPath + "/{secret_id}"
)

// jsonAlone is the one form of JSON bodies of the key manager API, which its own
// server insists on.
//
// Source: barbican/api/controllers/__init__.py, enforce_content_types.
var jsonAlone = []string{"application/json"}

var (
	// SecretCreate stores a secret.
	SecretCreate = Operation{
		Name: "secret-create", Methods: []string{"POST"}, Paths: []string{secretsPath},
		Rules: []policy.Rule{policy.SecretsPost},
		Needs: Tokens | ReadTable | WriteTable | WriteSecrets, Body: JSONBody, Media: jsonAlone, Serve: versioned(secretCreate),
	}
	// SecretList lists the secrets of the caller's project.
	SecretList = Operation{
		Name: "secret-list", Methods: []string{"GET"}, Paths: []string{secretsPath},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Serve: versioned(secretList),
	}
	// SecretShow shows a secret's metadata.
	SecretShow = Operation{
		Name: "secret-show", Methods: []string{"GET"}, Paths: []string{secretPath},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Serve: versioned(secretShow),
	}
	// SecretPayloadShow gives a secret's value.
	SecretPayloadShow = Operation{
		Name: "secret-payload-show", Methods: []string{"GET"}, Paths: []string{secretPath + "/payload"},
		Rules: []policy.Rule{policy.SecretDecrypt, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | ReadSecrets, Body: Ignored, Serve: versioned(secretPayloadShow),
	}
	// SecretPayloadSet gives a secret that was made without one its value.
	SecretPayloadSet = Operation{
		Name: "secret-payload-set", Methods: []string{"PUT"}, Paths: []string{secretPath},
		Rules: []policy.Rule{policy.SecretsPost, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | WriteTable | WriteSecrets, Body: RawBody,
		Media: []string{plainText, octetStream}, Serve: versioned(secretPayloadSet),
	}
	// SecretDelete deletes a secret.
	SecretDelete = Operation{
		Name: "secret-delete", Methods: []string{"DELETE"}, Paths: []string{secretPath},
		Rules: []policy.Rule{policy.SecretDelete, policy.ForceDeleteSecret, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | WriteTable, Body: Ignored, Serve: versioned(secretDelete),
	}
)

// secretCreate stores a secret, or makes a record that waits for its payload.
//
// Source: barbican/api/controllers/secrets.py, SecretsController.on_post.
func secretCreate(ctx context.Context, s *Services, r *Request) (*Response, error) {
	draft, err := readSecretDraft(r.JSON, time.Now())
	if err != nil {
		return nil, err
	}
	grant, err := s.Policy.Authorize(policy.SecretsPost, r.Caller, ownProject(r))
	if err != nil {
		return nil, err
	}
	if err := grant.Permits(policy.SecretsPost); err != nil {
		return nil, err
	}
	n := key.New{Owner: r.Caller.ProjectID, Creator: r.Caller.UserID, Metadata: draft.metadata, Value: draft.value}
	do := s.Keys.Create
	if draft.value == nil {
		do = s.Keys.Reserve
	}
	made, err := do(ctx, n)
	if err != nil {
		return nil, err
	}
	ref := s.secretRef(made.ID)
	response := jsonAnswer(http.StatusCreated, map[string]string{"secret_ref": ref})
	response.Header = http.Header{"Location": {ref}}
	return response, nil
}

// ownProject is the target of what a caller does in its own project.
func ownProject(r *Request) policy.Target {
	return policy.Attributes{"project_id": r.Caller.ProjectID, "creator_id": r.Caller.UserID, "reader": false}
}

// secretList answers a page of the secrets of the caller's project, less those that
// the caller may not see.
//
// Source: barbican/api/controllers/secrets.py, SecretsController.on_get.
func secretList(ctx context.Context, s *Services, r *Request) (*Response, error) {
	query, err := readSecretQuery(r.Query)
	if err != nil {
		return nil, err
	}
	grant, err := s.Policy.Authorize(policy.SecretGet, r.Caller, ownProject(r))
	if err != nil {
		return nil, err
	}
	page, err := s.Keys.List(ctx, grant, r.Caller.ProjectID, query, func(secret *key.Secret) (bool, error) {
		return s.Policy.Decide(policy.SecretGet, r.Caller, key.SecretTarget(secret, r.Caller, false))
	})
	if err != nil {
		return nil, err
	}
	documents := make([]secretDocument, len(page.Secrets))
	for i, secret := range page.Secrets {
		if documents[i], err = s.secretDocument(ctx, secret, r.microversion); err != nil {
			return nil, err
		}
	}
	answer := map[string]any{"secrets": documents}
	s.addPage(answer, r, secretsPath, len(documents), page.Total)
	return jsonAnswer(http.StatusOK, answer), nil
}

// readSecretQuery reads which secrets are asked for. What would be looked for by
// times, or by who is listed, is refused: with that left out, more would be found than
// was asked for.
func readSecretQuery(query url.Values) (q key.ListQuery, err error) {
	q.Limit, q.Offset = pageOf(query)
	q.Name, q.Algorithm, q.Mode, q.Type = lastOf(query, "name"), lastOf(query, "alg"), lastOf(query, "mode"), lastOf(query, "secret_type")
	for _, name := range []string{"created", "updated", "expiration", "acl_only"} {
		if lastOf(query, name) != "" {
			return q, problem.New(problem.Invalid, "Secrets are not looked for by '%s' here.", name)
		}
	}
	if bits := lastOf(query, "bits"); bits != "" {
		if q.BitLength, err = strconv.Atoi(bits); err != nil || q.BitLength < 0 {
			return q, problem.New(problem.Invalid, "'bits' is not valid: a whole number needed.")
		}
	}
	switch sort := lastOf(query, "sort"); sort {
	case "", "created", "created:asc":
	case "created:desc":
		q.Newest = true
	default:
		return q, problem.New(problem.Invalid, "Secrets are sorted by 'created:asc' or 'created:desc' here.")
	}
	return q, nil
}

// secretShow shows a secret's metadata. The old way to ask here for the payload, by
// another Accept, is not served.
//
// Source: barbican/api/controllers/secrets.py, SecretController.on_get.
func secretShow(ctx context.Context, s *Services, r *Request) (*Response, error) {
	secret, _, err := s.readable(ctx, r, policy.SecretGet)
	if err != nil {
		return nil, err
	}
	if !accepts(r.Header.Values("Accept"), "application/json") {
		return nil, problem.New(problem.NotAcceptable, "The metadata of a secret is application/json; its payload is at .../payload.")
	}
	document, err := s.secretDocument(ctx, secret.Secret, r.microversion)
	if err != nil {
		return nil, err
	}
	return jsonAnswer(http.StatusOK, document), nil
}

// accepts reports whether a client takes a content type. Who asks for nothing takes
// any, and so does who cannot be understood.
func accepts(header []string, contentType string) bool {
	joined := strings.Join(header, ", ")
	ranges, ok := parseAccept(joined)
	if joined == "" || !ok {
		return true
	}
	kind, subtype, _ := strings.Cut(contentType, "/")
	return quality(ranges, kind, subtype) > 0
}

// secretDelete deletes a secret that nothing needs, or that may be deleted all the
// same.
//
// Source: barbican/api/controllers/secrets.py, SecretController.on_delete, for how force
// is asked for; that it is needed is ours.
func secretDelete(ctx context.Context, s *Services, r *Request) (*Response, error) {
	force, err := readForce(r.Query["force"])
	if err != nil {
		return nil, err
	}
	err = s.again(ctx, func() error {
		secret, grant, err := s.allowed(ctx, r, policy.SecretDelete)
		if err != nil {
			return err
		}
		if secret.Waits() {
			return s.Keys.Discard(ctx, grant, secret.Secret)
		}
		overrules, err := s.Policy.Authorize(policy.ForceDeleteSecret, r.Caller, secret.target)
		if problem.Is(err, problem.Forbidden) {
			overrules, err = grant, nil // it overrules nothing
		}
		if err != nil {
			return err
		}
		return s.Keys.Remove(ctx, grant, overrules, secret.Record, force)
	})
	if err != nil {
		return nil, err
	}
	return &Response{Status: http.StatusNoContent}, nil
}

// readForce reads whether a deletion overrules those that need the secret.
func readForce(values []string) (force bool, err error) {
	for _, value := range values {
		switch strings.ToLower(value) {
		case "1", "true":
			force = true
		case "0", "false":
			force = false
		default:
			return false, problem.New(problem.Invalid, "'force' is not valid: true or 1 needed.")
		}
	}
	return force, nil
}
