package httpapi

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

var (
	// SecretACLShow shows who else may read a secret.
	SecretACLShow = Operation{
		Name: "secret-acl-show", Methods: []string{"GET"}, Paths: []string{secretPath + "/acl"},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems, Body: Ignored, Serve: versioned(secretACLShow),
	}
	// SecretACLSet says who else may read a secret.
	SecretACLSet = Operation{
		Name: "secret-acl-set", Methods: []string{"PUT", "PATCH"}, Paths: []string{secretPath + "/acl"},
		Rules: []policy.Rule{policy.SecretACLsPut, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | WriteTable | CheckItems, Body: JSONBody, Media: jsonAlone, Serve: versioned(secretACLSet),
	}
	// SecretACLDelete has a secret read as if nobody had said who may.
	SecretACLDelete = Operation{
		Name: "secret-acl-delete", Methods: []string{"DELETE"}, Paths: []string{secretPath + "/acl"},
		Rules: []policy.Rule{policy.SecretACLsPut, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | WriteTable | CheckItems, Body: Ignored, Serve: versioned(secretACLDelete),
	}
)

// aclDocument is what an ACL says about reading. One that nobody set says one thing
// alone.
//
// Source: barbican/api/controllers/acls.py, DEFAULT_ACL and
// _convert_acl_to_response_format.
type aclDocument struct {
	ProjectAccess bool     `json:"project-access"`
	Users         []string `json:"users,omitzero"`
	Created       string   `json:"created,omitempty"`
	Updated       string   `json:"updated,omitempty"`
}

// secretACLShow shows who else may read a secret.
func secretACLShow(ctx context.Context, s *Services, r *Request) (*Response, error) {
	secret, _, err := s.readable(ctx, r, policy.SecretGet)
	if err != nil {
		return nil, err
	}
	document := aclDocument{ProjectAccess: true}
	if acl := secret.Metadata.ACL; acl != nil {
		document = aclDocument{acl.ProjectAccess, acl.Users, momentText(acl.Created), momentText(acl.Updated)}
		if document.Users == nil {
			document.Users = []string{}
		}
	}
	return jsonAnswer(http.StatusOK, map[string]aclDocument{"read": document}), nil
}

// secretACLSet puts an ACL in place of the one there is; by PATCH it changes what the
// request speaks of.
//
// Source: barbican/api/controllers/acls.py, SecretACLsController.on_put and on_patch.
func secretACLSet(ctx context.Context, s *Services, r *Request) (*Response, error) {
	change, said, err := readACL(r.JSON)
	if err != nil {
		return nil, err
	}
	merges := r.Method == http.MethodPatch
	var ref string
	err = s.again(ctx, func() error {
		secret, grant, err := s.readable(ctx, r, policy.SecretACLsPut)
		if err != nil {
			return err
		}
		ref = s.secretRef(secret.Record.ID) + "/acl"
		switch {
		case said:
			return s.Keys.SetACL(ctx, grant, secret.Secret, change, merges)
		case merges:
			return nil
		}
		return s.Keys.RemoveACL(ctx, grant, secret.Secret)
	})
	if err != nil {
		return nil, err
	}
	return jsonAnswer(http.StatusOK, map[string]string{"acl_ref": ref}), nil
}

// secretACLDelete has a secret read as if nobody had said who may. It answers 200 and
// nothing, as clients expect.
func secretACLDelete(ctx context.Context, s *Services, r *Request) (*Response, error) {
	err := s.again(ctx, func() error {
		secret, grant, err := s.readable(ctx, r, policy.SecretACLsPut)
		if err != nil {
			return err
		}
		if secret.Metadata.ACL == nil {
			return nil
		}
		return s.Keys.RemoveACL(ctx, grant, secret.Secret)
	})
	if err != nil {
		return nil, err
	}
	return &Response{Status: http.StatusOK}, nil
}

// maxACLUsers is how many users an ACL lists at most.
const maxACLUsers = 1000

// readACL reads what is said of an ACL. Reading is the one operation that it knows;
// said is false where the body does not speak of it.
//
// Source: barbican/common/validators.py, ACLValidator.
func readACL(body []byte) (c key.ACLChange, said bool, err error) {
	if err := refuseNull(body, ""); err != nil {
		return c, false, err
	}
	err = readFields(body, "", map[string]func(json.RawMessage) error{
		"read": func(v json.RawMessage) error {
			said = true
			if err := refuseNull(v, "read."); err != nil {
				return err
			}
			return readFields(v, "read.", map[string]func(json.RawMessage) error{
				"users": func(v json.RawMessage) error { return readACLUsers(v, &c.Users) },
				"project-access": func(v json.RawMessage) error {
					return readAs(v, "read.project-access", "true or false", &c.ProjectAccess)
				},
			})
		},
	})
	return c, said, err
}

// refuseNull refuses what is null. Taken as if it had not been said, it would open a
// secret to a project that may not read it.
func refuseNull(value json.RawMessage, within string) error {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(value, &fields) // what is no object is refused next
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if string(fields[name]) == "null" {
			return problem.New(problem.Invalid, "'%s%s' is not valid: it must not be null.", within, name)
		}
	}
	return nil
}

func readACLUsers(value json.RawMessage, to **[]string) error {
	if err := readAs(value, "read.users", "list of texts", to); err != nil {
		return err
	}
	if len(**to) > maxACLUsers {
		return problem.New(problem.Invalid, "'read.users' lists more than %d users.", maxACLUsers)
	}
	for _, user := range **to {
		if user == "" || utf8.RuneCountInString(user) > maxSecretText {
			return problem.New(problem.Invalid, "'read.users' is not valid: each user is an id of 1 to %d characters.", maxSecretText)
		}
	}
	return nil
}
