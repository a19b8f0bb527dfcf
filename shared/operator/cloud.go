package operator

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// A cloud is whom to ask for a token, and as whom.
//
// Source: openstacksdk, "Configuring OpenStack SDK Applications" and its list of
// environment variables.
type cloud struct {
	Auth struct {
		URL             string `yaml:"auth_url"`
		Token           string `yaml:"token"`
		Username        string `yaml:"username"`
		UserID          string `yaml:"user_id"`
		Password        string `yaml:"password"`
		UserDomainName  string `yaml:"user_domain_name"`
		UserDomainID    string `yaml:"user_domain_id"`
		ProjectName     string `yaml:"project_name"`
		ProjectID       string `yaml:"project_id"`
		ProjectDomain   string `yaml:"project_domain_name"`
		ProjectDomainID string `yaml:"project_domain_id"`
		CredentialID    string `yaml:"application_credential_id"`
		CredentialCode  string `yaml:"application_credential_secret"`
	} `yaml:"auth"`
	Region    string `yaml:"region_name"`
	Interface string `yaml:"interface"`
	CACert    string `yaml:"cacert"`
	Endpoint  string `yaml:"image_endpoint_override"`
}

// findCloud reads the cloud of clouds.yaml that is named, or that of the variables.
func findCloud(name string, env map[string]string) (c cloud, err error) {
	if name == "" {
		name = env["OS_CLOUD"]
	}
	if name != "" {
		if c, err = readCloud(name, env); err != nil {
			return c, err
		}
	}
	c.take(env)
	if c.Interface == "" {
		c.Interface = "public"
	}
	if c.Auth.URL == "" && c.Auth.Token == "" {
		return c, errors.New("there is no OS_CLOUD and no OS_AUTH_URL: nobody to ask for a token")
	}
	return c, nil
}

// take fills what clouds.yaml left open.
func (c *cloud) take(env map[string]string) {
	for name, to := range map[string]*string{
		"OS_AUTH_URL": &c.Auth.URL, "OS_TOKEN": &c.Auth.Token, "OS_USERNAME": &c.Auth.Username, "OS_USER_ID": &c.Auth.UserID,
		"OS_PASSWORD": &c.Auth.Password, "OS_USER_DOMAIN_NAME": &c.Auth.UserDomainName, "OS_USER_DOMAIN_ID": &c.Auth.UserDomainID,
		"OS_PROJECT_NAME": &c.Auth.ProjectName, "OS_PROJECT_ID": &c.Auth.ProjectID,
		"OS_PROJECT_DOMAIN_NAME": &c.Auth.ProjectDomain, "OS_PROJECT_DOMAIN_ID": &c.Auth.ProjectDomainID,
		"OS_APPLICATION_CREDENTIAL_ID": &c.Auth.CredentialID, "OS_APPLICATION_CREDENTIAL_SECRET": &c.Auth.CredentialCode,
		"OS_REGION_NAME": &c.Region, "OS_INTERFACE": &c.Interface, "OS_CACERT": &c.CACert, "OS_IMAGE_ENDPOINT_OVERRIDE": &c.Endpoint,
	} {
		if *to == "" {
			*to = env[name]
		}
	}
}

// readCloud looks where the openstack command looks.
func readCloud(name string, env map[string]string) (c cloud, err error) {
	places := []string{
		env["OS_CLIENT_CONFIG_FILE"], "clouds.yaml", filepath.Join(env["HOME"], ".config", "openstack", "clouds.yaml"),
		"/etc/openstack/clouds.yaml",
	}
	for _, place := range places {
		if place == "" {
			continue
		}
		text, err := os.ReadFile(place)
		if errors.Is(err, os.ErrNotExist) && place != env["OS_CLIENT_CONFIG_FILE"] {
			continue
		}
		if err != nil {
			return c, err
		}
		var file struct{ Clouds map[string]cloud }
		if yaml.Unmarshal(text, &file) != nil {
			return c, fmt.Errorf("%s: it cannot be read as YAML", place) // the fault may quote a password
		}
		found, ok := file.Clouds[name]
		if !ok {
			return c, fmt.Errorf("%s: it has no cloud %q", place, name)
		}
		return found, nil
	}
	return c, fmt.Errorf("there is no clouds.yaml with the cloud %q", name)
}
