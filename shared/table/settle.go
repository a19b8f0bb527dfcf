package table

import (
	"context"
	"errors"
	"fmt"
)

// SettleTries is how often a transaction whose answer was lost is looked up and,
// where it did not happen, sent again. Its conditions make that safe.
const SettleTries = 3

// Settle sends the writes until they are known to have happened or not. The first
// of them must be one that landed recognises: given the item as it stands, it
// reports whether this very transaction wrote it.
//
// Errors: as Transact. ErrUnknown says that it is still not known.
func Settle(ctx context.Context, t Table, landed func(*Item) bool, writes ...Write) (Outcome, error) {
	unknown := false
	for try := 1; ; try++ {
		outcome, err := t.Transact(ctx, writes...)
		switch {
		case errors.Is(err, ErrUnknown) && try < SettleTries:
			unknown = true
			continue // the same conditions: it happens once or was there already
		case err != nil && unknown && !errors.Is(err, ErrUnknown):
			// That this try wrote nothing does not say that the one before it did not.
			return outcome, fmt.Errorf("%w; another try: %s", ErrUnknown, err.Error())
		case err != nil:
			return outcome, err
		case unknown && !outcome.OK() && hasLanded(outcome, landed):
			return Outcome{}, nil
		}
		return outcome, nil
	}
}

func hasLanded(outcome Outcome, landed func(*Item) bool) bool {
	first, failed := outcome.FailedAt(0)
	return failed && first.Item != nil && landed(first.Item)
}
