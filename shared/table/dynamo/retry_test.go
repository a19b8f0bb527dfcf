package dynamo

import (
	"testing"
	"time"
)

// TestPausesAreRandom looks for one that is much shorter than its bound: callers
// who met each other once must not meet again and again.
func TestPausesAreRandom(t *testing.T) {
	t.Parallel()
	for range 16 {
		c := &call{deadline: time.Now().Add(time.Minute), pause: mostPause / 4}
		begin := time.Now()
		if !c.rest(t.Context()) {
			t.Fatal("there is no time for another attempt")
		}
		if time.Since(begin) < mostPause/8 {
			return
		}
	}
	t.Errorf("each of 16 pauses took more than half of %s", mostPause/4)
}

// TestPausesGrow to their bound, and no further.
func TestPausesGrow(t *testing.T) {
	c := &call{deadline: time.Now().Add(time.Minute), pause: firstPause}
	c.rest(t.Context())
	if c.pause != 2*firstPause {
		t.Errorf("after %s comes %s", firstPause, c.pause)
	}
	c.pause = mostPause
	c.deadline = time.Now()
	if c.least = time.Second; c.rest(t.Context()) || c.pause != mostPause {
		t.Errorf("at the end another attempt begins, or a pause of %s", c.pause)
	}
}
