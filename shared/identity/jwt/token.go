package jwt

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// maxToken is the longest text, in bytes, that is looked at as a token.
const maxToken = 16 << 10

// algorithms are those that tokens may be signed by: with a private key, so that
// whoever checks cannot sign, and by none that is broken.
//
// Source: RFC 7518, section 3.1; RFC 8037; RFC 8725, sections 2.1 and 3.1.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// letters are those of base64url, and the dot between a token's parts.
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

// A token is one whose form is good, and nothing else about it is known.
type token struct {
	signed    *jose.JSONWebSignature
	algorithm jose.SignatureAlgorithm
	keyID     string // empty: it names none
	claims    map[string]any
}

// parse reads a compact token. Its errors tell what was wrong, and nothing of
// what the token holds.
func parse(text string) (token, error) {
	switch {
	case len(text) > maxToken:
		return token{}, errors.New("it is too long")
	case strings.Count(text, ".") == 4:
		return token{}, errors.New("it is encrypted")
	case strings.Count(text, ".") != 2:
		return token{}, errors.New("it has not three parts")
	case strings.ContainsFunc(text, foreign):
		return token{}, errors.New("it has other characters than base64url has") // which the library would skip
	}
	signed, err := jose.ParseSignedCompact(text, algorithms)
	if err != nil {
		return token{}, errors.New("it is no token signed by an algorithm that is taken")
	}
	t := token{signed: signed}
	if err := t.readHeader(text[:strings.IndexByte(text, '.')]); err != nil {
		return token{}, err
	}
	if t.claims, err = object(signed.UnsafePayloadWithoutVerification()); err != nil {
		return token{}, fmt.Errorf("its claims: %w", err)
	}
	return t, nil
}

func foreign(c rune) bool { return !strings.ContainsRune(letters, c) }

// readHeader takes from the header what is used of it. Keys, and addresses of
// keys, in it are not looked at.
//
// Source: RFC 7515, section 4.1; RFC 8725, sections 3.10 and 3.11.
func (t *token) readHeader(encoded string) error {
	text, err := decode(encoded)
	if err != nil {
		return errors.New("its header is not base64url")
	}
	header, err := object(text)
	if err != nil {
		return fmt.Errorf("its header: %w", err)
	}
	for _, name := range []string{"crit", "cty", "zip", "enc", "b64"} {
		if _, there := header[name]; there {
			return fmt.Errorf("its header has %q", name)
		}
	}
	algorithm, isText := header["alg"].(string)
	if t.algorithm = jose.SignatureAlgorithm(algorithm); !isText || !slices.Contains(algorithms, t.algorithm) {
		return errors.New("its algorithm is not taken")
	}
	if id, there := header["kid"]; there {
		if t.keyID, isText = id.(string); !isText || t.keyID == "" {
			return errors.New("its key id is no text")
		}
	}
	return checkType(header["typ"])
}

// checkType takes tokens that say nothing of their type, that they are a JWT, or
// an access token in that form; and no others of the issuer's, as one that ends a
// session.
//
// Source: RFC 7519, section 5.1; RFC 9068, section 2.1; RFC 8725, section 3.11.
func checkType(given any) error {
	if given == nil {
		return nil
	}
	name, _ := given.(string)
	switch strings.TrimPrefix(strings.ToLower(name), "application/") {
	case "jwt", "at+jwt":
		return nil
	}
	return errors.New("its type is not that of an access token")
}
