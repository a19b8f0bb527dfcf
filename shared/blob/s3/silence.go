package s3

import (
	"context"
	"net"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// maxSilence is how long a connection may carry no byte in either direction
// while a request is under way. It must hold the time that a store takes to put
// the parts of a large object together, which S3 itself bridges with blanks.
const maxSilence = 5 * time.Minute

// impatient has a client cut connections that fell silent. The SDK waits for
// ever, and a Commit has no other end.
func impatient(client s3.HTTPClient, silence time.Duration) s3.HTTPClient {
	buildable, ok := client.(*awshttp.BuildableClient)
	if !ok {
		return client // somebody's own: it has its own patience
	}
	return buildable.WithTransportOptions(func(t *http.Transport) {
		dial := t.DialContext
		if dial == nil {
			dial = buildable.GetDialer().DialContext
		}
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &conn{Conn: c, silence: silence}, nil
		}
	})
}

// A conn fails when no byte moved for too long. Its reader waits all through an
// upload, so that writing, too, puts the end off.
type conn struct {
	net.Conn
	silence time.Duration
}

// Read implements io.Reader.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write implements io.Writer.
func (c *conn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
