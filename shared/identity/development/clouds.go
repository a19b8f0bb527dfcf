package development

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

const cloudsHead = `# Written by gander at each start, from identity.yaml; changes made here are lost.
`

// writeClouds writes clouds.yaml and an openrc file for each cloud, where they
// do not say so already.
func (i *Identity) writeClouds() error {
	text, err := i.cloudsText()
	if err != nil {
		return err
	}
	if err := replaceIfOther(filepath.Join(i.dir, cloudsFile), text, 0o600); err != nil {
		return err
	}
	for _, c := range i.directory.clouds {
		path := filepath.Join(i.dir, openrcPrefix+c.name)
		if err := replaceIfOther(path, i.openrcText(c), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// A pair is one setting of a cloud: as clouds.yaml calls it, and the openrc
// files.
type pair struct{ yaml, shell, value string }

// cloudLogin is how a client of this cloud proves itself and what it asks for.
func (i *Identity) cloudLogin(c cloud) []pair {
	pairs := []pair{
		{"auth_url", "OS_AUTH_URL", i.endpoint + "/v3"},
		{"username", "OS_USERNAME", c.user.name},
		{"password", "OS_PASSWORD", c.user.password},
		{"user_domain_name", "OS_USER_DOMAIN_NAME", c.user.domain.name},
	}
	switch {
	case c.on.project != nil:
		pairs = append(pairs, pair{"project_name", "OS_PROJECT_NAME", c.on.project.name},
			pair{"project_domain_name", "OS_PROJECT_DOMAIN_NAME", c.on.project.domain.name})
	case c.on.domain != nil:
		pairs = append(pairs, pair{"domain_name", "OS_DOMAIN_NAME", c.on.domain.name})
	case c.on.system:
		pairs = append(pairs, pair{"system_scope", "OS_SYSTEM_SCOPE", "all"})
	}
	return pairs
}

// around are the settings that are not the login's.
func (i *Identity) around() []pair {
	pairs := []pair{
		{"region_name", "OS_REGION_NAME", Region},
		{"identity_api_version", "OS_IDENTITY_API_VERSION", "3"},
	}
	if i.options.CACert != "" {
		pairs = append(pairs, pair{"cacert", "OS_CACERT", i.options.CACert})
	}
	return pairs
}

func (i *Identity) cloudsText() ([]byte, error) {
	clouds := mappingNode()
	for _, c := range i.directory.clouds {
		auth, entry := mappingNode(), mappingNode()
		for _, p := range i.cloudLogin(c) {
			setNode(auth, p.yaml, quotedNode(p.value))
		}
		setNode(entry, "auth", auth)
		for _, p := range i.around() {
			setNode(entry, p.yaml, quotedNode(p.value))
		}
		setNode(clouds, c.name, entry)
	}
	root := mappingNode()
	setNode(root, "clouds", clouds)
	var text bytes.Buffer
	text.WriteString(cloudsHead)
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("writing %s: %w", cloudsFile, err)
	}
	return text.Bytes(), nil
}

func mappingNode() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

// quotedNode is text that no reader, however old its YAML, takes for a number
// or a truth.
func quotedNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: text}
}

func setNode(in *yaml.Node, name string, value *yaml.Node) {
	in.Content = append(in.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value)
}

// otherLogins are variables that would get in the way of the ones set below.
const otherLogins = "OS_CLOUD OS_AUTH_TYPE OS_TOKEN OS_ENDPOINT OS_USER_ID OS_USER_DOMAIN_ID OS_PROJECT_ID " +
	"OS_PROJECT_NAME OS_PROJECT_DOMAIN_ID OS_PROJECT_DOMAIN_NAME OS_DOMAIN_ID OS_DOMAIN_NAME OS_SYSTEM_SCOPE " +
	"OS_TENANT_ID OS_TENANT_NAME OS_TRUST_ID OS_CACERT"

func (i *Identity) openrcText(c cloud) []byte {
	var text bytes.Buffer
	text.WriteString(cloudsHead)
	text.WriteString("unset " + otherLogins + "\n")
	for _, p := range append(i.cloudLogin(c), i.around()...) {
		fmt.Fprintf(&text, "export %s=%s\n", p.shell, shellWord(p.value))
	}
	return text.Bytes()
}

// shellWord quotes text for any POSIX shell.
func shellWord(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
