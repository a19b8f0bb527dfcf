package s3

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// A connection is cut once nothing moved for so long, and not while bytes go in
// one direction alone: the transport waits for an answer all through an upload.
func TestSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := &conn{Conn: ours, silence: time.Minute}
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		start := time.Now()
		var waited time.Duration
		go func() {
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("error %v, want a deadline's", err)
			}
			waited = time.Since(start)
		}()
		for range 10 {
			time.Sleep(50 * time.Second)
			if _, err := c.Write([]byte("x")); err != nil {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if want := 560 * time.Second; waited != want {
			t.Errorf("the connection was cut after %v, want %v", waited, want)
		}
		_ = theirs.Close()
	})
}
