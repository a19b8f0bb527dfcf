//go:build clients && !cloud

package main

import (
	"os"
	"strings"
	"testing"
)

// openrc is somebody who sourced a file as OpenStack's own tools write it.
func (k *realKeystone) openrc(project, user, password string) *terminal {
	k.t.Helper()
	clients := os.Getenv("GANDER_CLIENTS")
	if clients == "" {
		k.t.Fatal("GANDER_CLIENTS names no virtual environment with the stock clients")
	}
	dir := k.t.TempDir()
	return &terminal{t: k.t, dir: dir, env: []string{
		"PATH=" + clients + "/bin:" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8",
		"OS_PROJECT_DOMAIN_ID=default", "OS_USER_DOMAIN_ID=default", "OS_AUTH_TYPE=password", "OS_IDENTITY_API_VERSION=3",
		"OS_USERNAME=" + user, "OS_PASSWORD=" + password, "OS_PROJECT_NAME=" + project, "OS_TENANT_NAME=" + project, "OS_AUTH_URL=" + k.url + "/v3",
	}}
}

// TestKeystoneProjectAsOwner: images belong to projects. One user of a project
// makes an image; another shows, changes and deletes it, until only reading is
// left to that user. Another project's user sees nothing of it.
func TestKeystoneProjectAsOwner(t *testing.T) {
	k := startKeystone(t)
	a := k.admin()
	s := k.gander(a, true)
	admin := k.openrc("admin", "admin", adminPassword)
	for _, line := range []string{
		"openstack service create --name glance image",
		"openstack endpoint create --region here image public " + s.url,
		"openstack project create --domain default test_project",
		"openstack project create --domain default third_project",
		"openstack user create --project test_project --password test testuser1",
		"openstack user create --project test_project --password test testuser2",
		"openstack user create --project third_project --password test testuser3",
		"openstack role add --project test_project --user testuser1 member",
		"openstack role add --project test_project --user testuser2 member",
		"openstack role add --project third_project --user testuser3 member",
	} {
		admin.run(line)
	}
	one, two, three := k.openrc("test_project", "testuser1", "test"), k.openrc("test_project", "testuser2", "test"), k.openrc("third_project", "testuser3", "test")
	one.run("head -c 100000 /dev/urandom > data")
	one.env = append(one.env, "URL="+s.url)

	id := createAsOne(t, k, one)
	owner := admin.run("openstack project show -f value -c id test_project")
	if got := two.run("openstack image show -f value -c owner test-image"); got != owner {
		t.Errorf("the owner is %s, not the project %s", got, owner)
	}
	two.run("openstack image set --property seen_by=testuser2 test-image")
	if got := one.run("openstack image show -f json " + id); !strings.Contains(got, `"seen_by": "testuser2"`) {
		t.Errorf("what the second user set is not shown: %s", got)
	}
	two.run("openstack image save --file saved test-image && cmp saved " + one.dir + "/data")
	three.fails("openstack image show "+id, "No Image found")
	three.fails("openstack image delete "+id, "")
	two.run("openstack image delete test-image")
	one.fails("openstack image show "+id, "No Image found")

	id = one.run("openstack image create --disk-format raw --container-format bare --file data -f value -c id test-image")
	admin.run("openstack role remove --project test_project --user testuser2 member")
	admin.run("openstack role add --project test_project --user testuser2 reader")
	onlyReads(t, two, id)
	three.fails("openstack image show "+id, "No Image found")
	three.fails("openstack image delete "+id, "")
	three.fails("openstack image set --property x=y "+id, "No Image found")
	if list := three.run("openstack image list -f value"); list != "" {
		t.Errorf("another project lists %q", list)
	}
	if got := one.run("openstack image show -f value -c status " + id); got != "active" {
		t.Errorf("after all that was refused the image is %q", got)
	}
}

// onlyReads holds what the role reader is for.
func onlyReads(t *testing.T, reader *terminal, id string) {
	t.Helper()
	if got := reader.run("openstack image list -f value -c ID"); got != id {
		t.Errorf("the reader lists %q", got)
	}
	if got := reader.run("openstack image show -f value -c status " + id); got != "active" {
		t.Errorf("the reader sees an image that is %q", got)
	}
	reader.fails("openstack image set --property x=y "+id, "403")
	reader.fails("openstack image delete "+id, "403")
	reader.fails("openstack image create --disk-format raw --container-format bare denied", "403")
	// The client writes the refusal into the file and finds it by its hash.
	reader.fails("openstack image save --file no "+id, "Unable to download image")
	reader.run("grep -q 403 no")
}

// createAsOne makes an image with data, and counts what that has Gander ask of
// Keystone: a command logs in by itself, and so brings a token that is new. What
// a command asks of Keystone itself is not counted.
func createAsOne(t *testing.T, k *realKeystone, one *terminal) (id string) {
	t.Helper()
	const create = "openstack image create --disk-format raw --container-format bare --file data -f value -c id "
	want := func(what string, wanted cost, happens func()) {
		t.Helper()
		got := k.costs(happens)
		t.Logf("%s: %d validations, %d of them with the catalogue, %d logins", what, got.validations+got.catalogs, got.catalogs, got.logins)
		if got != wanted {
			t.Errorf("%s costs %+v, not %+v", what, got, wanted)
		}
	}
	want("openstack image create, cold", cost{validations: 1, logins: 1}, func() { id = one.run(create + "test-image") })
	want("openstack image create, warm", cost{validations: 1}, func() { one.run(create + "another") })
	token := one.run("openstack token issue -f value -c id")
	one.env = append(one.env, "TOKEN="+token)
	const known = "env -u OS_USERNAME -u OS_PASSWORD -u OS_PROJECT_NAME -u OS_TENANT_NAME -u OS_PROJECT_DOMAIN_ID -u OS_USER_DOMAIN_ID " +
		"OS_AUTH_TYPE=admin_token OS_TOKEN=$TOKEN OS_ENDPOINT=$URL/v2 "
	want("openstack image list with a token that is new", cost{validations: 1}, func() { one.run(known + "openstack image list") })
	want("openstack image create with that token again", cost{}, func() { one.run(known + create + "third") })
	one.run("openstack image delete another third")
	return id
}
