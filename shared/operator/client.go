package operator

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// A client speaks to one service as one user.
type client struct {
	endpoint string // without a final slash
	token    string
	http     *http.Client
}

// maxAnswer is the most that an answer may have, in bytes.
const maxAnswer = 16 << 20

// connect finds the service, and gets a token where none is given.
func connect(ctx context.Context, f flags, env map[string]string) (*client, error) {
	cloud, err := cloudOf(f, env)
	if err != nil {
		return nil, err
	}
	c := &client{endpoint: cloud.Endpoint, token: cloud.Auth.Token}
	if c.http, err = transport(cloud.CACert); err != nil {
		return nil, err
	}
	if c.token == "" {
		if err := c.login(ctx, cloud); err != nil {
			return nil, err
		}
	}
	if c.endpoint == "" {
		return nil, errors.New("the catalogue has no image service; name it by -endpoint")
	}
	c.endpoint = strings.TrimSuffix(strings.TrimRight(c.endpoint, "/"), "/v2")
	return c, nil
}

func cloudOf(f flags, env map[string]string) (c cloud, err error) {
	if f.tokenFile == "" {
		c, err = findCloud(f.cloud, env)
	} else {
		text, fault := os.ReadFile(f.tokenFile)
		if fault != nil {
			return c, fault
		}
		c.take(env)
		c.Auth.Token = strings.TrimSpace(string(text))
	}
	if f.endpoint != "" {
		c.Endpoint = f.endpoint
	}
	return c, err
}

func transport(caFile string) (*http.Client, error) {
	own := http.DefaultTransport.(*http.Transport).Clone()
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: it has no certificate", caFile)
		}
		own.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: own}, nil
}

// login gets a token for the cloud's user, and the service's place from the catalogue.
//
// Source: Identity API v3, "Password authentication with scoped authorization" and
// "Authenticating with an Application Credential".
func (c *client) login(ctx context.Context, cloud cloud) error {
	identity := &client{endpoint: strings.TrimRight(cloud.Auth.URL, "/"), http: c.http}
	if !strings.HasSuffix(identity.endpoint, "/v3") {
		identity.endpoint += "/v3"
	}
	var answer struct {
		Token struct{ Catalog []service }
	}
	header, err := identity.send(ctx, http.MethodPost, "/auth/tokens", credentials(cloud), &answer)
	if err != nil {
		return fmt.Errorf("asking for a token: %w", err)
	}
	if c.token = header.Get("X-Subject-Token"); c.token == "" {
		return errors.New("asking for a token: the answer has none")
	}
	for _, s := range answer.Token.Catalog {
		if s.Type == "image" && c.endpoint == "" {
			c.endpoint = s.at(cloud.Interface, cloud.Region)
		}
	}
	return nil
}

// A service is an entry of the catalogue.
type service struct {
	Type      string
	Endpoints []struct{ Interface, Region, URL string }
}

func (s service) at(kind, region string) string {
	for _, e := range s.Endpoints {
		if e.Interface == strings.TrimSuffix(kind, "URL") && (region == "" || region == e.Region) {
			return e.URL
		}
	}
	return ""
}

type object = map[string]any

func credentials(c cloud) object {
	a := c.Auth
	if a.CredentialID != "" {
		return object{"auth": object{"identity": object{
			"methods":                []string{"application_credential"},
			"application_credential": object{"id": a.CredentialID, "secret": a.CredentialCode},
		}}}
	}
	user := named(a.UserID, a.Username, a.UserDomainID, a.UserDomainName)
	user["password"] = a.Password
	return object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": user}},
		"scope":    object{"project": named(a.ProjectID, a.ProjectName, a.ProjectDomainID, a.ProjectDomain)},
	}}
}

// named is a user or a project by id, or by name within a domain.
func named(id, name, domainID, domain string) object {
	if id != "" {
		return object{"id": id}
	}
	within := object{"id": "default"}
	if domain != "" {
		within = object{"name": domain}
	}
	if domainID != "" {
		within = object{"id": domainID}
	}
	return object{"name": name, "domain": within}
}

// call sends a request to the service and reads the answer into v.
func (c *client) call(ctx context.Context, method, path string, body, v any) error {
	_, err := c.send(ctx, method, path, body, v)
	return err
}

// send never tells what it sent: that may be a password.
func (c *client) send(ctx context.Context, method, path string, body, v any) (http.Header, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.endpoint+path, content)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("X-Auth-Token", c.token)
	}
	response, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return nil, fmt.Errorf("%s %s: %s%s", method, path, response.Status, reason(text))
	}
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("%s %s: the answer is no JSON: %w", method, path, err)
	}
	return response.Header, nil
}

// reason is what an error's body says, in one line.
func reason(body []byte) string {
	var said struct {
		Message string
		Error   struct{ Message string }
	}
	if json.Unmarshal(body, &said) != nil || said.Message+said.Error.Message == "" {
		return ""
	}
	text := strings.ReplaceAll(said.Message+said.Error.Message, "<br />", " ") // written for browsers, too
	return ": " + strings.Join(strings.Fields(text), " ")
}
