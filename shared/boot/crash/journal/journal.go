// Package journal is a file of everything that was asked of a service and what
// became of it, kept outside of the service: a line before each request goes out,
// and one after its answer came. The order of the lines is what is known of the
// order of the requests.
package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// The kinds of lines.
const (
	Ask    = "ask"    // it is about to be sent
	Answer = "answer" // with its status
	Lost   = "lost"   // no answer came, and none will: nothing of it happens from here on
)

// The things that an image consists of, so far as requests write them; a
// request's Sets names them.
const (
	Exists     = "exists" // Yes, or absent once it is deleted
	Data       = "data"   // a Digest
	Blocked    = "blocked"
	Name       = "name"
	Visibility = "visibility"
	Hidden     = "os_hidden"
	Property   = "property:" // with the key behind it
	Tag        = "tag:"
	Member     = "member:" // with the project behind it; the value is the status
	Locked     = "locked:" // with the property behind it that names a key; the value is what the key is
)

// The things that a key consists of, beside Exists and Name.
const (
	Payload  = "payload"   // a Digest
	Consumer = "consumer:" // with what needs the key behind it
)

// What a key that an image names is: the digest of its value where it is one that was
// asked for, and else one of these before a text.
const (
	CloneOf = "clone of " // before the digest of its value
	Foreign = "foreign "  // before the name of a key that is kept elsewhere
)

// Yes is the value of what is either there or absent.
const Yes = "yes"

// NewKey stands in an ask for the key whose id the service chooses.
const NewKey = "new"

// Digest is the value of data.
func Digest(size int64, sha256 []byte) string { return fmt.Sprintf("%d bytes, %x", size, sha256) }

// A Line is one line of a journal.
type Line struct {
	Request int    `json:"request"` // its number, on both its lines
	Kind    string `json:"kind"`

	// Of an ask: the call, and the image or the key, unless the service chooses its id.
	Call  string `json:"call,omitempty"`
	Image string `json:"image,omitempty"`
	Key   string `json:"key,omitempty"`
	// Sets is what it writes if it happens, all or nothing; nil takes away. An answer
	// has what nobody could know before.
	Sets map[string]*string `json:"sets,omitempty"`

	// Of an answer: the status, and the image or the key where the service chose its id.
	Status int `json:"status,omitempty"`
}

// A Journal is open for writing.
type Journal struct {
	mu   sync.Mutex
	file *os.File
	last int
	err  error
}

// Create begins a journal.
func Create(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600) //nolint:gosec // the caller names the file
	if err != nil {
		return nil, err
	}
	return &Journal{file: f}, nil
}

// Next returns a number for a request.
func (j *Journal) Next() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	return j.last
}

// Write adds a line. A failure is told by Close.
func (j *Journal) Write(l Line) {
	text, err := json.Marshal(l)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		_, err = j.file.Write(append(text, '\n'))
	}
	j.err = errors.Join(j.err, err)
}

// Close ends the journal.
func (j *Journal) Close() error { return errors.Join(j.err, j.file.Close()) }

// Read reads a whole journal.
func Read(path string) ([]Line, error) {
	f, err := os.Open(path) //nolint:gosec // the caller names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	var lines []Line
	decoder := json.NewDecoder(bufio.NewReader(f))
	decoder.DisallowUnknownFields()
	for {
		var l Line
		switch err := decoder.Decode(&l); {
		case errors.Is(err, io.EOF):
			return lines, nil
		case err != nil:
			return nil, fmt.Errorf("reading line %d of %s: %w", len(lines)+1, path, err)
		}
		lines = append(lines, l)
	}
}
