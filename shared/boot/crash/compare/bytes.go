package main

import (
	"context"
	"crypto/md5" //nolint:gosec // Glance's checksum
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"io"
	"net/http"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

// data downloads what an image has, holds its record to it, and returns what it
// is in the journal's words.
func (c *comparison) data(ctx context.Context, i image) (string, error) {
	response, err := c.service.admin.Open(ctx, outside.Call{Method: http.MethodGet, Path: i.text("file")})
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()              // it was only read
	sum, hash, check := sha256.New(), sha512.New(), md5.New() //nolint:gosec // Glance's checksum
	size, err := io.Copy(io.MultiWriter(sum, hash, check), response.Body)
	if err != nil {
		c.fault("image %s: its data ends after %d bytes: %v", i.text("id"), size, err)
		return absent, nil
	}
	switch {
	case response.StatusCode == http.StatusNoContent && i.text("status") == "queued":
		if i["size"] != nil || i["checksum"] != nil || i["os_hash_value"] != nil {
			c.fault("image %s is queued, with size %v, checksum %v and hash %v", i.text("id"), i["size"], i["checksum"], i["os_hash_value"])
		}
		return absent, nil
	case response.StatusCode != http.StatusOK || i.text("status") == "queued":
		c.fault("image %s is %s, and its data is answered %d", i.text("id"), i.text("status"), response.StatusCode)
		return absent, nil
	}
	c.mu.Lock()
	c.withData++
	c.bytes += size
	c.mu.Unlock()
	told := fmt.Sprintf("%.0f bytes, %s, %s %s", i["size"], i.text("checksum"), i.text("os_hash_algo"), i.text("os_hash_value"))
	if got := fmt.Sprintf("%d bytes, %x, sha512 %x", size, check.Sum(nil), hash.Sum(nil)); got != told {
		c.fault("image %s tells of %s and has %s", i.text("id"), told, got)
	}
	return journal.Digest(size, sum.Sum(nil)), nil
}
