package key

import (
	"context"
	"time"
)

// A Census is what a look at the deployment's keys finds, for operators.
type Census struct {
	Deletions  Deletions
	Epochs     Epochs
	Vault      bool      // the vault's epoch could be read
	Missing    int       // usable keys whose secret is gone, up to CensusLimit
	Unrecorded int       // secrets without a record, likewise
	Round      time.Time // end of the last round; zero: there was none
}

// CensusLimit is up to how many reports are counted.
const CensusLimit = 100

// Census tells how the deployment's keys are. That the vault cannot be read is told in
// it; the error is the table's.
func (s *Service) Census(ctx context.Context) (c Census, err error) {
	u, err := s.readUpkeep(ctx)
	if err != nil {
		return c, err
	}
	c.Round = u.Ended
	if s.Vault != nil {
		c.Deletions, c.Epochs, err = s.Deletions(ctx)
		c.Vault = err == nil
	}
	if !c.Vault {
		c.Deletions, c.Epochs = u.deletions(), Epochs{Table: u.Epoch}
	}
	for kind, count := range map[string]*int{reportMissing: &c.Missing, reportUnrecorded: &c.Unrecorded} {
		page, _, _, err := s.reportPage(ctx, kind, "", CensusLimit)
		if err != nil {
			return c, err
		}
		*count = len(page)
	}
	return c, nil
}
