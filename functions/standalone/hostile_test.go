//go:build !cloud

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// dial opens a bare connection to the service.
func (s *service) dial() net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// timedOut says whether our own patience ended.
func timedOut(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// TestHeaderBombsAreRefused sends heads that do not end.
func TestHeaderBombsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	u := s.as("gander")
	var wait sync.WaitGroup
	for i := range 32 {
		c := s.dial()
		wait.Go(func() {
			_, _ = io.WriteString(c, "GET /v2/images HTTP/1.1\r\nHost: gander\r\n")
			for n := range 1 << 10 {
				line := fmt.Sprintf("X-Bomb-%d-%d: %s\r\n", i, n, strings.Repeat("x", 8<<10))
				if _, err := io.WriteString(c, line); err != nil {
					break // cut off, as it should be; the answer may have come before
				}
			}
			response, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				return // cut off before the answer could be read
			}
			defer response.Body.Close()
			if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
				t.Errorf("a head of 8 MiB is answered %s", response.Status)
			}
		})
	}
	wait.Wait()
	u.call("GET /v2/images", nil).want(http.StatusOK)
	big := u.call("GET /v2/images", nil, "X-Large: "+strings.Repeat("x", 128<<10))
	big.want(http.StatusRequestHeaderFieldsTooLarge)
}

// TestSlowHeadsAreCutOff leaves requests unfinished and waits for the service to
// lose its patience. Others are served meanwhile.
func TestSlowHeadsAreCutOff(t *testing.T) {
	t.Parallel()
	s := start(t)
	u := s.as("gander")
	var slow []net.Conn
	for range 64 {
		c := s.dial()
		if _, err := io.WriteString(c, "GET /v2/images HTTP/1.1\r\nHost: gander\r\nX-Slow: "); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, c)
	}
	u.call("GET /v2/images", nil).want(http.StatusOK)
	for _, c := range slow {
		text, err := io.ReadAll(c)
		if timedOut(err) {
			t.Fatal("an unfinished head keeps its connection")
		}
		if len(text) > 0 && !strings.HasPrefix(string(text), "HTTP/1.1 408") && !strings.HasPrefix(string(text), "HTTP/1.1 400") {
			t.Errorf("an unfinished head is answered %q", text)
		}
	}
	u.call("GET /v2/images", nil).want(http.StatusOK)
}
