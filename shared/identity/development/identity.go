// Package development is a small Keystone v3 for one machine: its users stand
// in a file, its tokens are signed, and the stock clients of OpenStack log in
// to it as they would anywhere.
//
// It is for trying and developing. It keeps passwords as text in a private
// file and must be served on loopback only; CheckListen says whether an address
// is.
package development

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/problem"
)

// Region is the region of every endpoint.
const Region = "RegionOne"

// Mount is the path below which Handler answers.
const Mount = "/identity"

// Options are the settings of an Identity.
type Options struct {
	// Endpoint is the absolute URL, without a final slash, below which the
	// clients find Mount. Needed.
	Endpoint string

	// Services fill the catalogue, beside identity itself. Nil means
	// OwnServices at Endpoint.
	Services []Service

	// TokenLife is how long a new token is good; an hour when zero.
	//
	// Source: Keystone, [token] expiration.
	TokenLife time.Duration

	// CACert is a file with the certificate authority that clients must trust;
	// empty where the system's do. It goes to clouds.yaml as it stands here.
	CACert string

	Log *slog.Logger // nothing is logged when nil
	Now func() time.Time
}

// An Identity issues tokens and answers for them. It is safe for concurrent
// use.
type Identity struct {
	dir       string
	options   Options
	endpoint  string // of identity itself, with Mount
	directory *directory
	key       ed25519.PrivateKey
	revoked   *revocations
	lock      *os.File
}

// Open starts the identity that lives in a folder. At the first start it makes
// the folder, identity.yaml with random passwords, and a signing key; later it
// reads them. It also writes clouds.yaml and the openrc files. One process at a
// time can open a folder.
//
// The error names every fault of identity.yaml, each with file and line.
func Open(dir string, options Options) (*Identity, error) {
	if options.TokenLife <= 0 {
		options.TokenLife = time.Hour
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	options.Endpoint = strings.TrimRight(options.Endpoint, "/")
	if at, err := url.Parse(options.Endpoint); err != nil || at.Scheme == "" || at.Host == "" {
		return nil, fmt.Errorf("the endpoint %q is not an absolute URL", options.Endpoint)
	}
	if options.Services == nil {
		options.Services = OwnServices(options.Endpoint)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	held, err := lock(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, err
	}
	i := &Identity{dir: dir, options: options, endpoint: options.Endpoint + Mount, lock: held}
	if err := i.load(); err != nil {
		return nil, errors.Join(err, i.Close())
	}
	return i, nil
}

// load reads, or makes, all that the folder holds.
func (i *Identity) load() error {
	if err := removeTemporary(i.dir); err != nil {
		return err
	}
	path := filepath.Join(i.dir, directoryFile)
	text, err := readOrMake(path, func() ([]byte, error) { return []byte(firstDirectory()), nil })
	if err != nil {
		return err
	}
	if i.directory, err = parseDirectory(path, text); err != nil {
		return err
	}
	if err := i.loadKey(); err != nil {
		return err
	}
	i.revoked, err = openRevocations(filepath.Join(i.dir, revokedFile), i.options.Now())
	if err != nil {
		return err
	}
	return i.writeClouds()
}

func (i *Identity) loadKey() error {
	path := filepath.Join(i.dir, keyFile)
	text, err := readOrMake(path, makeKey)
	if err != nil {
		return err
	}
	if i.key, err = parseKey(text); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return replaceIfOther(filepath.Join(i.dir, publicFile), []byte(i.PublicKey()+"\n"), 0o644)
}

// Close lets another process open the folder.
func (i *Identity) Close() error {
	var err error
	if i.revoked != nil {
		err = i.revoked.close()
	}
	return errors.Join(err, i.lock.Close())
}

// PublicKey is what a Verifier needs, as text: the value of
// GANDER_DEVELOPMENT_KEY. The file identity.pub holds it too.
func (i *Identity) PublicKey() string {
	return publicText(i.key.Public().(ed25519.PublicKey))
}

// Validate implements identity.Validator. Users, projects and roles are looked
// up anew, so that a token whose user lost its last role is no longer valid.
// An expired token is good for nothing, whoever vouches for it.
func (i *Identity) Validate(_ context.Context, token string, _ identity.Ask) (identity.Verdict, error) {
	s, err := i.session(token)
	if err != nil {
		return identity.Verdict{}, problem.Because(err, problem.Unauthorized,
			"The request you have made requires authentication.")
	}
	return identity.Verdict{Caller: s.claims().caller()}, nil
}

// Version implements identity.Versioned: it changes with each revocation.
func (i *Identity) Version() uint64 { return i.revoked.count() }

// A Verifier validates tokens with the public key alone, in processes that do
// not issue them. It takes users and roles as the token tells them and sees no
// revocation: a revoked token, or one whose user was locked, works there until
// it expires.
type Verifier struct {
	key ed25519.PublicKey
	now func() time.Time
}

// NewVerifier reads the text that PublicKey returns. now may be nil.
func NewVerifier(publicKey string, now func() time.Time) (*Verifier, error) {
	key, err := parsePublic(publicKey)
	if err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	return &Verifier{key: key, now: now}, nil
}

// Validate implements identity.Validator. An expired token is good for nothing,
// whoever vouches for it.
func (v *Verifier) Validate(_ context.Context, token string, _ identity.Ask) (identity.Verdict, error) {
	c, err := verify(v.key, token, v.now())
	if err != nil {
		return identity.Verdict{}, problem.Because(err, problem.Unauthorized,
			"The request you have made requires authentication.")
	}
	return identity.Verdict{Caller: c.caller()}, nil
}

// CheckListen returns an error unless a listen address, host:port, is on
// loopback. A host name other than localhost is refused: what it resolves to
// may change.
func CheckListen(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("the listen address %q is not host:port", address)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("the development identity is served on loopback only (127.0.0.1, ::1, localhost), not on %q; "+
		"another address needs a real identity source", address)
}
