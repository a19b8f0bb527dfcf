package boot

import "sync"

// A turnstile counts who is inside, until it is closed and the last one has left.
type turnstile struct {
	mu     sync.Mutex
	inside int
	closed bool
	empty  chan struct{} // closed when nobody is inside and nobody can enter
}

func newTurnstile() *turnstile { return &turnstile{empty: make(chan struct{})} }

// enter reports whether there is a way in. Who is in must leave.
func (t *turnstile) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.inside++
	return true
}

func (t *turnstile) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inside--
	t.tell()
}

// close lets nobody in any more.
func (t *turnstile) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		t.tell()
	}
}

func (t *turnstile) tell() {
	if t.closed && t.inside == 0 {
		close(t.empty)
	}
}
