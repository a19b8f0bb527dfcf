package boot

import (
	"slices"
	"strings"

	"github.com/gander-images/gander/localstack/template"
	"github.com/gander-images/gander/shared/boot/setting"
)

// mustSet are the variables without which the cloud mix does not know where to
// look, or whom to trust; the others have defaults.
var mustSet = []string{
	"GANDER_TABLE", "GANDER_BUCKET", "GANDER_STORES", "GANDER_PUBLIC_ENDPOINT", "GANDER_IDENTITY", "GANDER_DEVELOPMENT_KEY",
}

// checkVariables: a variable that the template gives to one function goes to
// every one that reads it, and to no other.
func (d deployment) checkVariables() []string {
	given := map[string]map[string]bool{}
	used := set(mustSet...)
	if d.parameters["PolicyLayer"] != "" {
		used["GANDER_POLICY_FILE"] = true
	}
	var found []string
	for _, f := range d.of() {
		given[f.name] = map[string]bool{}
		variables := d.main.Properties(camel(f.name)+"Function").At("Environment", "Variables")
		for name := range variables {
			given[f.name][name], used[name] = true, true
			found = append(found, d.checkValue(f.name, name, variables.Text(name))...)
		}
	}
	for name := range used {
		at := slices.IndexFunc(setting.Table, func(r setting.Row) bool { return r.Name == name && r.Refused == "" })
		if at < 0 {
			found = append(found, name+": in the template, but no setting")
			continue
		}
		for _, f := range d.of() {
			found = append(found, readsAndGiven(f.name, name, setting.Table[at].Uses&(f.uses|setting.Always) != 0, given[f.name][name])...)
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
		"GANDER_TABLE": "${Table}", "GANDER_BUCKET": "${Bucket}", "GANDER_STORES": "s3", "GANDER_POLICY_FILE": "/opt/policy.yaml",
		"GANDER_PUBLIC_ENDPOINT": d.parameters["PublicEndpoint"], "GANDER_DEVELOPMENT_KEY": d.parameters["DevelopmentKey"], "GANDER_IDENTITY": "development",
		"GANDER_RETENTION": "24h", "GANDER_LOG_LEVEL": "info", // the parameters' defaults
	}
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
	used := set(append(mustSet, "GANDER_LISTEN", "GANDER_TLS_ENDS_IN_FRONT", "GANDER_STOP_TIMEOUT", "GANDER_UPLOADS")...)
	if d.parameters["PolicyLayer"] != "" {
		used["GANDER_POLICY_FILE"] = true
	}
	var found []string
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
