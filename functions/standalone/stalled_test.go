//go:build clients && !cloud

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestStalledClientsAreCutOff stops in the middle of an upload and of a
// download. The service waits a minute for a sign of life, which is why this is
// not among the quick tests.
func TestStalledClientsAreCutOff(t *testing.T) {
	t.Parallel()
	s := startBuilt(t)
	u := s.as("gander")
	id, large := u.create("stalled"), u.create("large")
	size := zeros(256 << 20)
	u.call("PUT /v2/images/"+large+"/file", &size).want(http.StatusNoContent)

	download := s.dial()
	head(t, download, "GET", large, u.token, "")
	upload := s.dial()
	head(t, upload, "PUT", id, u.token, "Content-Type: application/octet-stream\r\nContent-Length: 1000000\r\n")
	if _, err := io.WriteString(upload, "only this"); err != nil {
		t.Fatal(err)
	}

	_, err := io.Copy(io.Discard, upload)
	if timedOut(err) {
		t.Fatal("an upload that stalls keeps its connection")
	}
	img := u.call("GET /v2/images/"+id, nil).want(http.StatusOK).image()
	if img["status"] != "queued" {
		t.Errorf("after a stalled upload the image is %v", img["status"])
	}
	u.wantReason(id, "The data stopped coming after 9 bytes.")

	// What the kernel had taken before it stalled still comes; the rest does not.
	response, err := http.ReadResponse(bufio.NewReader(download), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); err == nil || timedOut(err) {
		t.Errorf("a download that stalled went on to %d bytes, %v", n, err)
	}
}

// head writes the head of a request to the data of an image.
func head(t *testing.T, c net.Conn, method, id, token, more string) {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(3 * patience))
	_, err := fmt.Fprintf(c, "%s /v2/images/%s/file HTTP/1.1\r\nHost: gander\r\nX-Auth-Token: %s\r\n%s\r\n", method, id, token, more)
	if err != nil {
		t.Fatal(err)
	}
}
