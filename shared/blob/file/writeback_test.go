package file

import "testing"

// A large object goes to the disk while it is written: a step is begun when it
// is full, and waited for when the next one is.
func TestLargeObjectsGoToDiskWhileTheyAreWritten(t *testing.T) {
	for _, c := range []struct {
		options            []Option
		begunOne, begunTwo int64
	}{
		{nil, writebackStep, 2 * writebackStep},
		{[]Option{NoSync()}, 0, 0},
	} {
		s, _ := newStore(t, c.options...)
		w, err := s.begin(t.Context(), "a/b")
		if err != nil {
			t.Fatal(err)
		}
		w.back.size = writebackStep - 2 // as if so much had been written
		for _, want := range []struct{ begun, seen int64 }{{0, 0}, {c.begunOne, 0}} {
			if _, err := w.Write([]byte{1}); err != nil || w.back.begun != want.begun || w.back.seen != want.seen {
				t.Errorf("begun %d, on disk %d, %v; want %+v", w.back.begun, w.back.seen, err, want)
			}
		}
		w.back.size += writebackStep - 1
		if _, err := w.Write([]byte{1}); err != nil || w.back.begun != c.begunTwo || w.back.seen != c.begunOne {
			t.Errorf("begun %d, on disk %d, %v; want %d, %d", w.back.begun, w.back.seen, err, c.begunTwo, c.begunOne)
		}
		if err := w.Abort(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
