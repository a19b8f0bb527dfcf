package development

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/gander-images/gander/shared/caller"
)

// tokenType stands in the signed header, so that nothing else that might once
// be signed with the key passes for a token.
const tokenType = "gander+jwt"

// maxToken is the longest text, in bytes, that is looked at as a token.
const maxToken = 8 << 10

// claims are what a token says. It carries roles, unlike Keystone's signed
// tokens, so that who has only the public key can use it.
type claims struct {
	UserID          string      `json:"sub"`
	UserDomainID    string      `json:"udm"`
	ProjectID       string      `json:"prj,omitempty"`
	ProjectDomainID string      `json:"pdm,omitempty"`
	DomainID        string      `json:"dom,omitempty"`
	System          string      `json:"sys,omitempty"` // "all"
	Roles           []roleClaim `json:"rol,omitempty"`
	Methods         []string    `json:"amr"`
	AuditIDs        []string    `json:"aud_ids"` // its own, then the one it began with
	IssuedAt        unixTime    `json:"iat"`
	ExpiresAt       unixTime    `json:"exp"`
}

type roleClaim struct {
	ID   string `json:"i"`
	Name string `json:"n"`
}

// unixTime is a moment in whole seconds.
type unixTime int64

func (t unixTime) time() time.Time { return time.Unix(int64(t), 0).UTC() }

// errToken is all that is ever said about a token that is no good.
var errToken = errors.New("the token is not valid")

// sign makes a compact JWS of c.
func sign(key ed25519.PrivateKey, c claims) (string, error) {
	options := (&jose.SignerOptions{}).WithType(tokenType)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, options)
	if err != nil {
		return "", fmt.Errorf("preparing to sign a token: %w", err)
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("writing a token: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed.CompactSerialize()
}

// verify returns the claims of a token that this key signed and that has not
// expired. Expiring now is expired.
func verify(key ed25519.PublicKey, token string, now time.Time) (claims, error) {
	if len(token) > maxToken {
		return claims{}, errToken
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return claims{}, errToken
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return claims{}, errToken
	}
	if kind, _ := signed.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string); kind != tokenType {
		return claims{}, errToken
	}
	var c claims
	if json.Unmarshal(payload, &c) != nil || len(c.AuditIDs) == 0 || !now.Before(c.ExpiresAt.time()) {
		return claims{}, errToken
	}
	return c, nil
}

// caller is who the claims say is asking.
func (c claims) caller() caller.Caller {
	who := caller.Caller{
		UserID: c.UserID, UserDomainID: c.UserDomainID,
		ProjectID: c.ProjectID, ProjectDomainID: c.ProjectDomainID,
		DomainID: c.DomainID, SystemScope: c.System,
		IsAdminProject: true, ExpiresAt: c.ExpiresAt.time(),
	}
	for _, role := range c.Roles {
		who.Roles = append(who.Roles, role.Name)
	}
	return who
}

// newAuditID is 16 random bytes in base64url, as Keystone's.
func newAuditID() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(random[:])
}
