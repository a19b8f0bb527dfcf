package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/vault"
)

// A secretDraft is what secret-create is asked to make.
type secretDraft struct {
	metadata key.Metadata // with the content type of the payload, where there is one
	value    []byte       // nil: the payload comes later
}

// secretTypes are the kinds of secret.
//
// Source: barbican/plugin/interface/secret_store.py, SecretType.
var secretTypes = []string{"symmetric", "passphrase", "private", "public", "certificate", "opaque"}

const (
	maxSecretText = 255
	maxBitLength  = 32767

	plainText = "text/plain"
	pkcs8     = "application/pkcs8"
)

// readSecretDraft reads the body of secret-create. Values are taken as they are, blanks
// at their ends too.
//
// Source: barbican/common/validators.py, NewSecretValidator.
func readSecretDraft(body []byte, now time.Time) (secretDraft, error) {
	var d secretDraft
	var payload *string
	var form, encoding string
	readers := metadataReaders("", &d.metadata, now)
	readers["payload"] = func(v json.RawMessage) error { return readAs(v, "payload", "text", &payload) }
	readers["payload_content_type"] = shortText("payload_content_type", &form)
	readers["payload_content_encoding"] = shortText("payload_content_encoding", &encoding)
	if err := readFields(body, "", readers); err != nil {
		return d, err
	}
	if payload == nil {
		if form != "" {
			return d, problem.New(problem.Invalid, "payload must be provided when payload_content_type is specified.")
		}
		return d, nil
	}
	var err error
	d.value, d.metadata.ContentType, err = readPayload(*payload, form, encoding)
	return d, err
}

// readPayload is the value of a payload that stands in JSON, and its content type as
// it is shown.
//
// Source: barbican/common/validators.py, _validate_content_parameters;
// barbican/plugin/util/mime_types.py.
func readPayload(payload, form, encoding string) (value []byte, contentType string, err error) {
	if form == "" {
		return nil, "", problem.New(problem.Invalid, "If 'payload' is supplied, 'payload_content_type' must also be supplied.")
	}
	contentType, ok := payloadType(form)
	switch {
	case !ok:
		return nil, "", problem.New(problem.Invalid, "payload_content_type is not one of text/plain, application/octet-stream, application/pkcs8.")
	case payload == "":
		return nil, "", problem.New(problem.Invalid, "If 'payload' specified, must be non empty.")
	case contentType == plainText && encoding != "":
		return nil, "", problem.New(problem.Invalid, "payload_content_encoding must not be given with text/plain.")
	case contentType == plainText:
		value = []byte(payload)
	case encoding != "base64":
		return nil, "", problem.New(problem.Invalid, "payload_content_encoding must be base64 with %s.", contentType)
	default:
		if value, err = base64.StdEncoding.DecodeString(strings.TrimSpace(payload)); err != nil {
			return nil, "", errNoBase64()
		}
	}
	return value, contentType, checkPayload(value)
}

// errNoBase64 repeats nothing of the payload.
func errNoBase64() error {
	return problem.New(problem.Invalid, "Invalid payload for payload_content_encoding: it is not base64.")
}

// checkPayload holds a value against what the vault takes.
func checkPayload(value []byte) error {
	switch {
	case len(value) == 0:
		return problem.New(problem.Invalid, "The payload is empty.")
	case len(value) > vault.MaxValueBytes:
		return errPayloadTooLong()
	}
	return nil
}

func errPayloadTooLong() error {
	return problem.New(problem.TooLarge, "The payload is longer than %d bytes.", vault.MaxValueBytes)
}

// payloadType is the one name of a content type; ok is false for one that no payload
// has.
//
// Source: barbican/plugin/util/mime_types.py, normalize_content_type.
func payloadType(form string) (name string, ok bool) {
	name, rest, more := strings.Cut(form, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	charset := strings.ReplaceAll(strings.ToLower(rest), " ", "")
	switch {
	case !slices.Contains([]string{plainText, octetStream, pkcs8}, name):
		return "", false
	case more && (name != plainText || charset != "charset=utf-8"):
		return "", false
	}
	return name, true
}

// metadataReaders read what is said of a secret beside its payload.
func metadataReaders(within string, m *key.Metadata, now time.Time) map[string]func(json.RawMessage) error {
	return map[string]func(json.RawMessage) error{
		"name":        shortText(within+"name", &m.Name),
		"algorithm":   shortText(within+"algorithm", &m.Algorithm),
		"mode":        shortText(within+"mode", &m.Mode),
		"secret_type": oneOf(within+"secret_type", &m.Type, secretTypes),
		"bit_length": func(v json.RawMessage) error {
			if json.Unmarshal(v, &m.BitLength) != nil || m.BitLength < 1 || m.BitLength > maxBitLength {
				return problem.New(problem.Invalid, "'%sbit_length' is not valid: a whole number from 1 to %d needed.", within, maxBitLength)
			}
			return nil
		},
		"expiration": func(v json.RawMessage) (err error) {
			m.Expires, err = readExpiration(v, within+"expiration", now)
			return err
		},
	}
}

func shortText(name string, to *string) func(json.RawMessage) error {
	return func(v json.RawMessage) error {
		if err := readAs(v, name, "text", to); err != nil {
			return err
		}
		if utf8.RuneCountInString(*to) > maxSecretText {
			return problem.New(problem.Invalid, "'%s' is longer than %d characters.", name, maxSecretText)
		}
		return nil
	}
}

func oneOf(name string, to *string, names []string) func(json.RawMessage) error {
	return func(v json.RawMessage) error {
		if err := readAs(v, name, "text", to); err != nil {
			return err
		}
		if !slices.Contains(names, *to) {
			return problem.New(problem.Invalid, "'%s' is not one of %s.", name, strings.Join(names, ", "))
		}
		return nil
	}
}

// momentLayouts are the forms of ISO 8601 that clients write times in. Without an
// offset they are of UTC.
//
// Source: oslo_utils/timeutils.py, parse_isotime.
var momentLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04Z07:00", "2006-01-02",
}

// readExpiration reads a time that must be to come. An empty one is none.
func readExpiration(value json.RawMessage, name string, now time.Time) (*time.Time, error) {
	var text string
	if err := readAs(value, name, "text", &text); err != nil {
		return nil, err
	}
	if text = strings.TrimSpace(text); text == "" {
		return nil, nil
	}
	for _, layout := range momentLayouts {
		at, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if at = at.UTC(); !at.After(now) {
			return nil, problem.New(problem.Invalid, "'%s' is before current time.", name)
		}
		return &at, nil
	}
	return nil, problem.New(problem.Invalid, "Invalid date for '%s': a time of the form 2030-12-31T23:59:59 needed.", name)
}
