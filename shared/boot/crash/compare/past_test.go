package main

import (
	"testing"

	"github.com/gander-images/gander/shared/boot/crash/journal"
)

// TestRequestsHappenWholeOrNotAtAll sees one of two things that a request wrote
// whose answer was lost.
func TestRequestsHappenWholeOrNotAtAll(t *testing.T) {
	sets := map[string]*string{"a": text("one"), "b": text("two")}
	lines := append(
		answered(1, "image", map[string]*string{"a": text("old"), "b": text("old")}),
		journal.Line{Request: 2, Kind: journal.Ask, Image: "image", Sets: sets},
		journal.Line{Request: 2, Kind: journal.Lost},
	)
	for _, test := range []struct {
		a, b string
		want bool
	}{{"one", "two", true}, {"old", "old", true}, {"one", "old", false}, {"old", "two", false}} {
		h := readPast(lines).images["image"]
		seen := map[string]string{"a": test.a, "b": test.b}
		h.prove(func(key string) string { return seen[key] })
		if got := h.allows("a", test.a) && h.allows("b", test.b); got != test.want {
			t.Errorf("a is %s and b is %s: %t", test.a, test.b, got)
		}
	}
}

// TestOnlyLaterWritesCoverOthers has writes that overlap, and one that follows.
func TestOnlyLaterWritesCoverOthers(t *testing.T) {
	ask := func(n int, value *string) journal.Line {
		return journal.Line{Request: n, Kind: journal.Ask, Image: "image", Sets: map[string]*string{"a": value}}
	}
	done := func(n int) journal.Line { return journal.Line{Request: n, Kind: journal.Answer, Status: 200} }
	lines := []journal.Line{ask(1, text("first")), ask(2, text("second")), done(2), done(1)}
	allowed := func(lines []journal.Line, values ...string) {
		t.Helper()
		h := readPast(lines).images["image"]
		for _, value := range []string{absent, "first", "second", "third", "fourth"} {
			want := false
			for _, v := range values {
				want = want || v == value
			}
			if got := h.allows("a", value); got != want {
				t.Errorf("after %d lines %q is allowed: %t", len(lines), value, got)
			}
		}
	}
	allowed(lines[:2], absent, "first", "second") // the journal ends before any answer
	allowed(lines, "first", "second")
	lines = append(lines, ask(3, text("third")), journal.Line{Request: 3, Kind: journal.Lost})
	allowed(lines, "first", "second", "third")
	lines = append(lines, ask(4, nil), done(4))
	allowed(lines, absent)
	lines = append(lines, ask(5, text("fourth")), journal.Line{Request: 5, Kind: journal.Answer, Status: 503})
	allowed(lines, absent, "fourth")
	lines = append(lines, ask(6, text("second")), done(6)) // what may go on may still come after it
	allowed(lines, "second", "fourth")
}
