package setting

import (
	"errors"

	"github.com/gander-images/gander/shared/identity/jwt"
)

// JWT is the issuer whose tokens are taken, and what they must say.
type JWT struct {
	Issuer   string
	KeysURL  string // empty: the issuer tells
	Audience []string
	Mapping  *jwt.Mapping // nil: the usual one
}

// faults are those of the settings that begin with GANDER_JWT.
func (j JWT) faults(identity string, given map[string]string) Faults {
	const prefix = "GANDER_JWT_"
	if identity != "jwt" {
		return strangers(prefix, "jwt", identity, given)
	}
	var faults Faults
	for _, name := range []string{"ISSUER", "AUDIENCE"} {
		if given[prefix+name] == "" {
			faults = append(faults, prefix+name+": it is missing beside GANDER_IDENTITY=jwt")
		}
	}
	return faults
}

// checked is text that a function finds nothing wrong with. The value may be a
// mistake that holds a secret, so the fault does not repeat it.
func checked(at func(*Values) *string, says string, check func(string) error) kind {
	return kind{says, func(v *Values, s string) error {
		*at(v) = s
		return check(s)
	}}
}

// mapping reads the file at once: whatever is wrong with it is a fault of the
// settings.
func mapping(at func(*Values) **jwt.Mapping) kind {
	return kind{"path", func(v *Values, s string) (err error) {
		if *at(v), err = jwt.ReadMapping(s); err != nil {
			return errors.New(reason(err))
		}
		return nil
	}}
}
