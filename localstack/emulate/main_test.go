package main

import "testing"

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{nil, {"dynoxide"}, {"dynoxide", "--"}, {"--", "true"}, {"dynoxide", "versitygw", "--", "true"}} {
		if code := run(args); code != 2 {
			t.Errorf("%v: %d", args, code)
		}
	}
	if code := run([]string{"kumo", "--", "true"}); code != 1 {
		t.Errorf("an engine that is not there: %d", code)
	}
}
