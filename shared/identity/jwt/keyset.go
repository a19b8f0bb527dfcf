package jwt

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// maxKeys is how many keys an issuer may publish. Only so many are tried for a
// token that names none.
const maxKeys = 64

// minModulus is the shortest RSA key, in bits.
//
// Source: RFC 7518, section 3.3.
const minModulus = 2048

// parseSet reads a JWK set. Keys that no token may be signed by are left out, as
// the RFC wants it: secrets, keys for encryption, short ones, and forms that are
// not known.
//
// Source: RFC 7517, sections 4 and 5.
func parseSet(text []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errors.New("they are no JWK set")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("there are more than %d", maxKeys)
	}
	var list []jose.JSONWebKey
	for _, raw := range set.Keys {
		if key, ok := parseKey(raw); ok {
			list = append(list, key)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("none of them is for signatures that are taken")
	}
	return list, nil
}

func parseKey(raw []byte) (jose.JSONWebKey, bool) {
	var key jose.JSONWebKey
	var beside struct {
		Operations []string `json:"key_ops"`
	}
	if key.UnmarshalJSON(raw) != nil || json.Unmarshal(raw, &beside) != nil {
		return key, false
	}
	if key = key.Public(); !key.Valid() || key.Use != "" && key.Use != "sig" {
		return key, false
	}
	if len(beside.Operations) > 0 && !slices.Contains(beside.Operations, "verify") {
		return key, false
	}
	return key, slices.ContainsFunc(algorithms, func(a jose.SignatureAlgorithm) bool { return fits(key, a) })
}

// fits reports whether a key is made for an algorithm: by its kind, and by what
// it says itself.
func fits(key jose.JSONWebKey, algorithm jose.SignatureAlgorithm) bool {
	if key.Algorithm != "" && key.Algorithm != string(algorithm) {
		return false
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		return public.N.BitLen() >= minModulus && (strings.HasPrefix(string(algorithm), "RS") || strings.HasPrefix(string(algorithm), "PS"))
	case *ecdsa.PublicKey:
		curves := map[jose.SignatureAlgorithm]string{jose.ES256: "P-256", jose.ES384: "P-384", jose.ES512: "P-521"}
		return curves[algorithm] == public.Curve.Params().Name
	case ed25519.PublicKey:
		return algorithm == jose.EdDSA
	}
	return false
}
