package due_test

import (
	"testing"
	"time"

	"github.com/gander-images/gander/shared/due"
)

func TestLag(t *testing.T) {
	tab := openTable(t)
	r := runner(tab, start, map[string]due.Handler{"one": nil, "two": nil, "none": nil})
	lag := func(want time.Duration) {
		t.Helper()
		if got, err := r.Lag(t.Context()); err != nil || got != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	lag(0)
	put(t, tab, due.New("one", start.Add(time.Hour), "later", nil))
	lag(0)
	put(t, tab, due.New("two", start.Add(-time.Minute), "a", nil), due.New("one", start.Add(-time.Hour), "b", nil), due.New("one", start.Add(-time.Second), "c", nil))
	lag(time.Hour)
	put(t, tab, due.New("elsewhere", start.Add(-24*time.Hour), "of no handler here", nil))
	lag(time.Hour)
}
