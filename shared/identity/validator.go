package identity

import (
	"context"

	"github.com/gander-images/gander/shared/caller"
)

// A Validator answers for one token, without remembering.
type Validator interface {
	// Validate returns what the token stands for. An expired token is good only
	// when the ask has a voucher, and then only where the issuer allows it; the
	// answer's ExpiresAt tells. Errors: problem.Unauthorized when the token is
	// not, or no longer, valid; any other error means that nobody could tell.
	// No error tells the token, or the voucher.
	Validate(ctx context.Context, token string, ask Ask) (Verdict, error)
}

// An Ask is what a request adds to the token that it shows.
type Ask struct {
	// Voucher is the valid service token of the same request; empty: there is
	// none. With it a validator may take a token that has expired, as long
	// works outlive the token of the user who began them, and may ask in the
	// name of the service.
	//
	// Source: keystonemiddleware, allow_expired.
	Voucher string
}

// A Verdict is what a valid token stands for.
type Verdict struct {
	Caller caller.Caller // ExpiresAt is set; the roles are as the issuer writes them

	// AccessRules are the calls that the token is good for; nil: for all that
	// the roles allow. The token's user made them, with an application
	// credential.
	AccessRules []AccessRule

	// Services are the types of service in the token's catalogue. They are
	// known where there are access rules.
	Services []string
}

// A Versioned validator knows when tokens it has called valid may no longer be
// so: Version then returns another number, and the Front asks anew.
type Versioned interface {
	Version() uint64
}
