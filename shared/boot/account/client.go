package account

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// How long the services may keep us waiting. A connection that is not there in
// seconds will not be; the first line of an answer takes S3 longest, for the
// completion of a large upload. Bodies take as long as they take.
const (
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	answerTimeout    = 2 * time.Minute
	idleTimeout      = 90 * time.Second
	idleConnections  = 64 // per service; parts of uploads go in parallel
)

// Client makes the HTTP client of the services. Proxies are those of the
// variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
func Client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.Proxy = http.ProxyFromEnvironment
			t.TLSHandshakeTimeout = handshakeTimeout
			t.ResponseHeaderTimeout = answerTimeout
			t.IdleConnTimeout = idleTimeout
			t.MaxIdleConnsPerHost = idleConnections
		})
}

// client is Client with the authorities of AWS_CA_BUNDLE, where it is set: those
// and no others are believed then.
func (e environment) client() (client *awshttp.BuildableClient, faults []string) {
	file := e.get("AWS_CA_BUNDLE")
	if file == "" {
		return Client(), nil
	}
	pem, err := os.ReadFile(file)
	roots := x509.NewCertPool()
	switch {
	case err != nil:
		return Client(), []string{"AWS_CA_BUNDLE: " + err.Error()}
	case !roots.AppendCertsFromPEM(pem):
		return Client(), []string{"AWS_CA_BUNDLE: there is no certificate in " + file}
	}
	return Client().WithTransportOptions(func(t *http.Transport) {
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		t.TLSClientConfig.RootCAs = roots
	}), nil
}
