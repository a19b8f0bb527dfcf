package setting

import "fmt"

// identifying holds the source of identity against the settings of all sources.
func identifying(v Values, given map[string]string, from Source) Faults {
	if from.Uses&Tokens == 0 || v.Identity == "" {
		return nil
	}
	faults := append(v.Keystone.faults(v.Identity, given), v.JWT.faults(v.Identity, given)...)
	switch {
	case v.Identity == "development":
		faults = append(faults, developing(v, given, from)...)
	case from.Uses&Issues != 0:
		faults = append(faults, fmt.Sprintf("GANDER_IDENTITY: what is served here is the development identity, and not %s", v.Identity))
	default:
		faults = append(faults, strangers("GANDER_DEVELOPMENT_", "development", v.Identity, given)...)
	}
	switch {
	case v.Identity != "authorizer":
	case from.Uses&Authorizes != 0:
		faults = append(faults, "GANDER_IDENTITY: this is the authorizer, which has to ask development, keystone or jwt itself")
	case !from.Lambda:
		faults = append(faults, "GANDER_IDENTITY: only a Lambda has an authorizer in front; nobody vouches for what comes to a listener")
	}
	return faults
}

// developing is about the development identity, of which a process has either
// all or a public key.
func developing(v Values, given map[string]string, from Source) Faults {
	switch {
	case given["GANDER_DEVELOPMENT_KEY"] != "":
	case meansCloud(given, from):
		return Faults{"GANDER_DEVELOPMENT_KEY: it is missing; the cloud mix has no folder with an identity of its own"}
	case from.Uses&(Standalone|Issues) == 0 && !hasKey(v):
		return Faults{"GANDER_DEVELOPMENT_KEY: it is missing, and there is no " + KeyFile(v)}
	}
	return nil
}
