package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
)

var (
	// ImageSnapshot makes the record of a snapshot, a backup or a shelved server.
	ImageSnapshot = Operation{
		Name: "image-snapshot", Methods: []string{"POST"}, Paths: []string{ownAPI + "/images/snapshot"},
		Rules: []policy.Rule{policy.SnapshotImage, policy.AddImage, policy.GetImage, policy.SecretDecrypt},
		Needs: Tokens | ReadTable | ReadItems | WriteTable | ReadSecrets | WriteSecrets, Body: JSONBody, Properties: true, Serve: imageSnapshot,
	}
)

func imageSnapshot(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}
