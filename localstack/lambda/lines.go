package lambda

import (
	"bytes"
	"io"
	"sync"
)

// lines passes on what a process prints, a whole line at a time and with the
// function's name in front, so that the lines of several do not mix.
type lines struct {
	to   io.Writer
	name string

	mutex sync.Mutex
	rest  []byte
}

// Write implements io.Writer. It never fails: a function must not suffer from
// who reads its log.
func (l *lines) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.rest = append(l.rest, p...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		if end < 0 {
			return len(p), nil
		}
		l.pass(l.rest[:end])
		l.rest = l.rest[end+1:]
	}
}

// flush passes on a last line without an end.
func (l *lines) flush() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.rest) > 0 {
		l.pass(l.rest)
	}
	l.rest = nil
}

func (l *lines) pass(line []byte) {
	if l.to == nil {
		return
	}
	whole := make([]byte, 0, len(l.name)+len(line)+3)
	whole = append(append(append(append(whole, l.name...), ": "...), line...), '\n')
	_, _ = l.to.Write(whole) // see Write
}
