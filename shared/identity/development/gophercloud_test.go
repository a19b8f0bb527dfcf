package development

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/catalog"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/domains"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/projects"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/roles"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/users"

	"github.com/gander-images/gander/shared/identity"
)

// A cloudServer is an identity and the bare front door of an image service on
// a real port.
type cloudServer struct {
	*world
	url string
}

func newCloudServer(t *testing.T) *cloudServer {
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w := &world{t: t, dir: t.TempDir(), time: time.Now()}
	opened, err := Open(w.dir, Options{Endpoint: server.URL, Now: func() time.Time { return w.time }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	w.Identity = opened
	mux.Handle(Mount, opened.Handler())
	mux.Handle(Mount+"/", opened.Handler())
	mux.HandleFunc("/{$}", func(answer http.ResponseWriter, _ *http.Request) {
		answer.WriteHeader(http.StatusMultipleChoices)
		_ = json.NewEncoder(answer).Encode(map[string]any{"versions": []any{map[string]any{
			"id": "v2.17", "status": "CURRENT",
			"links": []any{map[string]any{"rel": "self", "href": server.URL + "/v2/"}},
		}}})
	})
	return &cloudServer{world: w, url: server.URL}
}

func (c *cloudServer) login(user string, scope *gophercloud.AuthScope) gophercloud.AuthOptions {
	return gophercloud.AuthOptions{
		IdentityEndpoint: c.url + Mount + "/v3", Username: user, DomainName: "Default",
		Password: c.password(user), Scope: scope, AllowReauth: true,
	}
}

func (c *cloudServer) client(options gophercloud.AuthOptions) *gophercloud.ProviderClient {
	c.t.Helper()
	client, err := openstack.AuthenticatedClient(c.t.Context(), options)
	if err != nil {
		c.t.Fatal(err)
	}
	return client
}

func (c *cloudServer) identity(client *gophercloud.ProviderClient) *gophercloud.ServiceClient {
	c.t.Helper()
	service, err := openstack.NewIdentityV3(client, gophercloud.EndpointOpts{Region: Region})
	if err != nil {
		c.t.Fatal(err)
	}
	return service
}

// demo logs in with the demo project as scope.
func (c *cloudServer) demo() *gophercloud.ProviderClient {
	return c.client(c.login("demo", &gophercloud.AuthScope{ProjectName: "demo", DomainName: "Default"}))
}

// TestGophercloudScopes logs in from each address a user might give, for each
// scope.
func TestGophercloudScopes(t *testing.T) {
	c := newCloudServer(t)
	for name, scope := range map[string]*gophercloud.AuthScope{
		"project": {ProjectName: "admin", DomainName: "Default"},
		"domain":  {DomainName: "Default"},
		"system":  {System: true},
		"default": nil,
	} {
		for _, address := range []string{Mount, Mount + "/", Mount + "/v3", Mount + "/v3/"} {
			options := c.login("admin", scope)
			options.IdentityEndpoint = c.url + address
			client := c.client(options)
			verdict, err := c.Validate(t.Context(), client.Token(), identity.Ask{})
			who := verdict.Caller
			if err != nil || !slices.Equal(who.Roles, []string{"admin", "manager", "member", "reader"}) {
				t.Errorf("%s at %s: %+v, %v", name, address, who, err)
			}
			if (who.ProjectID != "") != (name == "project" || name == "default") ||
				(who.DomainID != "") != (name == "domain") || (who.SystemScope != "") != (name == "system") {
				t.Errorf("%s at %s: %+v", name, address, who)
			}
		}
	}
	options := c.login("demo", nil)
	options.Password = "wrong"
	if _, err := openstack.AuthenticatedClient(t.Context(), options); !gophercloud.ResponseCodeIs(err, http.StatusUnauthorized) {
		t.Errorf("a wrong password: %v", err)
	}
}

// TestGophercloudFindsImages goes through the catalogue to the image service,
// by each interface.
func TestGophercloudFindsImages(t *testing.T) {
	c := newCloudServer(t)
	client := c.demo()
	for _, side := range []gophercloud.Availability{
		gophercloud.AvailabilityPublic, gophercloud.AvailabilityInternal, gophercloud.AvailabilityAdmin,
	} {
		images, err := openstack.NewImageV2(client, gophercloud.EndpointOpts{Region: Region, Availability: side})
		if err != nil {
			t.Fatalf("%s: %v", side, err)
		}
		if url := images.ServiceURL("images"); url != c.url+"/v2/images" {
			t.Errorf("%s: %s", side, url)
		}
	}
}

// TestGophercloudTokens gets, validates and revokes, and logs in anew when the
// token has gone.
func TestGophercloudTokens(t *testing.T) {
	c := newCloudServer(t)
	client := c.demo()
	service := c.identity(client)
	first := client.Token()
	shown := tokens.Get(t.Context(), service, first)
	token, err := shown.ExtractToken()
	if err != nil || token.ID != first || time.Until(token.ExpiresAt) < 55*time.Minute {
		t.Errorf("%+v, %v", token, err)
	}
	if project, err := shown.ExtractProject(); err != nil || project.Name != "demo" || project.Domain.ID != "default" {
		t.Errorf("%+v, %v", project, err)
	}
	if held, err := shown.ExtractRoles(); err != nil || len(held) != 2 || held[0].Name != "member" {
		t.Errorf("%+v, %v", held, err)
	}
	if valid, err := tokens.Validate(t.Context(), service, first); err != nil || !valid {
		t.Errorf("%t, %v", valid, err)
	}
	byToken := c.client(gophercloud.AuthOptions{IdentityEndpoint: c.url + Mount, TokenID: first})
	rescoped := c.client(gophercloud.AuthOptions{
		IdentityEndpoint: c.url + Mount, TokenID: first,
		Scope: &gophercloud.AuthScope{ProjectName: "demo", DomainName: "Default"},
	})
	if byToken.Token() != first || rescoped.Token() == first || !c.works(rescoped.Token()) {
		t.Error("a token does not log in again")
	}
	if err := tokens.Revoke(t.Context(), service, first).Err; err != nil {
		t.Fatal(err)
	}
	if valid, err := tokens.Validate(t.Context(), service, first); err != nil || valid {
		t.Errorf("after it was revoked: %t, %v", valid, err)
	}
	if client.Token() == first || !c.works(client.Token()) {
		t.Error("the client did not log in anew after the 401")
	}
}

// TestGophercloudLists reads every list that gophercloud has a pager for.
func TestGophercloudLists(t *testing.T) {
	c := newCloudServer(t)
	service := c.identity(c.client(c.login("admin", nil)))
	all, err := projects.List(service, projects.ListOpts{}).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if list, err := projects.ExtractProjects(all); err != nil || len(list) != 4 || list[0].Name != "demo" || !list[0].Enabled {
		t.Errorf("projects %+v, %v", list, err)
	}
	if found, err := projects.Get(t.Context(), service, c.directory.projects[1].id).Extract(); err != nil || found.Name != "other" {
		t.Errorf("project %+v, %v", found, err)
	}
	all, err = users.List(service, users.ListOpts{Name: "demo"}).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if list, err := users.ExtractUsers(all); err != nil || len(list) != 1 || list[0].DomainID != "default" {
		t.Errorf("users %+v, %v", list, err)
	}
	all, err = domains.List(service, domains.ListOpts{}).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if list, err := domains.ExtractDomains(all); err != nil || len(list) != 1 || list[0].Name != "Default" {
		t.Errorf("domains %+v, %v", list, err)
	}
	effective := true
	all, err = roles.ListAssignments(service, roles.ListAssignmentsOpts{Effective: &effective}).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if list, err := roles.ExtractRoleAssignments(all); err != nil || len(list) != 2+1+3+3*4+2+1 {
		t.Errorf("%d assignments, %v", len(list), err)
	}
	all, err = catalog.List(service).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if list, err := catalog.ExtractServiceCatalog(all); err != nil || len(list) != 3 || list[1].Type != "image" || list[2].Type != "key-manager" {
		t.Errorf("catalogue %+v, %v", list, err)
	}
}
