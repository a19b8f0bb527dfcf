package bolt

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// TestPosition: how far a consumer is, and how far behind, also before it ever came
// and after the table was opened anew.
func TestPosition(t *testing.T) {
	path := t.TempDir() + "/table.db"
	tab, err := Open(path, WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now().Add(-time.Second)
	position := func() table.Position {
		t.Helper()
		p, err := tab.Position(t.Context(), "c")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := position(); p != (table.Position{}) {
		t.Errorf("of nothing: %+v", p)
	}
	for i := range 5 {
		w := table.Write{Kind: table.Put, Key: table.Key{Partition: "p", Sort: fmt.Sprint(i)}, If: table.IfAbsent()}
		if _, err := tab.Transact(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	if p := position(); p.Sequence != "" || p.Behind != 5 || p.Oldest.Before(before) || p.Oldest.After(time.Now().Add(time.Second)) {
		t.Errorf("before the first: %+v", p)
	}
	stop := errors.New("stop")
	var third string
	err = tab.Changes(t.Context(), "c", func(_ context.Context, changes []table.Change) (int, error) {
		third = changes[2].Sequence
		return 3, stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	for range 2 {
		if p := position(); p.Sequence != third || p.Behind != 2 || p.Oldest.IsZero() {
			t.Errorf("after the third, %s: %+v", third, p)
		}
		if err := tab.Close(); err != nil {
			t.Fatal(err)
		}
		if tab, err = Open(path, WithoutSync()); err != nil {
			t.Fatal(err)
		}
	}
	defer func() { _ = tab.Close() }()
	err = tab.Changes(t.Context(), "c", func(_ context.Context, changes []table.Change) (int, error) { return len(changes), stop })
	if p := position(); !errors.Is(err, stop) || p.Behind != 0 || !p.Oldest.IsZero() || p.Sequence <= third {
		t.Errorf("at the end: %+v, %v", p, err)
	}
}
