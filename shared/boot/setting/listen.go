package setting

import (
	"fmt"
	"net"
	"net/netip"
	"os"
)

// Internal is the second listener, for callers whom the first one's policy would
// keep from what they need. The zero Internal is none.
type Internal struct {
	Listen   string
	Endpoint string // empty: made from the listener
	Policy   Rules
}

// listening holds the listeners to what may be reached from where.
func listening(v Values, given map[string]string, from Source) Faults {
	faults := encrypting(v)
	faults = append(faults, reached("GANDER_LISTEN", v.Listen, "GANDER_PUBLIC_ENDPOINT", v.PublicEndpoint, v, from)...)
	if from.Uses&Standalone != 0 {
		faults = append(faults, internal(v, given)...)
		faults = append(faults, reached("GANDER_INTERNAL_LISTEN", v.Internal.Listen, "GANDER_INTERNAL_ENDPOINT", v.Internal.Endpoint, v, from)...)
	}
	return faults
}

func encrypting(v Values) Faults {
	var faults Faults
	switch {
	case v.TLSCert != "" && v.TLSKey == "":
		faults = append(faults, "GANDER_TLS_KEY: it is missing beside GANDER_TLS_CERT")
	case v.TLSKey != "" && v.TLSCert == "":
		faults = append(faults, "GANDER_TLS_CERT: it is missing beside GANDER_TLS_KEY")
	case v.TLSCert != "" && v.TLSEndsInFront:
		faults = append(faults, "GANDER_TLS_ENDS_IN_FRONT: TLS ends here or in front, not in both places")
	}
	for _, f := range [][2]string{{"GANDER_TLS_CERT", v.TLSCert}, {"GANDER_TLS_KEY", v.TLSKey}} {
		if f[1] == "" {
			continue
		}
		if _, err := os.Stat(f[1]); err != nil {
			faults = append(faults, f[0]+": "+reason(err))
		}
	}
	return faults
}

// internal holds the settings of the second listener together: one of them alone
// would be without effect, or open what the others were to keep apart.
func internal(v Values, given map[string]string) Faults {
	const listen, endpoint, policy = "GANDER_INTERNAL_LISTEN", "GANDER_INTERNAL_ENDPOINT", "GANDER_INTERNAL_POLICY_FILE"
	var faults Faults
	switch {
	case given[listen] == "":
		if given[endpoint] != "" {
			faults = append(faults, endpoint+": it is nothing without "+listen)
		}
		if given[policy] != "" {
			faults = append(faults, policy+": it is nothing without "+listen+"; the policy of the one listener is GANDER_POLICY_FILE")
		}
		return faults
	case given[policy] == "":
		faults = append(faults, policy+": it is missing; a second listener is for another policy, and an empty file stands for the default rules")
	}
	if overlap(v.Listen, v.Internal.Listen) {
		faults = append(faults, fmt.Sprintf("%s: %s and %s of GANDER_LISTEN are one address", listen, v.Internal.Listen, v.Listen))
	}
	return faults
}

// overlap reports whether nobody can listen on both addresses. Port 0 is another
// one each time.
func overlap(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || everywhere(a) || everywhere(b)
}

// reached is what is wrong with an address that more than this machine reaches.
func reached(name, address, endpointName, endpoint string, v Values, from Source) Faults {
	if address == "" || Loopback(address) {
		return nil
	}
	var faults Faults
	fault := func(name, format string, args ...any) {
		faults = append(faults, name+": "+fmt.Sprintf(format, args...))
	}
	if from.Uses&Answers != 0 && endpoint == "" && everywhere(address) {
		fault(endpointName, "it is missing; %s is everywhere, and no URL can be made of it", address)
	}
	if v.TLSCert == "" && !v.TLSEndsInFront {
		fault(name, "%s is not a loopback address; set GANDER_TLS_CERT and GANDER_TLS_KEY, or GANDER_TLS_ENDS_IN_FRONT=true", address)
	}
	if v.Identity == "development" && !keyAlone(v, from) {
		fault(name, "%s is not a loopback address, and GANDER_IDENTITY=development is for loopback alone; set another source of identity", address)
	}
	return faults
}

// everywhere reports whether the address is that of every interface.
func everywhere(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip, _ := netip.ParseAddr(host)
	return err == nil && (host == "" || ip.IsUnspecified())
}

// Loopback reports whether only this machine reaches the address.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
