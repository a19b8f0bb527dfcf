package httpapi

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/vault"
)

// secretPayloadShow gives a secret's value in the form that the client takes.
//
// Source: barbican/api/controllers/secrets.py, SecretController.payload;
// barbican/plugin/util/translations.py, denormalize_after_decryption.
func secretPayloadShow(ctx context.Context, s *Services, r *Request) (*Response, error) {
	secret, grant, err := s.readable(ctx, r, policy.SecretDecrypt)
	if err != nil {
		return nil, err
	}
	form, ok := payloadForm(r.Header.Values("Accept"), secret.Metadata)
	if !ok {
		return nil, errPayloadForm()
	}
	value, err := s.Keys.Payload(ctx, grant, secret.Secret)
	if err != nil {
		return nil, err
	}
	if form == plainText && !utf8.Valid(value) {
		return nil, errPayloadForm()
	}
	return &Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {form}}, Body: value}, nil
}

func errPayloadForm() error {
	return problem.New(problem.NotAcceptable, "Wrong payload content-type: the secret is not to be had in the form that was asked for.")
}

// payloadForm chooses a payload's form: its own where the client takes that, and else
// another that any payload has. Who asks for nothing gets bytes.
func payloadForm(accept []string, m *key.Metadata) (form string, ok bool) {
	if strings.Join(accept, "") == "" {
		return octetStream, true
	}
	own := m.ContentType
	if own == "" {
		own = octetStream
	}
	for _, form := range []string{own, octetStream, pkcs8, plainText} {
		if accepts(accept, form) {
			return form, true
		}
	}
	return "", false
}

// secretPayloadSet gives a secret that was made without a payload one.
//
// Source: barbican/api/controllers/secrets.py, SecretController.on_put.
func secretPayloadSet(ctx context.Context, s *Services, r *Request) (*Response, error) {
	value, err := readPayloadBody(r)
	if err != nil {
		return nil, err
	}
	err = s.again(ctx, func() error {
		secret, grant, err := s.readable(ctx, r, policy.SecretsPost)
		if err != nil {
			return err
		}
		return s.Keys.Fill(ctx, grant, secret.Secret, value, mediaType(r))
	})
	if err != nil {
		return nil, err
	}
	return &Response{Status: http.StatusNoContent}, nil
}

// readPayloadBody reads a payload that is a body of its own.
//
// Source: barbican/plugin/util/translations.py, normalize_before_encryption.
func readPayloadBody(r *Request) ([]byte, error) {
	const largest = vault.MaxValueBytes
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	room := largest
	if encoding == "base64" {
		room = base64.StdEncoding.EncodedLen(largest) + largest/16 // with its line breaks
	}
	if r.ContentLength > int64(room) {
		return nil, errPayloadTooLong()
	}
	value, err := io.ReadAll(io.LimitReader(r.Body, int64(room)+1))
	switch {
	case len(value) > room:
		return nil, errPayloadTooLong()
	case err != nil:
		return nil, problem.Because(err, problem.Invalid, "The request body could not be read to its end.")
	}
	switch {
	case encoding == "" || encoding == "binary" && mediaType(r) == octetStream:
	case encoding == "base64" && mediaType(r) == octetStream:
		if value, err = base64.StdEncoding.DecodeString(strings.TrimSpace(string(value))); err != nil {
			return nil, errNoBase64()
		}
	default:
		return nil, problem.New(problem.Invalid, "Content-Encoding must be base64 or absent, and absent with text/plain.")
	}
	if mediaType(r) == plainText && !utf8.Valid(value) {
		return nil, problem.New(problem.Invalid, "The payload is not valid UTF-8.")
	}
	return value, checkPayload(value)
}
