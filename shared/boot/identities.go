package boot

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/identity/development"
	"github.com/gander-images/gander/shared/identity/jwt"
	"github.com/gander-images/gander/shared/identity/keystone"
)

// openIdentity starts the development identity of this process.
// Its catalogue names the services at the public endpoint, where there is one.
func openIdentity(v setting.Values, endpoint string, log *slog.Logger) (*development.Identity, error) {
	authority, err := ownAuthority(v.TLSCert)
	if err != nil {
		return nil, err
	}
	o := development.Options{Endpoint: endpoint, CACert: authority, Log: log}
	if v.PublicEndpoint != "" {
		o.Services = development.OwnServices(v.PublicEndpoint)
	}
	if err := makeData(v); err != nil {
		return nil, err
	}
	return development.Open(v.Data, o)
}

// ownAuthority returns the certificate's file when the certificate vouches for
// itself, so that clients can be told to trust it.
func ownAuthority(certFile string) (string, error) {
	if certFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(certFile)
	if err != nil {
		return "", fmt.Errorf("GANDER_TLS_CERT: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return "", errors.New("GANDER_TLS_CERT: there is no certificate in it")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", fmt.Errorf("GANDER_TLS_CERT: %w", err)
	}
	if !bytes.Equal(certificate.RawIssuer, certificate.RawSubject) {
		return "", nil
	}
	return filepath.Abs(certFile)
}

// validatorOf knows the source of identity that was set.
func validatorOf(v setting.Values, log *slog.Logger) (identity.Validator, error) {
	switch v.Identity {
	case "keystone":
		return askKeystone(v.Keystone, log)
	case "jwt":
		return jwt.New(jwt.Options{
			Issuer: v.JWT.Issuer, KeysURL: v.JWT.KeysURL, Audience: v.JWT.Audience, Mapping: v.JWT.Mapping, Log: log,
		})
	}
	return verifier(v)
}

func askKeystone(k setting.Keystone, log *slog.Logger) (identity.Validator, error) {
	roots, err := k.Roots()
	if err != nil {
		return nil, fmt.Errorf("GANDER_KEYSTONE_CA_FILE: %w", err)
	}
	if k.InTheClear() {
		log.Warn("GANDER_KEYSTONE_URL is plain http to another machine: tokens, and the password, can be read on the way; use https", "url", k.URL)
	}
	o := keystone.Options{URL: k.URL, Transport: keystone.Transport(roots), Log: log}
	if k.Username != "" {
		o.Login = &keystone.Login{
			Username: k.Username, UserDomain: k.UserDomain,
			Project: k.Project, ProjectDomain: k.ProjectDomain, Password: k.Password,
		}
	}
	return keystone.New(o), nil
}

// verifier knows the public key of a development identity that runs elsewhere,
// or ran in the data folder.
func verifier(v setting.Values) (identity.Validator, error) {
	key := v.DevelopmentKey
	if key == "" {
		text, err := os.ReadFile(setting.KeyFile(v))
		if err != nil {
			return nil, fmt.Errorf("GANDER_DEVELOPMENT_KEY: %w", err)
		}
		key = string(text)
	}
	return development.NewVerifier(key, nil)
}

// withIdentity serves the identity beside everything else.
func withIdentity(local http.Handler, rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := r.URL.Path; path == development.Mount || strings.HasPrefix(path, development.Mount+"/") {
			local.ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
}
