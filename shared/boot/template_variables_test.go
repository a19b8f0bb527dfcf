package boot

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/gander-images/gander/localstack/template"
	"github.com/gander-images/gander/shared/boot/setting"
)

// mustSet are the variables without which the cloud mix does not know where to
// look, or whom to trust; the others have defaults.
var mustSet = []string{"GANDER_TABLE", "GANDER_BUCKET", "GANDER_STORES", "GANDER_PUBLIC_ENDPOINT", "GANDER_IDENTITY"}

// ofIdentity are the variables of each source of identity that the variants name,
// and what the parameters and the layer make of them.
func (d deployment) ofIdentity() map[string]string {
	p := d.parameters
	switch p["Identity"] {
	case "keystone":
		return map[string]string{
			"GANDER_KEYSTONE_URL": p["KeystoneUrl"], "GANDER_KEYSTONE_CA_FILE": "/opt/keystone-ca.pem", "GANDER_KEYSTONE_USERNAME": p["KeystoneUsername"],
			"GANDER_KEYSTONE_PASSWORD_FILE": "/opt/keystone-password", "GANDER_KEYSTONE_PROJECT": "service",
			"GANDER_KEYSTONE_USER_DOMAIN": "Default", "GANDER_KEYSTONE_PROJECT_DOMAIN": "Default",
		}
	case "jwt":
		return map[string]string{
			"GANDER_JWT_ISSUER": p["JwtIssuer"], "GANDER_JWT_JWKS_URL": p["JwtJwksUrl"], "GANDER_JWT_AUDIENCE": p["JwtAudience"],
			"GANDER_JWT_MAPPING": "/opt/jwt-mapping.yaml",
		}
	}
	return map[string]string{"GANDER_DEVELOPMENT_KEY": p["DevelopmentKey"]}
}

// identity is the source that a function asks.
func (d deployment) identity(function string) string {
	switch {
	case d.authorizes() && function != Authorizer.Name && function != dataFunction().name:
		return "authorizer"
	case d.parameters["Identity"] == "":
		return "development"
	}
	return d.parameters["Identity"]
}

// mustGive are the variables that the variant's functions must be given, as far
// as they read them.
func (d deployment) mustGive() map[string]bool {
	used := set(mustSet...)
	for name := range d.ofIdentity() {
		used[name] = true
	}
	if d.parameters["PolicyLayer"] != "" {
		used["GANDER_POLICY_FILE"] = true
	}
	if d.parameters["PropertyProtections"] != "" {
		used["GANDER_PROPERTY_PROTECTION_FILE"], used["GANDER_PROPERTY_PROTECTION_FORMAT"] = true, true
	}
	return used
}

// checkVariables: a variable that the template gives to one function goes to
// every one that reads it, and to no other.
func (d deployment) checkVariables() []string {
	given := map[string]map[string]bool{}
	used := d.mustGive()
	var found []string
	for _, f := range d.of() {
		given[f.name] = map[string]bool{}
		variables := d.main.Properties(camel(f.name)+"Function").At("Environment", "Variables")
		for name := range variables {
			given[f.name][name], used[name] = true, true
			found = append(found, d.checkValue(f.name, name, variables.Text(name))...)
		}
		found = append(found, startsWith(f, variables, true)...)
	}
	for name := range used {
		at := slices.IndexFunc(setting.Table, func(r setting.Row) bool { return r.Name == name && r.Refused == "" })
		if at < 0 {
			found = append(found, name+": in the template, but no setting")
			continue
		}
		for _, f := range d.of() {
			reads := setting.Table[at].Uses&(f.uses|setting.Always) != 0
			if _, ofIdentity := d.ofIdentity()[name]; ofIdentity && d.identity(f.name) == "authorizer" {
				reads = false // the authorizer asks
			}
			found = append(found, readsAndGiven(f.name, name, reads, given[f.name][name])...)
		}
	}
	return found
}

// startsWith: the settings contradict each other in nothing, but for files of a
// layer that is not here.
func startsWith(f function, variables template.Tree, lambda bool) []string {
	source := setting.Source{Uses: f.uses, Lambda: lambda}
	for name := range variables {
		value := strings.ReplaceAll(strings.ToLower(strings.Trim(variables.Text(name), "${}")), "::", "-") // "${Table}": some name
		if !strings.HasPrefix(variables.Text(name), "${") {
			value = variables.Text(name)
		}
		source.Environ = append(source.Environ, name+"="+value)
	}
	_, err := setting.Read(source)
	var faults setting.Faults
	errors.As(err, &faults)
	var found []string
	for _, fault := range faults {
		if !strings.Contains(fault, "/opt/") {
			found = append(found, f.name+": it would not start: "+fault)
		}
	}
	return found
}

func readsAndGiven(function, name string, reads, given bool) []string {
	switch {
	case reads && !given:
		return []string{function + ": reads " + name + " and is not given it"}
	case !reads && given:
		return []string{function + ": is given " + name + " and does not read it"}
	}
	return nil
}

// checkValue: what comes from a parameter is that parameter.
func (d deployment) checkValue(function, name, value string) []string {
	want := map[string]string{
		"GANDER_TABLE": "${Table}", "GANDER_BUCKET": "${Bucket}", "GANDER_STORES": "s3", "GANDER_POLICY_FILE": "/opt/policy.yaml", "GANDER_POLICY_FAULTS": "refuse",
		"GANDER_PROPERTY_PROTECTION_FILE": "/opt/property-protections.conf", "GANDER_PROPERTY_PROTECTION_FORMAT": d.parameters["PropertyProtections"],
		"GANDER_PUBLIC_ENDPOINT": d.parameters["PublicEndpoint"], "GANDER_IDENTITY": d.identity(function),
		"GANDER_RETENTION": "24h", "GANDER_LOG_LEVEL": "info", // the parameters' defaults
	}
	maps.Copy(want, d.ofIdentity())
	if !d.owns() {
		want["GANDER_TABLE"], want["GANDER_BUCKET"] = d.parameters["ExistingTable"], d.parameters["ExistingBucket"]
	}
	if w, ok := want[name]; ok && value != w {
		return []string{function + ": " + name + " is " + value + ", not " + w}
	}
	return nil
}

// dataFunction is the data plane, as if it were a function.
func dataFunction() function {
	return function{"data plane", parts["data"].needs, parts["data"].uses}
}

// containerVariables are what the data plane's container is given.
func containerVariables(container template.Tree) template.Tree {
	variables := template.Tree{}
	for _, pair := range container.Trees("Environment") {
		variables[pair.Text("Name")] = pair.Text("Value")
	}
	return variables
}

// checkDataVariables holds the container to what it reads.
func (d deployment) checkDataVariables(container template.Tree) []string {
	f := dataFunction()
	variables := containerVariables(container)
	used := d.mustGive()
	maps.Copy(used, set("GANDER_LISTEN", "GANDER_TLS_ENDS_IN_FRONT", "GANDER_STOP_TIMEOUT", "GANDER_UPLOADS"))
	found := startsWith(f, variables, false)
	for name := range variables {
		used[name] = true
		if strings.HasPrefix(name, "GANDER_") {
			found = append(found, d.checkValue(f.name, name, variables.Text(name))...)
		}
	}
	for name := range used {
		at := slices.IndexFunc(setting.Table, func(r setting.Row) bool { return r.Name == name && r.Refused == "" })
		if at < 0 {
			found = append(found, name+": in dataplane.yaml, but no setting")
			continue
		}
		_, given := variables[name]
		found = append(found, readsAndGiven(f.name, name, setting.Table[at].Uses&(f.uses|setting.Always) != 0, given)...)
	}
	return found
}
