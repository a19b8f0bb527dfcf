package development

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// publicPrefix begins the text form of a public key, the value of
// GANDER_DEVELOPMENT_KEY: "ed25519:" and the key's 32 bytes in base64url
// without padding.
const publicPrefix = "ed25519:"

func publicText(key ed25519.PublicKey) string {
	return publicPrefix + base64.RawURLEncoding.EncodeToString(key)
}

func parsePublic(text string) (ed25519.PublicKey, error) {
	encoded, found := strings.CutPrefix(strings.TrimSpace(text), publicPrefix)
	key, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !found || err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("a development key is %q and 43 letters of base64url, as in the file %s",
			publicPrefix, publicFile)
	}
	return key, nil
}

const pemType = "PRIVATE KEY" // PKCS #8, RFC 8410

func makeKey() ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
}

// errNotAKey says nothing of what the file holds.
var errNotAKey = errors.New("this is not an Ed25519 private key in PEM (PKCS #8); remove it, and the next start makes a new one")

func parseKey(text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, errNotAKey
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := any.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, errNotAKey
	}
	return key, nil
}
