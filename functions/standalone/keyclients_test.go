//go:build clients

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// soon has what nobody needs go as soon as it can.
var soon = []string{"GANDER_RETENTION=0s", "GANDER_KEY_DELAY=0s", "GANDER_SWEEP_INTERVAL=1s"}

// play has the virtual environment's Python play one of testdata's sessions, in the
// name of whichever clouds it takes.
func (s *service) play(script string) string {
	s.t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", script))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.terminal("gander").run("python " + path)
}

// TestKeysByCastellan has castellan's Barbican key manager, which Nova and Cinder
// keep their keys with, do all that they have it do.
func TestKeysByCastellan(t *testing.T) {
	t.Parallel()
	if got := builtFronts[0].start(t, soon...).play("keymanager.py"); got != "done" {
		t.Errorf("the session ends with %q", got)
	}
}

// TestKeysInEveryOrder has volumes and images that were encrypted by clones of one
// key go in every order: no other's key goes with any of them.
func TestKeysInEveryOrder(t *testing.T) {
	t.Parallel()
	if got := builtFronts[0].start(t, soon...).play("keystory.py"); got != "120 orders" {
		t.Errorf("the story ends with %q", got)
	}
}

// TestKeysOfSnapshots has an admin make the images of a tenant's server in each way
// that there is: the tenant can use them, and not delete them.
func TestKeysOfSnapshots(t *testing.T) {
	t.Parallel()
	if got := builtFronts[0].start(t, soon...).play("snapshots.py"); got != "6 images" {
		t.Errorf("the session ends with %q", got)
	}
}

// TestKeysByOpenStackCommand has the openstack command of python-barbicanclient do
// with secrets and orders what it can.
func TestKeysByOpenStackCommand(t *testing.T) {
	t.Parallel()
	s := builtFronts[0].start(t, soon...)
	for _, step := range secretSteps {
		terminal := s.terminal(step.as)
		terminal.dir = s.data // one folder for what the steps keep
		step.take(t, terminal, nil)
	}
}

// TestKeySession runs what README.md tells of an encrypted image and its key.
func TestKeySession(t *testing.T) {
	t.Parallel()
	s := builtFronts[0].start(t)
	c := s.terminal("gander")
	build, err := filepath.Abs("../../build")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(build, filepath.Join(c.dir, "build")); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(c.dir, "key-session.sh")
	if err := os.WriteFile(script, []byte("set -eu\n"+session(t, "key-session.sh")), 0o600); err != nil {
		t.Fatal(err)
	}
	out := c.run("sh " + script)
	t.Logf("%s", out)
	for _, told := range []string{"not while an image needs it", "the backup has its key", "the image is back", "and so is its key"} {
		if !strings.Contains(out, told) {
			t.Errorf("the session of keys does not say %q", told)
		}
	}
	if n := s.as("gander-admin").count(); n != 0 {
		t.Errorf("the session of keys leaves %d images", n)
	}
}

// secretSteps leave the refs of what they made in files.
var secretSteps = []step{
	gives("gander", `openstack secret store --name one --algorithm aes --bit-length 256 --mode cbc --payload words -f value -c "Secret href" > one && cut -d/ -f4-6 one`, "key-manager/v1/secrets"),
	gives("gander", `openstack secret get --payload -f value $(cat one)`, "words"),
	gives("gander", `openstack secret get -f value -c Name -c Status -c Algorithm $(cat one)`, "one\nACTIVE\naes"),
	gives("gander", `openstack secret store --payload "$(head -c 32 /dev/zero | base64)" --payload-content-type application/octet-stream --payload-content-encoding base64 -f value -c "Secret href" > two && openstack secret get -t application/octet-stream --file raw $(cat two) && head -c 32 /dev/zero | cmp - raw`, ""),
	says("gander", `openstack secret list -f value -c Name`, "one"),
	gives("gander", `openstack secret list --name one --algorithm aes --bit-length 256 --mode cbc --limit 1 --offset 0 -f value -c Name`, "one"),
	gives("gander", `openstack secret store --name later -f value -c "Secret href" > later && echo hello | tr -d '\n' > content && openstack secret update $(cat later) hello && openstack secret get --payload -f value $(cat later)`, "hello"),
	gives("gander", `openstack secret order create key --name ordered --algorithm aes --bit-length 128 --mode cbc --payload-content-type application/octet-stream -f value -c "Order href" > order && openstack secret order get -f value -c Type -c Status $(cat order)`, "Key\nACTIVE"),
	says("gander", `openstack secret order list -f value`, "ACTIVE"),
	gives("gander", `openstack secret get -t application/octet-stream --file key $(openstack secret order get -f value -c "Secret href" $(cat order)) && stat -c %s key`, "16"),
	gives("gander", `openstack secret order delete $(cat order)`, ""),
	refuses("gander", `openstack secret order create asymmetric --algorithm rsa --bit-length 2048`, "Bad Request"),
	says("gander", `openstack secret consumer create --service-type-name cinder --resource-type volume --resource-id 7 $(cat one) && openstack secret consumer list -f value $(cat one)`, "cinder volume 7"),
	refuses("gander", `openstack secret delete $(cat one)`, "Conflict"),
	gives("gander", `openstack secret consumer delete --service-type-name cinder --resource-type volume --resource-id 7 $(cat one)`, ""),
	gives("gander", `openstack acl user add --user 1234 $(cat one) > /dev/null && openstack acl get -f value $(cat one) | grep -c 1234`, "1"),
	gives("gander", `openstack acl submit --user 99 --no-project-access $(cat one) > /dev/null && openstack acl get -f value $(cat one) | grep -c 99`, "1"),
	gives("gander", `openstack acl delete $(cat one)`, ""),
	refuses("gander-other", `openstack secret get $(cat one)`, "Not Found"),
	refuses("gander-reader", `openstack secret store --payload no`, "Forbidden"),
	gives("gander", `openstack secret delete $(cat one)`, ""),
	refuses("gander", `openstack secret get $(cat one)`, "Not Found"),
}
