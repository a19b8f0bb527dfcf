package due

import (
	"context"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// Lag is for how long the oldest entry has been due; 0 where nothing is. It reads
// one entry of each kind.
func (r *Runner) Lag(ctx context.Context) (time.Duration, error) {
	var lag time.Duration
	for kind := range r.Handlers {
		page, err := r.Table.Query(ctx, table.Query{Partition: partition(kind), Limit: 1})
		if err != nil {
			return 0, fmt.Errorf("reading what is due: %w", err)
		}
		for _, item := range page.Items {
			if e, ok := parse(item); ok {
				lag = max(lag, r.Now().Sub(e.At))
			}
		}
	}
	return lag, nil
}
