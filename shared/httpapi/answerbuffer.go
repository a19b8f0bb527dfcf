package httpapi

import "sync"

// Answers are built in buffers that are used again: a page of a list has some
// 20 KB, and would be most of what a request leaves to the garbage collector.
var answerBuffers = sync.Pool{New: func() any { return new([]byte) }}

// maxKeptBuffer is the largest buffer that is kept, in bytes.
const maxKeptBuffer = 128 << 10

// builtAnswer is an answer whose body build appends to what it is given.
func builtAnswer(status int, build func([]byte) []byte) *Response {
	buffer := answerBuffers.Get().(*[]byte)
	*buffer = build((*buffer)[:0])
	return &Response{Status: status, Body: *buffer, buffer: buffer}
}

// release gives the body's buffer back, after the answer was written.
func (r *Response) release() {
	if r.buffer == nil {
		return
	}
	if cap(*r.buffer) <= maxKeptBuffer {
		answerBuffers.Put(r.buffer)
	}
	r.buffer, r.Body = nil, nil
}
