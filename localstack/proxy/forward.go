package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// hopHeaders belong to one connection; the others of them to the caller's
// signature, which ends here.
var hopHeaders = []string{
	"Connection", "Keep-Alive", "Te", "Transfer-Encoding", "Upgrade", "Expect",
	"Authorization", "X-Amz-Date", "X-Amz-Security-Token",
}

// signatureQuery are what a presigned URL adds to a query.
var signatureQuery = []string{
	"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature",
	"X-Amz-Security-Token",
}

// forward sends the request to its engine, signed with the engine's own key.
func (p *Proxy) forward(ctx context.Context, x *exchange) (*http.Response, error) {
	upstream, service := p.config.S3, "s3"
	switch x.call.Service {
	case DynamoDB, Streams:
		upstream, service = p.config.DynamoDB, "dynamodb"
	case Secrets:
		upstream, service = p.config.Secrets, "secretsmanager"
	}
	out, err := outgoing(ctx, x, upstream.Endpoint)
	if err != nil {
		return nil, err
	}
	payload := x.payload
	if x.call.Service != S3 {
		payload = hashOf(x.call.body)
	}
	form := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" }
	region := regionOf(x.in)
	if err := p.signer.SignHTTP(ctx, upstream.Credentials, out, payload, service, region, p.now(), form); err != nil {
		return nil, fmt.Errorf("signing for the engine: %w", err)
	}
	answer, err := p.config.Transport.RoundTrip(out)
	if err != nil {
		return nil, fmt.Errorf("asking the engine: %w", err)
	}
	return answer, nil
}

func outgoing(ctx context.Context, x *exchange, endpoint string) (*http.Request, error) {
	to, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("the engine's address: %w", err)
	}
	u := *x.in.URL
	u.Scheme, u.Host = to.Scheme, to.Host
	if query := u.Query(); query.Has("X-Amz-Signature") {
		for _, name := range signatureQuery {
			query.Del(name)
		}
		u.RawQuery = query.Encode()
	}
	body, length := x.in.Body, x.in.ContentLength
	if x.call.Service != S3 && x.fault != CutUpload {
		body, length = io.NopCloser(bytes.NewReader(x.call.body)), int64(len(x.call.body))
	}
	if length == 0 {
		body = http.NoBody
	}
	out := &http.Request{Method: x.in.Method, URL: &u, Host: to.Host, Header: x.in.Header.Clone(), Body: body, ContentLength: length}
	for _, name := range hopHeaders {
		out.Header.Del(name)
	}
	if x.call.Service == S3 {
		out.Header.Set(payloadHeader, x.payload)
	}
	return out.WithContext(ctx), nil
}

func copyHead(w http.ResponseWriter, answer *http.Response) {
	for name, values := range answer.Header {
		if !strings.EqualFold(name, "Connection") && !strings.EqualFold(name, "Transfer-Encoding") {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.StatusCode)
}

// copyBody passes a body on as it comes.
func copyBody(w http.ResponseWriter, body io.Reader) error {
	flush := http.NewResponseController(w)
	buffer := make([]byte, 64<<10)
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
			_ = flush.Flush() // the next write tells what went wrong
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
