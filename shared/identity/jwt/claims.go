package jwt

import (
	"encoding/json"
	"errors"
	"math"
	"time"
)

// leeway is how far an issuer's clock may be ahead of ours. The end of a token
// has none, as Keystone's have none: expiring now is expired.
const leeway = time.Minute

// check holds the claims that are every issuer's own against the settings, and
// returns when the token ends.
//
// Source: RFC 7519, section 4.1; RFC 8725, sections 3.8 and 3.9.
func (v *Validator) check(claims map[string]any) (expires time.Time, err error) {
	if issuer, ok := claims["iss"].(string); !ok || issuer != v.issuer {
		return time.Time{}, errors.New("another issuer's")
	}
	if !v.isFor(claims["aud"]) {
		return time.Time{}, errors.New("for another audience")
	}
	if _, bound := claims["cnf"]; bound {
		// Its bearer would have to prove more, which nothing here asks for (RFC 7800).
		return time.Time{}, errors.New("bound to a key of its bearer")
	}
	return v.checkTimes(claims)
}

func (v *Validator) isFor(audience any) bool {
	if one, ok := audience.(string); ok {
		return v.audience[one]
	}
	several, _ := audience.([]any)
	found := false
	for _, e := range several {
		name, ok := e.(string)
		if !ok {
			return false
		}
		found = found || v.audience[name]
	}
	return found
}

func (v *Validator) checkTimes(claims map[string]any) (expires time.Time, err error) {
	now := v.now()
	expires, given, ok := moment(claims, "exp")
	if !ok || !given {
		return time.Time{}, errors.New("without an end")
	}
	if !now.Before(expires) {
		return time.Time{}, errors.New("expired")
	}
	for _, name := range []string{"nbf", "iat"} {
		from, given, ok := moment(claims, name)
		switch {
		case !ok:
			return time.Time{}, errors.New("with a " + name + " that is no time")
		case given && now.Add(leeway).Before(from):
			return time.Time{}, errors.New("of the future, by its " + name)
		}
	}
	return expires, nil
}

// lastSecond is the end of the year 9999, after which times cannot be written.
const lastSecond = 253402300799

// moment reads seconds since 1970, whole or not; ok is false when it is something
// else.
func moment(claims map[string]any, name string) (at time.Time, given, ok bool) {
	value, given := claims[name]
	if !given {
		return time.Time{}, false, true
	}
	number, isNumber := value.(json.Number)
	seconds, err := number.Float64()
	if !isNumber || err != nil || seconds < 0 || seconds > lastSecond {
		return time.Time{}, true, false
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)), true, true
}
