package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
)

const (
	secretsPath = keyManager + "/v1/secrets"
	secretPath  = secretsPath + "/{secret_id}"
)

var (
	// SecretCreate stores a secret.
	SecretCreate = Operation{
		Name: "secret-create", Methods: []string{"POST"}, Paths: []string{secretsPath},
		Rules: []policy.Rule{policy.SecretsPost},
		Needs: Tokens | ReadTable | WriteTable | WriteSecrets, Body: JSONBody, Serve: secretCreate,
	}
	// SecretList lists the secrets of the caller's project.
	SecretList = Operation{
		Name: "secret-list", Methods: []string{"GET"}, Paths: []string{secretsPath},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Serve: secretList,
	}
	// SecretShow shows a secret's metadata.
	SecretShow = Operation{
		Name: "secret-show", Methods: []string{"GET"}, Paths: []string{secretPath},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Serve: secretShow,
	}
	// SecretPayloadShow gives a secret's value.
	SecretPayloadShow = Operation{
		Name: "secret-payload-show", Methods: []string{"GET"}, Paths: []string{secretPath + "/payload"},
		Rules: []policy.Rule{policy.SecretDecrypt},
		Needs: Tokens | ReadTable | ReadItems | ReadSecrets, Body: Ignored, Serve: secretPayloadShow,
	}
	// SecretPayloadSet gives a secret that was made without one its value.
	SecretPayloadSet = Operation{
		Name: "secret-payload-set", Methods: []string{"PUT"}, Paths: []string{secretPath},
		Rules: []policy.Rule{policy.SecretsPost},
		Needs: Tokens | ReadTable | ReadItems | WriteTable | WriteSecrets, Body: RawBody, Serve: secretPayloadSet,
	}
	// SecretDelete deletes a secret.
	SecretDelete = Operation{
		Name: "secret-delete", Methods: []string{"DELETE"}, Paths: []string{secretPath},
		Rules: []policy.Rule{policy.SecretDelete, policy.ForceDeleteSecret, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | WriteTable, Body: Ignored, Serve: secretDelete,
	}
)

func secretCreate(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func secretList(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func secretShow(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func secretPayloadShow(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func secretPayloadSet(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func secretDelete(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}
