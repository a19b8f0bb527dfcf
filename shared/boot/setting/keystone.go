package setting

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
)

// Keystone is where an OpenStack Identity service is, and who asks there.
type Keystone struct {
	URL           string
	CAFile        string // empty: the system's roots
	Username      string // empty: each token asks about itself
	PasswordFile  string
	Project       string
	UserDomain    string
	ProjectDomain string
}

// Password reads the file, so that a password that was changed is the next that
// is used.
func (k Keystone) Password() (string, error) {
	text, err := os.ReadFile(k.PasswordFile)
	if err != nil {
		return "", errors.New(reason(err))
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if password == "" {
		return "", fmt.Errorf("%s: there is no password in it", k.PasswordFile)
	}
	return password, nil
}

// InTheClear reports whether whoever is on the way to it reads tokens, and the
// password: the URL is plain http to another machine.
func (k Keystone) InTheClear() bool {
	u, err := url.Parse(k.URL)
	return err == nil && u.Scheme == "http" && !Loopback(net.JoinHostPort(u.Hostname(), u.Port()))
}

// Roots are the authorities that vouch for it; nil: the system's.
func (k Keystone) Roots() (*x509.CertPool, error) {
	if k.CAFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(k.CAFile)
	if err != nil {
		return nil, errors.New(reason(err))
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: there is no certificate in it", k.CAFile)
	}
	return roots, nil
}

// faults are those of the settings that begin with GANDER_KEYSTONE.
func (k Keystone) faults(identity string, given map[string]string) Faults {
	const prefix = "GANDER_KEYSTONE_"
	if identity != "keystone" {
		return strangers(prefix, "keystone", identity, given)
	}
	var faults Faults
	fault := func(name, why string) { faults = append(faults, prefix+name+": "+why) }
	if given[prefix+"URL"] == "" {
		fault("URL", "it is missing beside GANDER_IDENTITY=keystone")
	}
	if _, err := k.Roots(); err != nil {
		fault("CA_FILE", err.Error())
	}
	switch {
	case k.Username == "":
		for _, name := range []string{"PASSWORD_FILE", "PROJECT", "USER_DOMAIN", "PROJECT_DOMAIN"} {
			if given[prefix+name] != "" {
				fault(name, "it is of no use without GANDER_KEYSTONE_USERNAME")
			}
		}
	case k.PasswordFile == "":
		fault("PASSWORD_FILE", "it is missing beside GANDER_KEYSTONE_USERNAME")
	default:
		if _, err := k.Password(); err != nil {
			fault("PASSWORD_FILE", err.Error())
		}
	}
	return faults
}

// strangers are the settings of one identity source beside another.
func strangers(prefix, theirs, identity string, given map[string]string) Faults {
	var faults Faults
	for _, row := range Table {
		if strings.HasPrefix(row.Name, prefix) && row.Refused == "" && given[row.Name] != "" {
			faults = append(faults, fmt.Sprintf("%s: it is for GANDER_IDENTITY=%s, and that is %s", row.Name, theirs, identity))
		}
	}
	return faults
}
