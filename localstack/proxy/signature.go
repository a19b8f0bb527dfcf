package proxy

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	algorithm       = "AWS4-HMAC-SHA256"
	dateLayout      = "20060102T150405Z"
	maxSkew         = 15 * time.Minute
	unsignedPayload = "UNSIGNED-PAYLOAD"
	// unsignedTrailer is a body in chunks with a checksum at its end, which the
	// SDK sends over TLS.
	unsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	payloadHeader   = "X-Amz-Content-Sha256"
)

// A claim is what a request says about its own signature.
type claim struct {
	accessKey string
	day       string
	region    string
	service   string
	headers   []string
	signature string
	signed    time.Time
	life      time.Duration // of a presigned URL; 0: it is none
}

// verify checks who signed the request, and returns the hash of its body that
// was signed. The body itself is checked where it is read.
//
// Source: AWS General Reference, "Signature Version 4"; Amazon S3 API Reference,
// "Authenticating Requests: Using Query Parameters".
func (p *Proxy) verify(r *http.Request) (Function, string, error) {
	c, err := claimOf(r)
	if err != nil {
		return Function{}, "", err
	}
	f, known := p.function(c.accessKey)
	if !known {
		return Function{}, "", refuseKey(c.service)
	}
	if err := c.timely(p.now()); err != nil {
		return Function{}, "", err
	}
	payload, err := c.payload(r)
	if err != nil {
		return Function{}, "", err
	}
	if !c.covers(r.Header) {
		return Function{}, "", refuseSignature(c.service)
	}
	want, err := p.signature(r, c, f, payload)
	if err != nil || subtle.ConstantTimeCompare([]byte(want), []byte(c.signature)) != 1 {
		return Function{}, "", refuseSignature(c.service)
	}
	return f, payload, nil
}

// claimOf reads the Authorization header or the query of a presigned URL.
func claimOf(r *http.Request) (claim, error) {
	fields := map[string]string{}
	date := r.Header.Get("X-Amz-Date")
	var life time.Duration
	query := r.URL.Query()
	switch header := r.Header.Get("Authorization"); {
	case header != "" && query.Has("X-Amz-Signature"):
		return claim{}, refuseBoth()
	case strings.HasPrefix(header, algorithm+" "):
		for part := range strings.SplitSeq(strings.TrimPrefix(header, algorithm+" "), ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			fields[name] = value
		}
	case query.Get("X-Amz-Algorithm") == algorithm:
		for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
			fields[name] = query.Get("X-Amz-" + name)
		}
		date = query.Get("X-Amz-Date")
		seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
		if err != nil || seconds < 1 || seconds > 7*24*3600 {
			return claim{}, refuseSignature(S3)
		}
		life = time.Duration(seconds) * time.Second
	default:
		return claim{}, refuseAnonymous(serviceOf(r))
	}
	return newClaim(fields, date, life, serviceOf(r))
}

func newClaim(fields map[string]string, date string, life time.Duration, asked Service) (claim, error) {
	scope := strings.Split(fields["Credential"], "/") // key/day/region/service/aws4_request
	signed, err := time.Parse(dateLayout, date)
	wantService := string(asked)
	if asked == Streams {
		wantService = "dynamodb"
	}
	if err != nil || len(scope) != 5 || scope[4] != "aws4_request" || scope[3] != wantService || scope[1] != date[:8] {
		return claim{}, refuseSignature(asked)
	}
	return claim{
		accessKey: scope[0], day: scope[1], region: scope[2], service: scope[3],
		headers: strings.Split(fields["SignedHeaders"], ";"), signature: fields["Signature"], signed: signed, life: life,
	}, nil
}

// timely refuses a signature that is too old, or of the future.
func (c claim) timely(now time.Time) error {
	age := now.Sub(c.signed)
	switch {
	case c.life > 0 && (age > c.life || age < -maxSkew):
		return refuseExpired()
	case c.life == 0 && age.Abs() > maxSkew:
		return refuseSkew(c.service)
	}
	return nil
}

// payload is the hash of the body as it went into the signature. S3 signs what a
// header says, the others the body's own.
func (c claim) payload(r *http.Request) (string, error) {
	switch said := r.Header.Get(payloadHeader); {
	case c.life > 0:
		return unsignedPayload, nil
	case c.service != "s3":
		body, err := readBody(r)
		if err != nil {
			return "", err
		}
		return hashOf(body), nil
	case said == unsignedPayload, said == unsignedTrailer, isHash(said):
		return said, nil
	}
	return "", refusePayloadKind()
}

// covers reports whether the signature covers the host and every header of
// AWS's own.
func (c claim) covers(h http.Header) bool {
	if !slices.Contains(c.headers, "host") {
		return false
	}
	for name := range h {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(c.headers, name) {
			return false
		}
	}
	return true
}

// signature signs the request anew with the key the function should have.
func (p *Proxy) signature(r *http.Request, c claim, f Function, payload string) (string, error) {
	again, err := c.bare(r)
	if err != nil {
		return "", err
	}
	form := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = c.service == "s3" }
	if c.life > 0 {
		signed, _, err := p.signer.PresignHTTP(context.Background(), f.Credentials, again, payload, c.service, c.region, c.signed, form)
		if err != nil {
			return "", err
		}
		u, err := url.Parse(signed)
		if err != nil {
			return "", err
		}
		return u.Query().Get("X-Amz-Signature"), nil
	}
	if err := p.signer.SignHTTP(context.Background(), f.Credentials, again, payload, c.service, c.region, c.signed, form); err != nil {
		return "", err
	}
	_, signature, _ := strings.Cut(again.Header.Get("Authorization"), "Signature=")
	return signature, nil
}

// bare is the request with nothing but what was signed.
func (c claim) bare(r *http.Request) (*http.Request, error) {
	u := *r.URL
	u.Scheme, u.Host = "http", r.Host
	query := u.Query()
	query.Del("X-Amz-Signature")
	u.RawQuery = query.Encode()
	bare, err := http.NewRequestWithContext(r.Context(), r.Method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	bare.URL, bare.Host = &u, r.Host
	for _, name := range c.headers {
		name = http.CanonicalHeaderKey(name)
		switch name {
		case "Host":
		case "Content-Length":
			bare.ContentLength = r.ContentLength
		default:
			bare.Header[name] = slices.Clone(r.Header[name])
		}
	}
	return bare, nil
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func isHash(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == sha256.Size
}
