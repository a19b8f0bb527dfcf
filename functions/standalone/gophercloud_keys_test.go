package main

import (
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/acls"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/orders"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/secrets"
)

// keyManager finds the key manager by the catalogue.
func (s *service) keyManager(name string) *gophercloud.ServiceClient {
	s.t.Helper()
	client, err := openstack.NewKeyManagerV1(s.gophercloud(name).ProviderClient, gophercloud.EndpointOpts{})
	if err != nil {
		s.t.Fatalf("gophercloud finds no key manager in the catalog: %v", err)
	}
	return client
}

// TestGophercloudKeys has the stock Go client do with secrets, orders and access lists
// all that it can.
func TestGophercloudKeys(t *testing.T) { eachFront(t, gophercloudKeys) }

func gophercloudKeys(t *testing.T, f front) {
	client := f.start(t).keyManager("gander")
	id := gophercloudSecret(t, client)
	gophercloudLater(t, client)
	gophercloudACL(t, client, id)
	gophercloudOrder(t, client)

	page, err := secrets.List(client, secrets.ListOpts{Limit: 1, Sort: "created:asc"}).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if all, err := secrets.ExtractSecrets(page); err != nil || len(all) != 3 || all[0].Name != "mysecret" {
		t.Errorf("the list, page by page, is %+v, %v", all, err)
	}
	if err := secrets.Delete(t.Context(), client, id).ExtractErr(); err != nil {
		t.Errorf("delete: %v", err)
	}
	_, err = secrets.Get(t.Context(), client, id).Extract()
	wantCode(t, err, http.StatusNotFound)
	_, err = secrets.GetPayload(t.Context(), client, id, nil).Extract()
	wantCode(t, err, http.StatusNotFound)
}

func gophercloudSecret(t *testing.T, client *gophercloud.ServiceClient) (id string) {
	ends := time.Date(2199, 1, 2, 3, 4, 5, 0, time.UTC)
	made, err := secrets.Create(t.Context(), client, secrets.CreateOpts{
		Algorithm: "aes", BitLength: 256, Mode: "cbc", Name: "mysecret", Payload: "foobar", PayloadContentType: "text/plain",
		SecretType: secrets.OpaqueSecret, Expiration: &ends,
	}).Extract()
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	id = path.Base(made.SecretRef)
	got, err := secrets.Get(t.Context(), client, id).Extract()
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "mysecret" || got.BitLength != 256 || got.Status != "ACTIVE" || got.ContentTypes["default"] != "text/plain" || got.SecretType != "opaque" ||
		!got.Expiration.Equal(ends) || time.Since(got.Created).Abs() > time.Hour || got.SecretRef != made.SecretRef {
		t.Errorf("the secret is %+v", got)
	}
	payload, err := secrets.GetPayload(t.Context(), client, id, nil).Extract()
	if err != nil || string(payload) != "foobar" {
		t.Errorf("the payload is %q, %v", payload, err)
	}
	return id
}

func gophercloudLater(t *testing.T, client *gophercloud.ServiceClient) {
	made, err := secrets.Create(t.Context(), client, secrets.CreateOpts{Name: "later"}).Extract()
	if err != nil {
		t.Fatalf("create without payload: %v", err)
	}
	id := path.Base(made.SecretRef)
	update := secrets.UpdateOpts{ContentType: "application/octet-stream", ContentEncoding: "base64", Payload: "Zm9vYmFy"}
	if err := secrets.Update(t.Context(), client, id, update).ExtractErr(); err != nil {
		t.Errorf("update: %v", err)
	}
	wantCode(t, secrets.Update(t.Context(), client, id, update).ExtractErr(), http.StatusConflict)
	payload, err := secrets.GetPayload(t.Context(), client, id, secrets.GetPayloadOpts{PayloadContentType: "application/octet-stream"}).Extract()
	if err != nil || string(payload) != "foobar" {
		t.Errorf("the payload is %q, %v", payload, err)
	}
}

func gophercloudACL(t *testing.T, client *gophercloud.ServiceClient, id string) {
	private, users := false, []string{"somebody"}
	ref, err := acls.SetSecretACL(t.Context(), client, id, acls.SetOpts{{Type: "read", Users: &users, ProjectAccess: &private}}).Extract()
	if err != nil || !strings.HasSuffix(string(*ref), "/"+id+"/acl") {
		t.Errorf("set: %v, %v", ref, err)
	}
	more := []string{"somebody", "else"}
	if _, err := acls.UpdateSecretACL(t.Context(), client, id, acls.SetOpts{{Type: "read", Users: &more}}).Extract(); err != nil {
		t.Errorf("update: %v", err)
	}
	got, err := acls.GetSecretACL(t.Context(), client, id).Extract()
	if err != nil {
		t.Fatal(err)
	}
	if read := (*got)["read"]; read.ProjectAccess || len(read.Users) != 2 || read.Created.IsZero() || read.Updated.IsZero() {
		t.Errorf("the list is %+v", read)
	}
	if err := acls.DeleteSecretACL(t.Context(), client, id).ExtractErr(); err != nil {
		t.Errorf("delete: %v", err)
	}
	if got, err = acls.GetSecretACL(t.Context(), client, id).Extract(); err != nil || !(*got)["read"].ProjectAccess {
		t.Errorf("after the deletion the list is %+v, %v", got, err)
	}
}

func gophercloudOrder(t *testing.T, client *gophercloud.ServiceClient) {
	made, err := orders.Create(t.Context(), client, orders.CreateOpts{
		Type: orders.KeyOrder, Meta: orders.MetaOpts{Name: "ordered", Algorithm: "aes", BitLength: 256, Mode: "cbc", PayloadContentType: "application/octet-stream"},
	}).Extract()
	if err != nil {
		t.Fatalf("order: %v", err)
	}
	id := path.Base(made.OrderRef)
	got, err := orders.Get(t.Context(), client, id).Extract()
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != "ACTIVE" || got.Meta.Algorithm != "aes" || got.Meta.BitLength != 256 || got.Created.IsZero() {
		t.Errorf("the order is %+v", got)
	}
	value, err := secrets.GetPayload(t.Context(), client, path.Base(got.SecretRef), secrets.GetPayloadOpts{PayloadContentType: "application/octet-stream"}).Extract()
	if err != nil || len(value) != 32 {
		t.Errorf("the key has %d bytes, %v", len(value), err)
	}
	page, err := orders.List(client, orders.ListOpts{Limit: 1}).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if all, err := orders.ExtractOrders(page); err != nil || len(all) != 1 || all[0].OrderRef != made.OrderRef {
		t.Errorf("the list is %+v, %v", all, err)
	}
	if err := orders.Delete(t.Context(), client, id).ExtractErr(); err != nil {
		t.Errorf("delete: %v", err)
	}
	_, err = orders.Get(t.Context(), client, id).Extract()
	wantCode(t, err, http.StatusNotFound)
}
