package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
)

var (
	// KeyList lists the records of keys.
	KeyList = Operation{
		Name: "key-list", Methods: []string{"GET"}, Paths: []string{ownAPI + "/keys"},
		Rules: []policy.Rule{policy.ManageKeys},
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Serve: keyList,
	}
	// KeyShow shows one key's record and its holders.
	KeyShow = Operation{
		Name: "key-show", Methods: []string{"GET"}, Paths: []string{ownAPI + "/keys/{key_id}"},
		Rules: []policy.Rule{policy.ManageKeys},
		Needs: Tokens | ReadTable | ListTable, Body: Ignored, Serve: keyShow,
	}
	// KeyRestore brings a scheduled key back.
	KeyRestore = Operation{
		Name: "key-restore", Methods: []string{"POST"}, Paths: []string{ownAPI + "/keys/{key_id}/restore"},
		Rules: []policy.Rule{policy.ManageKeys},
		Needs: Tokens | ReadTable | WriteTable | ReadSecrets | WriteSecrets | RestoreSecrets, Body: Ignored, Serve: keyRestore,
	}
	// KeyAudit tells what the sweeper would do to keys, and what is not as it should be.
	KeyAudit = Operation{
		Name: "key-audit", Methods: []string{"GET"}, Paths: []string{ownAPI + "/keys/audit"},
		Rules: []policy.Rule{policy.ManageKeys},
		Needs: Tokens | ReadTable | ReadItems | ListTable | DescribeSecrets | ListSecrets, Body: Ignored, Serve: keyAudit,
	}
	// KeyDeletionsShow tells whether keys are deleted.
	KeyDeletionsShow = Operation{
		Name: "key-deletions-show", Methods: []string{"GET"}, Paths: []string{ownAPI + "/keys/deletions"},
		Rules: []policy.Rule{policy.ManageKeys},
		Needs: Tokens | ReadTable | DescribeSecrets, Body: Ignored, Serve: keyDeletionsShow,
	}
	// KeyDeletionsSet turns the deletion of keys on or off.
	KeyDeletionsSet = Operation{
		Name: "key-deletions-set", Methods: []string{"PUT"}, Paths: []string{ownAPI + "/keys/deletions"},
		Rules: []policy.Rule{policy.ManageKeys},
		Needs: Tokens | ReadTable | WriteTable | DescribeSecrets | RaiseEpoch, Body: JSONBody, Serve: keyDeletionsSet,
	}
)

func keyList(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func keyShow(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func keyRestore(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func keyAudit(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func keyDeletionsShow(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func keyDeletionsSet(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}
