package keystone

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	connectTimeout = 5 * time.Second

	// patience ends one try.
	patience = 10 * time.Second

	// largest is the most that is read of an answer, in bytes. The catalogue of
	// a large cloud has some tens of thousands.
	largest = 1 << 20

	// connections are the most at once: callers who show nonsense as tokens
	// must not bury Keystone.
	connections = 64
)

// Transport returns what speaks HTTP to a Keystone. Certificates must lead to
// one of these roots; nil: the system's.
func Transport(roots *x509.CertPool) http.RoundTripper {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   connectTimeout,
		ForceAttemptHTTP2:     true,
		MaxConnsPerHost:       connections,
		MaxIdleConns:          connections,
		MaxIdleConnsPerHost:   connections,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// A client speaks with one Keystone.
type client struct {
	base string // with /v3
	http *http.Client
}

func newClient(address string, transport http.RoundTripper) client {
	base := strings.TrimSuffix(strings.TrimRight(address, "/"), "/v3")
	return client{base: base + "/v3", http: &http.Client{
		Transport: transport,
		Timeout:   patience,
		// A token follows no redirect.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// An answer is one of Keystone's, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// fault is whether it is an error in Keystone's own form. A 404 from something
// in front of it says nothing of a token.
func (a answer) fault() bool {
	var body struct {
		Error struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	return json.Unmarshal(a.body, &body) == nil && body.Error.Code == a.status
}

// send asks once, and once more when the connection failed. A Keystone that is
// slow is not asked again.
func (c client) send(ctx context.Context, method, path string, body []byte, header http.Header) (answer, error) {
	a, err := c.try(ctx, method, path, body, header)
	if err != nil && broken(err) {
		a, err = c.try(ctx, method, path, body, header)
	}
	if err != nil {
		return answer{}, fmt.Errorf("asking Keystone: %w", err)
	}
	return a, nil
}

func broken(err error) bool {
	var network net.Error
	return !errors.Is(err, errAnswer) && !errors.Is(err, context.Canceled) &&
		(!errors.As(err, &network) || !network.Timeout())
}

// errAnswer is an answer that is of no use; the next would be the same.
var errAnswer = errors.New("the answer is no token's")

func (c client) try(ctx context.Context, method, path string, body []byte, header http.Header) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", errAnswer, err)
	}
	request.Header = header.Clone()
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "gander")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err // tells the URL, and no header
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, largest+1))
	if err != nil {
		return answer{}, err
	}
	if len(text) > largest {
		return answer{}, fmt.Errorf("%w: it is longer than %d bytes", errAnswer, largest)
	}
	return answer{status: response.StatusCode, header: response.Header, body: text}, nil
}
