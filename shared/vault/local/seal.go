package local

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"strconv"
)

// format is the version of the sealed files; it is their first byte, and part of
// what is sealed.
const format = 1

// errSealed says that a file is not what was sealed with this key under this name.
var errSealed = errors.New("a sealed file cannot be opened: it was changed, or sealed with another key")

// A seal closes and opens files, with AES-256 in Galois/Counter Mode and a random
// nonce for each, which is as good for 2^32 files.
//
// Source: NIST SP 800-38D, section 8.3.
type seal struct{ aead cipher.AEAD }

func newSeal(key []byte) (seal, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return seal{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return seal{aead}, err
}

// close seals a file's content for the one place where it stands.
func (s seal) close(place string, content []byte) []byte {
	return s.aead.Seal([]byte{format}, nil, content, bind(place))
}

func (s seal) open(place string, file []byte) ([]byte, error) {
	if len(file) == 0 || file[0] != format {
		return nil, errSealed
	}
	content, err := s.aead.Open(nil, nil, file[1:], bind(place))
	if err != nil {
		return nil, errSealed
	}
	return content, nil
}

// bind ties a sealed file to its form and its place, so that one cannot stand in for
// another.
func bind(place string) []byte {
	return []byte("gander vault, form " + strconv.Itoa(format) + ": " + place)
}
