package due

import (
	"context"
	"fmt"

	"github.com/gander-images/gander/shared/table"
)

// Peek returns up to limit entries of a kind, the one that is due first at the front,
// from behind a position on, which is empty for the start. last is the position to go
// on from while more is true. What is no entry is left out.
func Peek(ctx context.Context, t table.Table, kind, after string, limit int) (found []Entry, last string, more bool, err error) {
	page, err := t.Query(ctx, table.Query{Partition: partition(kind), After: after, Limit: limit})
	if err != nil {
		return nil, "", false, fmt.Errorf("reading what is due: %w", err)
	}
	for _, item := range page.Items {
		last = item.Sort
		if e, ok := parse(item); ok {
			found = append(found, e)
		}
	}
	if page.More {
		last = page.Last
	}
	return found, last, page.More, nil
}
