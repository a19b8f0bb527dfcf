package httpapi

import (
	"context"
	"errors"
)

// keyManager begins the paths of the key manager API.
//
// Source: Barbican API Reference.
const keyManager = "/key-manager"

var errToBeWritten = errors.New("to be written")

var (
	// KeyManagerVersionList tells which versions of the key manager API there are.
	KeyManagerVersionList = Operation{
		Name: "keymanager-version-list", Methods: []string{"GET"}, Paths: []string{keyManager, keyManager + "/v1"},
		Public: true, Body: Ignored, Serve: keyManagerVersions,
	}
)

func keyManagerVersions(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}
