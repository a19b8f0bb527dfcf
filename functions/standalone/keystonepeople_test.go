//go:build clients && !cloud

package main

import (
	"net/http"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/applicationcredentials"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/endpoints"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/projects"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/roles"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/services"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/users"
)

// A keystoneAdmin makes people and projects. What it is asked for twice is made
// once.
type keystoneAdmin struct {
	t        *testing.T
	k        *realKeystone
	client   *gophercloud.ServiceClient
	projects map[string]string // ids, by name
	users    map[string]string
	roles    map[string]string
}

func (k *realKeystone) admin() *keystoneAdmin {
	k.t.Helper()
	a := &keystoneAdmin{
		t: k.t, k: k, client: k.session(gophercloud.AuthOptions{
			Username: "admin", Password: adminPassword, DomainID: "default", Scope: onProject("admin"), AllowReauth: true,
		}),
		projects: map[string]string{}, users: map[string]string{}, roles: map[string]string{},
	}
	page, err := roles.List(a.client, nil).AllPages(k.t.Context())
	a.want(err)
	all, err := roles.ExtractRoles(page)
	a.want(err)
	for _, role := range all {
		a.roles[role.Name] = role.ID
	}
	return a
}

func onProject(name string) *gophercloud.AuthScope {
	return &gophercloud.AuthScope{ProjectName: name, DomainID: "default"}
}

func (a *keystoneAdmin) want(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// session logs in.
func (k *realKeystone) session(options gophercloud.AuthOptions) *gophercloud.ServiceClient {
	k.t.Helper()
	options.IdentityEndpoint = k.url + "/v3"
	provider, err := openstack.AuthenticatedClient(k.t.Context(), options)
	if err != nil {
		k.t.Fatal(err)
	}
	return &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: k.url + "/v3/", Type: "identity"}
}

// token logs a user in.
func (k *realKeystone) token(options gophercloud.AuthOptions) string {
	k.t.Helper()
	return k.session(options).Token()
}

// by are options of who logs in with a password on a project.
func by(user, project string) gophercloud.AuthOptions {
	return gophercloud.AuthOptions{Username: user, Password: user + "'s", DomainID: "default", Scope: onProject(project)}
}

func (a *keystoneAdmin) project(name string) string {
	a.t.Helper()
	if a.projects[name] == "" {
		made, err := projects.Create(a.t.Context(), a.client, projects.CreateOpts{Name: name, DomainID: "default"}).Extract()
		a.want(err)
		a.projects[name] = made.ID
	}
	return a.projects[name]
}

// user makes a user with roles on a project.
func (a *keystoneAdmin) user(name, password, project string, with ...string) string {
	a.t.Helper()
	if a.users[name] == "" {
		made, err := users.Create(a.t.Context(), a.client, users.CreateOpts{Name: name, DomainID: "default", Password: password}).Extract()
		a.want(err)
		a.users[name] = made.ID
	}
	for _, role := range with {
		a.want(roles.Assign(a.t.Context(), a.client, a.role(role), roles.AssignOpts{
			UserID: a.users[name], ProjectID: a.project(project),
		}).ExtractErr())
	}
	return a.users[name]
}

// onDomain gives a user that Keystone's bootstrap made a role on the domain.
func (a *keystoneAdmin) onDomain(user, role string) {
	a.t.Helper()
	page, err := users.List(a.client, users.ListOpts{Name: user}).AllPages(a.t.Context())
	a.want(err)
	found, err := users.ExtractUsers(page)
	a.want(err)
	for _, one := range found {
		a.want(roles.Assign(a.t.Context(), a.client, a.role(role), roles.AssignOpts{UserID: one.ID, DomainID: "default"}).ExtractErr())
	}
}

func (a *keystoneAdmin) role(name string) string {
	a.t.Helper()
	if a.roles[name] == "" {
		made, err := roles.Create(a.t.Context(), a.client, roles.CreateOpts{Name: name}).Extract()
		a.want(err)
		a.roles[name] = made.ID
	}
	return a.roles[name]
}

func (a *keystoneAdmin) enable(user string, enabled bool) {
	a.t.Helper()
	_, err := users.Update(a.t.Context(), a.client, a.users[user], users.UpdateOpts{Enabled: &enabled}).Extract()
	a.want(err)
}

func (a *keystoneAdmin) enableProject(project string, enabled bool) {
	a.t.Helper()
	_, err := projects.Update(a.t.Context(), a.client, a.projects[project], projects.UpdateOpts{Enabled: &enabled}).Extract()
	a.want(err)
}

func (a *keystoneAdmin) revoke(token string) {
	a.t.Helper()
	a.want(tokens.Revoke(a.t.Context(), a.client, token).Err)
}

// publish puts a service into the catalogue.
func (a *keystoneAdmin) publish(kind, url string) {
	a.t.Helper()
	made, err := services.Create(a.t.Context(), a.client, services.CreateOpts{Type: kind}).Extract()
	a.want(err)
	_, err = endpoints.Create(a.t.Context(), a.client, endpoints.CreateOpts{
		Availability: gophercloud.AvailabilityPublic, Name: kind, Region: "here", ServiceID: made.ID, URL: url,
	}).Extract()
	a.want(err)
}

// credential makes an application credential of a user's, and returns a token of
// it. Without rules it is good for all.
func (k *realKeystone) credential(of gophercloud.AuthOptions, name string, rules ...applicationcredentials.AccessRule) string {
	k.t.Helper()
	client := k.session(of)
	own, err := tokens.Get(k.t.Context(), client, client.Token()).ExtractUser()
	if err != nil {
		k.t.Fatal(err)
	}
	made, err := applicationcredentials.Create(k.t.Context(), client, own.ID, applicationcredentials.CreateOpts{
		Name: name, Secret: "of " + name, AccessRules: rules,
	}).Extract()
	if err != nil {
		k.t.Fatal(err)
	}
	return k.token(gophercloud.AuthOptions{ApplicationCredentialID: made.ID, ApplicationCredentialSecret: "of " + name})
}

// with is somebody with this token at the image service.
func (s *service) with(token string) *user {
	s.t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	s.t.Cleanup(transport.CloseIdleConnections)
	return &user{t: s.t, url: s.url, token: token, http: &http.Client{Transport: transport, Timeout: patience}}
}

// in is the same administrator for a part of the test.
func (a *keystoneAdmin) in(t *testing.T) *keystoneAdmin {
	part := *a
	part.t = t
	return &part
}
