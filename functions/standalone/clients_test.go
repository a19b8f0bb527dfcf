//go:build clients

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// These tests run the stock clients, as commands, against build/gander. They
// need $GANDER_CLIENTS, a Python virtual environment with the clients in it, and
// qemu-img, mkfs.ext4 and curl; what is absent fails them.

// A terminal runs commands as somebody who configured one cloud.
type terminal struct {
	t   *testing.T
	dir string
	env []string
}

func (s *service) terminal(cloud string) *terminal {
	s.t.Helper()
	clients := os.Getenv("GANDER_CLIENTS")
	if clients == "" {
		s.t.Fatal("GANDER_CLIENTS names no virtual environment with the stock clients")
	}
	dir := s.t.TempDir()
	return &terminal{t: s.t, dir: dir, env: []string{
		"PATH=" + clients + "/bin:" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "HOME=" + dir, "LC_ALL=C.UTF-8",
		"OS_CLIENT_CONFIG_FILE=" + filepath.Join(s.data, "clouds.yaml"), "OS_CLOUD=" + cloud, "URL=" + s.url,
	}}
}

// run gives a line to the shell and wants it to succeed.
func (c *terminal) run(line string) string {
	c.t.Helper()
	out, err := c.try(line)
	if err != nil {
		c.t.Fatalf("$ %s\n%s\n%v", line, out, err)
	}
	return out
}

// fails wants the command to fail with this among its words, and not by a
// defect of the client.
func (c *terminal) fails(line, word string) {
	c.t.Helper()
	out, err := c.try(line)
	if err == nil {
		c.t.Errorf("$ %s\n%s\ndid not fail", line, out)
	}
	if !strings.Contains(out, word) || strings.Contains(out, "Traceback") {
		c.t.Errorf("$ %s\n%s\nwant %q, and no traceback", line, out, word)
	}
}

func (c *terminal) try(line string) (string, error) {
	cmd := exec.CommandContext(c.t.Context(), "bash", "-euo", "pipefail", "-c", line)
	cmd.Dir, cmd.Env = c.dir, c.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil {
		return stdout.String() + stderr.String(), err
	}
	return strings.TrimSpace(stdout.String()), nil
}

// disk makes a qcow2 around a real file system.
func (c *terminal) disk(name string) {
	c.t.Helper()
	c.run(fmt.Sprintf(`truncate -s 64M %[1]s.raw && mkfs.ext4 -q -F %[1]s.raw && qemu-img convert -O qcow2 %[1]s.raw %[1]s`, name))
}

// TestFirstSession runs what README.md tells a newcomer to paste.
func TestFirstSession(t *testing.T) {
	t.Parallel()
	for _, f := range builtFronts {
		t.Run(f.name, func(t *testing.T) { runFirstSession(t, f) })
	}
}

func runFirstSession(t *testing.T, f front) {
	s := f.start(t)
	c := s.terminal("gander")
	script := filepath.Join(c.dir, "first-session.sh")
	if err := os.WriteFile(script, []byte("set -eu\n"+sized(t, firstSession(t), f.large)), 0o644); err != nil {
		t.Fatal(err)
	}
	out := c.run("sh " + script)
	t.Logf("%s", out)
	if n := s.as("gander-admin").count(); n != 0 {
		t.Errorf("the first session leaves %d images", n)
	}
}

// sized has the first session use a disk as large as a front takes in, where that
// is more than the session makes by itself.
func sized(t *testing.T, script string, size int) string {
	const formatted = "mkfs.ext4 -q -F disk.raw\n"
	if size <= 4<<20 {
		return script
	}
	filled := fmt.Sprintf("head -c %d /dev/urandom | dd of=disk.raw bs=1M seek=8 conv=notrunc status=none\n", size)
	larger := strings.Replace(script, formatted, formatted+filled, 1)
	if larger == script {
		t.Fatalf("the first session has no line %q", formatted)
	}
	return larger
}

func TestOpenStackCommand(t *testing.T) {
	t.Parallel()
	s := builtFronts[0].start(t)
	c := s.terminal("gander")
	c.disk("disk.qcow2")
	if id := c.run("openstack token issue -f value -c project_id"); id == "" {
		t.Error("the token has no project")
	}
	catalog := c.run("openstack catalog list -f value -c Type")
	if !strings.Contains(catalog, "image") || !strings.Contains(catalog, "identity") {
		t.Errorf("the catalog has %q", catalog)
	}
	id := c.run("openstack image create --disk-format qcow2 --container-format bare --min-disk 1 --property hw_disk_bus=virtio --tag one --file disk.qcow2 -f value -c id disk")
	if got := c.run("openstack image show -f value -c status -c disk_format " + id); got != "qcow2\nactive" && got != "active\nqcow2" {
		t.Errorf("show by id: %q", got)
	}
	if got := c.run("openstack image show -f value -c id disk"); got != id {
		t.Errorf("show by name: %q, want %q", got, id)
	}
	if got := c.run("openstack image show -f json disk"); !strings.Contains(got, `"hw_disk_bus": "virtio"`) {
		t.Errorf("show as JSON has no property: %s", got)
	}
	if got := c.run("openstack image list --long -f value"); !strings.Contains(got, id) || !strings.Contains(got, "disk") {
		t.Errorf("list: %q", got)
	}
	if got := c.run("openstack image list --name disk -f value -c ID"); got != id {
		t.Errorf("list by name: %q", got)
	}
	c.run("openstack image save --file saved disk && cmp saved disk.qcow2")
	c.run("openstack image save --chunk-size 4096 disk > piped && cmp piped disk.qcow2")

	second := c.run("openstack image create --disk-format raw --container-format bare -f value -c id second")
	c.run("openstack image list --limit 1 -f value -c ID")
	others(t, s, id)
	c.run("openstack image delete disk " + second)
	c.fails("openstack image show "+id, "No Image found")
	c.fails("openstack image delete "+id, "") // the command's own words are about stores
	if left := c.run("openstack image list -f value"); left != "" {
		t.Errorf("after the deletion the list has %q", left)
	}
}

// others looks at an image as everybody else.
func others(t *testing.T, s *service, id string) {
	reader := s.terminal("gander-reader")
	reader.run("openstack image show -f value -c id " + id)
	reader.fails("openstack image create --disk-format raw --container-format bare denied", "403")
	reader.fails("openstack image delete "+id, "403")
	// The client writes the refusal into the file and finds it by its hash.
	reader.fails("openstack image save --file no "+id, "Unable to download image")
	reader.run("grep -q 403 no")
	other := s.terminal("gander-other")
	other.fails("openstack image show "+id, "No Image found")
	other.fails("openstack image delete "+id, "")
	if list := other.run("openstack image list -f value"); list != "" {
		t.Errorf("another project lists %q", list)
	}
	for _, cloud := range []string{"gander-admin", "gander-manager"} {
		if got := s.terminal(cloud).run("openstack image list -f value -c ID"); !strings.Contains(got, id) {
			t.Errorf("%s does not list image %s: %q", cloud, id, got)
		}
	}
	service := s.terminal("gander-service") // the default rules give this role nothing by itself
	service.run("openstack token issue -f value -c id")
	service.fails("openstack image list", "403")
}

func TestGlanceCommand(t *testing.T) {
	t.Parallel()
	s := builtFronts[0].start(t)
	c := s.terminal("gander")
	c.disk("disk.qcow2")
	c.env = append(c.env, s.openrc("gander")...)
	c.run("glance image-create --name disk --disk-format qcow2 --container-format bare --property os_distro=debian --file disk.qcow2 | tee created")
	id := c.run(`awk '$2 == "id" {print $4}' created`)
	if got := c.run("glance image-list"); !strings.Contains(got, id) {
		t.Errorf("image-list: %s", got)
	}
	if got := c.run("glance image-show " + id); !strings.Contains(got, "active") || !strings.Contains(got, "debian") {
		t.Errorf("image-show: %s", got)
	}
	c.run("glance image-download --file saved " + id + " && cmp saved disk.qcow2")
	create := `glance image-create --disk-format raw --container-format bare %s | awk '$2 == "id" {print $4}'`
	empty := c.run(fmt.Sprintf(create, "--name empty </dev/null")) // what is not a terminal is data
	if got := c.run("glance image-show " + empty + ` | awk '$2 == "size" || $2 == "status" {print $4}'`); got != "0\nactive" {
		t.Errorf("the empty image is %q", got)
	}
	queued := c.run(fmt.Sprintf(create, "--name queued <&-"))
	c.run("glance image-upload --file disk.qcow2 " + queued)
	c.fails("glance image-upload --file disk.qcow2 "+queued, "409")
	c.run("glance stores-info")
	c.run("glance import-info")
	c.run("glance image-delete " + id + " " + empty + " " + queued)
	c.fails("glance image-show "+id, "404")
	c.fails("glance image-delete "+id, "No image with an ID of")
	c.fails("glance image-download --file no "+id, "404")
}

// openrc reads the file that openrc users source; the glance command knows no
// clouds.yaml.
func (s *service) openrc(cloud string) []string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data, "openrc-"+cloud))
	if err != nil {
		s.t.Fatal(err)
	}
	var env []string
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
			name, value, _ := strings.Cut(v, "=")
			env = append(env, name+"="+strings.Trim(value, `"'`))
		}
	}
	if len(env) == 0 {
		s.t.Fatalf("openrc-%s sets nothing:\n%s", cloud, text)
	}
	return env
}

func TestOpenStackSDK(t *testing.T) {
	t.Parallel()
	c := builtFronts[0].start(t).terminal("gander")
	c.disk("disk.qcow2")
	c.run(`cat > life.py <<'PY'
import hashlib, io, openstack
from openstack import exceptions

conn = openstack.connect()
with open("disk.qcow2", "rb") as f:
    data = f.read()

image = conn.create_image("disk", filename="disk.qcow2", disk_format="qcow2", container_format="bare", wait=True, owner_specified="yes")
assert image.status == "active", image
assert image.size == len(data), image
assert image.hash_algo == "sha512" and image.hash_value == hashlib.sha512(data).hexdigest(), image
assert image.checksum == hashlib.md5(data).hexdigest(), image

image2 = conn.image.create_image("second", filename="disk.qcow2", disk_format="qcow2", container_format="bare", wait=True)
names = sorted(i.name for i in conn.image.images())
assert names == ["disk", "second"], names
assert [i.id for i in conn.image.images(name="disk")] == [image.id]
assert conn.image.find_image("disk").id == image.id
assert conn.image.get_image(image.id).name == "disk"

out = io.BytesIO()
conn.image.download_image(image, output=out)
assert out.getvalue() == data
streamed = b"".join(conn.image.download_image(image, stream=True).iter_content(65536))
assert streamed == data

conn.image.delete_image(image)
conn.image.delete_image(image2.id)
conn.image.delete_image(image2.id, ignore_missing=True)
try:
    conn.image.get_image(image.id)
    raise SystemExit("a deleted image is shown")
except exceptions.NotFoundException:
    pass
assert list(conn.image.images()) == []
print("ok")
PY
python life.py`)
}

func TestCurl(t *testing.T) {
	t.Parallel()
	s := builtFronts[0].start(t)
	c := s.terminal("gander")
	c.run(`head -c 3000000 /dev/urandom > data; : > none`)
	c.env = append(c.env, "TOKEN="+s.as("gander").token)
	create := func() string {
		return c.run(`curl -sf -H "X-Auth-Token: $TOKEN" -d '{"disk_format": "raw", "container_format": "bare"}' $URL/v2/images | sed 's/.*"id": *"\([0-9a-f-]*\)".*/\1/'`)
	}
	want := func(line, status string) {
		t.Helper()
		if got := c.run(`curl -s -o answer -w '%{http_code}' -H "X-Auth-Token: $TOKEN" ` + line); got != status {
			t.Errorf("$ curl %s\nis answered %s, want %s: %s", line, got, status, c.run("head -c 500 answer"))
		}
	}
	put := `-T %s -H 'Content-Type: application/octet-stream' %s $URL/v2/images/%s/file`
	sized, chunked, empty, declared := create(), create(), create(), create()
	want(fmt.Sprintf(put, "data", "", sized), "204")
	want(fmt.Sprintf(put, "- < data", "-H 'Transfer-Encoding: chunked'", chunked), "204")
	want(fmt.Sprintf(put, "none", "", empty), "204")
	want(fmt.Sprintf(put, "data", "-H 'x-openstack-image-size: 2999999'", declared), "400")
	want(fmt.Sprintf(put, "data", "-H 'x-openstack-image-size: 3000000'", declared), "204")
	for _, id := range []string{sized, chunked, declared} {
		want("$URL/v2/images/"+id+"/file", "200")
		c.run("cmp answer data")
	}
	want("$URL/v2/images/"+empty+"/file", "200")
	c.run("test ! -s answer")
	want("-r 100-199 $URL/v2/images/"+sized+"/file", "206")
	c.run("cmp answer <(tail -c +101 data | head -c 100)")
	want("-r 3000000- $URL/v2/images/"+sized+"/file", "416")
	want("-I $URL/v2/images/"+sized, "405")
	c.run("grep -qi '^allow: .*GET' answer")
	if got := c.run(`curl -s -o answer -w '%{http_code}' $URL/v2/images`); got != "401" {
		t.Errorf("without a token: %s", got)
	}
	if got := c.run(`curl -s -o answer -w '%{http_code}' $URL/`); got != "300" {
		t.Errorf("the versions document: %s", got)
	}
}

// The form of an error follows what the client accepts; the stock clients break
// otherwise.
func TestErrorBodiesByAccept(t *testing.T) {
	s := builtFronts[0].start(t)
	c := s.terminal("gander")
	c.env = append(c.env, "TOKEN="+s.as("gander").token)
	for accept, kind := range map[string]string{
		"application/json": "application/json", "*/*": "text/html; charset=UTF-8", "": "text/plain; charset=UTF-8",
	} {
		t.Run("accept "+accept, func(t *testing.T) {
			got := c.run(`curl -s -o answer -w '%{http_code} %{content_type}' -H "X-Auth-Token: $TOKEN" -H 'Accept: ` + accept + `' $URL/v2/images/absent`)
			if got != "404 "+kind {
				t.Errorf("a missing image is answered %s, want 404 %s", got, kind)
			}
		})
	}
}
