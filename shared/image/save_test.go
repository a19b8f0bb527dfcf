package image

import (
	"context"
	"errors"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

// A doubtful table makes the first write of a save without an answer, and
// refuses every later one.
type doubtful struct {
	table.Table
	refusal error
	tries   int
}

func (d *doubtful) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	d.tries++
	if d.tries > 1 {
		return table.Outcome{}, d.refusal
	}
	if _, err := d.Table.Transact(ctx, writes...); err != nil {
		return table.Outcome{}, err
	}
	return table.Outcome{}, table.ErrUnknown
}

// TestUnknownSavesStayUnknown holds that nobody is told that a save did not happen
// because looking it up was refused: it did, and a caller who believes otherwise
// makes a second image.
func TestUnknownSavesStayUnknown(t *testing.T) {
	for _, refusal := range []error{table.ErrBusy, table.ErrFull, table.ErrUnusable} {
		w := newWorld(t)
		d := &doubtful{Table: w.table, refusal: refusal}
		w.use(d, w.blobs)
		_, err := w.createAs(demo, raw())
		if d.tries != 2 || !errors.Is(err, table.ErrUnknown) || errors.Is(err, refusal) {
			t.Errorf("after %d tries, the last one %v: %v", d.tries, refusal, err)
		}
	}
}
