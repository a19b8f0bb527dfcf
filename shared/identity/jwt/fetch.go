package jwt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	fetchTimeout = 5 * time.Second
	maxDocument  = 256 << 10 // bytes

	// How long keys need not be fetched again: as the answer says, within bounds.
	usualLife = 5 * time.Minute
	leastLife = time.Minute
	mostLife  = time.Hour
)

// configuration is where issuers tell about themselves, below their own URL.
//
// Source: OpenID Connect Discovery 1.0, section 4.
const configuration = "/.well-known/openid-configuration"

// A fetcher gets keys from one issuer.
type fetcher struct {
	issuer  string
	keysURL string // empty: the issuer's configuration tells
	client  *http.Client
}

// newClient follows no redirects: where keys are is the operator's to say, or the
// issuer's own.
func newClient() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// fetch gets the keys, and before them, where need be, the place that they are at.
func (f fetcher) fetch(ctx context.Context) (keyring, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	at := f.keysURL
	if at == "" {
		var err error
		if at, err = f.discover(ctx); err != nil {
			return keyring{}, err
		}
	}
	text, header, err := f.get(ctx, at)
	if err != nil {
		return keyring{}, err
	}
	list, err := parseSet(text)
	if err != nil {
		return keyring{}, fmt.Errorf("%s: %w", at, err)
	}
	return keyring{list: list, life: lifeOf(header)}, nil
}

// discover asks the issuer where its keys are. That it names itself as we do
// keeps one issuer from standing in for another.
func (f fetcher) discover(ctx context.Context) (string, error) {
	from := strings.TrimSuffix(f.issuer, "/") + configuration
	text, _, err := f.get(ctx, from)
	if err != nil {
		return "", err
	}
	about, err := object(text)
	if err != nil {
		return "", fmt.Errorf("%s: it is no configuration", from)
	}
	if about["issuer"] != f.issuer {
		return "", fmt.Errorf("%s: it is another issuer's", from)
	}
	at, _ := about["jwks_uri"].(string)
	if err := CheckURL(at); err != nil {
		return "", fmt.Errorf("%s: jwks_uri: %w", from, err)
	}
	return at, nil
}

func (f fetcher) get(ctx context.Context, at string) ([]byte, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Accept", "application/json")
	answer, err := f.client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s: it answered %d", at, answer.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxDocument+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("%s: %w", at, err)
	case len(text) > maxDocument:
		return nil, nil, fmt.Errorf("%s: it is longer than %d bytes", at, maxDocument)
	}
	return text, answer.Header, nil
}

// lifeOf reads Cache-Control.
//
// Source: RFC 9111, section 5.2.2.
func lifeOf(header http.Header) time.Duration {
	for _, line := range header.Values("Cache-Control") {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
			switch name {
			case "no-store", "no-cache":
				return leastLife
			case "max-age":
				if n, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
					return min(max(time.Duration(n)*time.Second, leastLife), mostLife)
				}
			}
		}
	}
	return usualLife
}

// CheckIssuer returns why a text cannot be an issuer whose tokens are taken.
//
// Source: OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2.
func CheckIssuer(issuer string) error {
	if strings.ContainsAny(issuer, "?#") {
		return errors.New("an issuer ends with its path")
	}
	return CheckURL(issuer)
}

// CheckURL returns why keys cannot be fetched from a URL: it is not https, and
// not on this machine.
func CheckURL(at string) error {
	u, err := url.Parse(at)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http":
		return errors.New("this is not a URL such as https://login.example.org/realms/cloud")
	case u.User != nil:
		return errors.New("a URL with a user name or password in it is not taken")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return errors.New("only on this machine may it be http; https is needed")
	}
	return nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
