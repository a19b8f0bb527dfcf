package development

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// revocations are the audit ids of tokens that were given back before they
// expired. They are kept in a file, a line each: audit id, blank, expiry in
// seconds since 1970.
type revocations struct {
	mu      sync.Mutex
	file    *os.File
	size    int64 // bytes of whole, durable lines
	until   map[string]unixTime
	version uint64
}

// openRevocations reads the file, without what has expired, and writes it anew
// if that shortens it.
func openRevocations(path string, now time.Time) (*revocations, error) {
	text, err := readOrMake(path, func() ([]byte, error) { return nil, nil })
	if err != nil {
		return nil, err
	}
	until, err := parseRevocations(path, text)
	if err != nil {
		return nil, err
	}
	var kept bytes.Buffer
	for id, expiry := range until {
		if !now.Before(expiry.time()) {
			delete(until, id)
			continue
		}
		kept.WriteString(revocationLine(id, expiry))
	}
	if kept.Len() != len(text) {
		if err := replace(path, kept.Bytes(), 0o600); err != nil {
			return nil, err
		}
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &revocations{file: file, size: int64(kept.Len()), until: until}, nil
}

func revocationLine(id string, expiry unixTime) string {
	return id + " " + strconv.FormatInt(int64(expiry), 10) + "\n"
}

// parseRevocations passes over a last line without its end: a crash cut it, and
// nobody was told that it stood.
func parseRevocations(path string, text []byte) (map[string]unixTime, error) {
	until := map[string]unixTime{}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines[:len(lines)-1] {
		id, expiry, found := strings.Cut(line, " ")
		seconds, err := strconv.ParseInt(expiry, 10, 64)
		if !found || id == "" || err != nil {
			return nil, fmt.Errorf("%s:%d: this is not a revoked token's audit id and expiry", path, i+1)
		}
		until[id] = unixTime(seconds)
	}
	return until, nil
}

// add revokes durably: when it returns nil the token stays revoked.
func (r *revocations) add(id string, expiry unixTime) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, already := r.until[id]; already {
		return nil
	}
	line := revocationLine(id, expiry)
	if _, err := r.file.WriteAt([]byte(line), r.size); err != nil {
		return fmt.Errorf("revoking a token: %w", errors.Join(err, r.file.Truncate(r.size)))
	}
	if err := r.file.Sync(); err != nil {
		return fmt.Errorf("revoking a token: %w", errors.Join(err, r.file.Truncate(r.size)))
	}
	r.size += int64(len(line))
	r.until[id] = expiry
	r.version++
	return nil
}

func (r *revocations) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, revoked := r.until[id]
	return revoked
}

// count is the number of revocations so far: another one makes what was
// remembered of tokens doubtful.
func (r *revocations) count() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.version
}

func (r *revocations) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Close()
}
