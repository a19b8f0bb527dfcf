package key_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
)

// quiet lets everything come to its end that is on its way.
func (w *world) quiet() {
	w.t.Helper()
	for _, d := range []time.Duration{0, 21 * time.Minute, 2 * time.Hour, retention, delay, window + 2*time.Hour, window + 2*time.Hour, 2 * time.Hour} {
		*w.clock = w.now().Add(d)
		w.must(w.sweep())
		w.must(w.sweep())
	}
}

var generations = regexp.MustCompile(`, \d`)

// come brings a new world into a state, lets something happen, and tells what it comes
// to in the end. answer is that of the thing that happened.
func come(t *testing.T, state func(*world), happen func(*world) error) (end string, answer error) {
	t.Helper()
	w := newWorld(t)
	state(w)
	answer = happen(w)
	for _, fault := range w.faults() {
		t.Errorf("at once: %s", fault)
	}
	w.quiet()
	for _, fault := range w.faults() {
		t.Errorf("in the end: %s", fault)
	}
	var images []string
	for _, id := range []string{imgA, imgA2, imgB, imgN} {
		if img := w.found(id); img != nil {
			images = append(images, string(img.Status))
		}
	}
	shown := generations.ReplaceAllString(w.show(theKey), ", n")
	return shown + "; images " + strings.Join(images, " "), answer
}

// single reports whether the event is one request, or one sweep.
func single(name string) bool {
	return !strings.Contains(name, " and ") && !strings.Contains(name, ",")
}

// TestBroken breaks each write of each event, in each way. What was answered with
// success is done; what failed is done or not, and nothing between is left behind.
func TestBroken(t *testing.T) {
	plays := 0
	for _, state := range states {
		for _, event := range events {
			if !single(event.name) || !applies(t, state.make, event.image) {
				continue
			}
			not, _ := come(t, state.make, func(*world) error { return nil })
			done, refused := come(t, state.make, event.do)
			for _, how := range breakages {
				for at, more := 1, true; more; at++ {
					t.Run(fmt.Sprintf("%s/%s/%s/%d", state.name, event.name, how, at), func(t *testing.T) {
						g := &gate{at: at, how: how}
						got, err := come(t, state.make, func(w *world) error { return event.do(w.under(g)) })
						if more = g.seen >= at; more {
							plays++
						}
						if got != done && (got != not || err == nil) {
							t.Errorf("answered %v, and it comes to %q, not %q or %q", err, got, done, not)
						}
						if refused != nil && err == nil {
							t.Errorf("what is refused is answered with success; it should be %v", refused)
						}
					})
				}
			}
		}
	}
	if plays < 400 {
		t.Errorf("only %d writes were broken", plays)
	}
}

// applies reports whether the image that an event is about is there, in the state.
func applies(t *testing.T, state func(*world), id string) bool {
	t.Helper()
	w := newWorld(t)
	state(w)
	if id == "" {
		return true
	}
	img := w.found(id)
	return img != nil && img.Status.Exists()
}

// again does what the HTTP layer does for whoever comes second.
func again(do func() error) error {
	for try := 1; ; try++ {
		if err := do(); try == 5 || !key.Changed(err) && !image.Changed(err) {
			return err
		}
	}
}

// TestMeetings has each event meet each other one before each of its calls of a port.
// It comes to the same as one of them after the other.
func TestMeetings(t *testing.T) {
	met := 0
	for _, state := range states {
		if !strings.Contains(" external; live, B, A gone; condemned; condemned, B; scheduled; scheduled, A and B;", " "+state.name+";") {
			continue
		}
		for _, first := range events {
			for _, second := range events {
				if !single(first.name) || !single(second.name) || !applies(t, state.make, first.image) || !applies(t, state.make, second.image) {
					continue
				}
				if first.image != "" && second.image != "" || strings.Contains(first.name, "image names") && strings.Contains(second.name, "image names") {
					continue // two requests for one image: not about keys
				}
				if first.name == "owner makes it" && (second.name == "due" || second.name == "own image names it") {
					continue // the clock moves on by more than making a key may take; a key that is being made is refused
				}
				t.Run(state.name+"/"+first.name+"/"+second.name, func(t *testing.T) {
					met += meet(t, state.make, first.do, second.do)
				})
			}
		}
	}
	if met < 2500 {
		t.Errorf("only %d meetings", met)
	}
}

func meet(t *testing.T, state func(*world), first, second func(*world) error) (met int) {
	t.Helper()
	one, _ := come(t, state, func(w *world) error { _ = first(w); return second(w) })
	other, _ := come(t, state, func(w *world) error { _ = second(w); return first(w) })
	for at, more := 1, true; more; at++ {
		g := &gate{at: at}
		got, _ := come(t, state, func(w *world) error {
			g.happens = func() { _ = second(w) }
			under := w.under(g)
			return again(func() error { return first(under) })
		})
		if more = g.seen >= at; !more {
			break
		}
		met++
		if got != one && got != other {
			t.Errorf("met before call %d it comes to %q, not %q or %q", at, got, one, other)
		}
	}
	return met
}
