package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
)

var (
	// SecretACLShow shows who else may read a secret.
	SecretACLShow = Operation{
		Name: "secret-acl-show", Methods: []string{"GET"}, Paths: []string{secretPath + "/acl"},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems, Body: Ignored, Serve: secretACLShow,
	}
	// SecretACLSet says who else may read a secret.
	SecretACLSet = Operation{
		Name: "secret-acl-set", Methods: []string{"PUT", "PATCH"}, Paths: []string{secretPath + "/acl"},
		Rules: []policy.Rule{policy.SecretACLsPut, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | WriteTable, Body: JSONBody, Serve: secretACLSet,
	}
	// SecretACLDelete has a secret read as if nobody had said who may.
	SecretACLDelete = Operation{
		Name: "secret-acl-delete", Methods: []string{"DELETE"}, Paths: []string{secretPath + "/acl"},
		Rules: []policy.Rule{policy.SecretACLsPut, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | WriteTable, Body: Ignored, Serve: secretACLDelete,
	}
)

func secretACLShow(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func secretACLSet(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func secretACLDelete(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}
