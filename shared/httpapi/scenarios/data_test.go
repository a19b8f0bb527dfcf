package scenarios

import (
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/table"
)

func TestImageDataUpload(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		data    string
		options []option
	}{
		"sized":                    {"0123456789", []option{octets("0123456789")}},
		"chunked":                  {"0123456789", []option{chunked("0123456789"), header("Content-Type", octetStream)}},
		"parameters":               {"abc", []option{octets("abc"), header("Content-Type", octetStream+"; charset=binary")}},
		"empty":                    {"", []option{octets("")}},
		"empty, in chunks":         {"", []option{chunked(""), header("Content-Type", octetStream)}},
		"declared":                 {"abc", []option{octets("abc"), header("X-Openstack-Image-Size", " 3 ")}},
		"declared, sent in chunks": {"abc", []option{chunked("abc"), header("Content-Type", octetStream), header("X-Openstack-Image-Size", "3")}},
		"chosen store":             {"abc", []option{octets("abc"), header("X-Image-Meta-Store", w.store)}},
	} {
		id := w.made(bootable)
		w.call("PUT /v2/images/"+id+"/file", append(c.options, named(name))...).want(204).is("").has("Content-Type", "")
		fields := w.call("GET /v2/images/" + id).want(200).fields()
		sum, hash := md5.Sum([]byte(c.data)), sha512.Sum512([]byte(c.data))
		for key, value := range map[string]any{
			"status": "active", "size": float64(len(c.data)), "checksum": hex.EncodeToString(sum[:]),
			"os_hash_algo": "sha512", "os_hash_value": hex.EncodeToString(hash[:]), "stores": w.store,
		} {
			if fields[key] != value {
				t.Errorf("%s: %s is %v, want %v", name, key, fields[key], value)
			}
		}
		w.call("GET /v2/images/" + id + "/file").want(200).is(c.data)
	}
}

// Images may be larger than what gateways pass on.
func TestLargeUploads(t *testing.T) {
	w := newWorld(t)
	for name, size := range map[string]int{"4 MiB": 4 << 20, "5 MiB": 5 << 20, "11 MiB": 11 << 20} {
		id, data := w.made(bootable), strings.Repeat("0123456789abcdef", size/16)
		if w.call("PUT /v2/images/"+id+"/file", named(name), octets(data)).want(204).status == 204 {
			w.call("GET /v2/images/" + id + "/file").want(200).is(data)
		}
	}
}

// What an upload refuses before bytes flow, in order. Nothing changes.
func TestImageDataUploadRefuses(t *testing.T) {
	w := newWorld(t)
	queued, plain, active := w.made(bootable), w.made(`{}`), w.filled("abc")
	public := w.made(`{"visibility":"public","disk_format":"raw","container_format":"bare"}`, as("admin"))
	const size, store = "X-Openstack-Image-Size", "X-Image-Meta-Store"
	for _, c := range []struct {
		id, who string
		options []option
		status  int
		says    string
	}{
		{"nope", "member", []option{without("Content-Type"), header(size, "x")}, 415, "The request media type  is not supported"},
		{queued, "member", []option{header("Content-Type", "text/plain")}, 415, "The request media type text/plain is not supported"},
		{queued, "member", []option{header("Content-Type", "Application/Octet-Stream")}, 415, "takes application/octet-stream"},
		{"nope", "member", []option{header(size, "x"), header(store, "x")}, 400, "number of bytes"},
		{queued, "member", []option{header(size, "")}, 400, "number of bytes"},
		{queued, "member", []option{header(size, "-1")}, 400, "number of bytes"},
		{queued, "member", []option{header(size, "1.5")}, 400, "number of bytes"},
		{queued, "member", []option{header(size, "1_0")}, 400, "number of bytes"},
		{queued, "member", []option{header(size, "99999999999999999999")}, 413, "as large as"},
		{queued, "member", []option{header(size, strconv.Itoa(1<<40+1))}, 413, ""},
		{"nope", "member", []option{header(store, "x")}, 400, "no image store"},
		{queued, "member", []option{header(store, "")}, 400, "no image store"},
		{queued, "member", []option{header(store, "os_glance_tasks_store")}, 400, "no image store"},
		{"nope", "member", nil, 404, "No image found with ID nope"},
		{uuid.NewString(), "member", nil, 404, "No image found"},
		{queued, "other", nil, 404, "No image found"},
		{public, "other", nil, 403, ""},
		{active, "reader", nil, 403, ""},
		{active, "nobody", nil, 404, "could not be found"},
		{active, "member", nil, 409, "active"},
		{plain, "member", nil, 400, "disk_format, container_format must be set"},
	} {
		options := append([]option{octets("new data"), as(c.who)}, c.options...)
		w.refused("PUT /v2/images/"+c.id+"/file", options...).want(c.status).says(c.says)
	}
}

// What fails while bytes flow leaves a queued image that can be filled again.
func TestImageDataUploadFails(t *testing.T) {
	w := newWorld(t, "GANDER_IMAGE_SIZE_CAP=100")
	id := w.made(bootable)
	path := "PUT /v2/images/" + id + "/file"
	for _, c := range []struct {
		options []option
		status  int
	}{
		{[]option{octets("abc"), header("X-Openstack-Image-Size", "5")}, 400},
		{[]option{octets("abcdefgh"), header("X-Openstack-Image-Size", "5")}, 400},
		{[]option{octets("abc"), header("X-Openstack-Image-Size", "0")}, 400},
		{[]option{chunked(strings.Repeat("x", 101)), header("Content-Type", octetStream)}, 413},
		{[]option{octets(strings.Repeat("x", 101))}, 413},
	} {
		w.call(path, c.options...).want(c.status)
		if status := w.call("GET /v2/images/" + id).fields()["status"]; status != "queued" {
			t.Fatalf("the image is %v", status)
		}
		w.call("GET /v2/images/" + id + "/file").want(204)
	}
	if left := w.stored().Objects[w.store]; len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	w.call(path, octets("abc")).want(204)
}

// What a deletion leaves goes when it is due, and not before; the id stays used.
func TestDeletedDataGoes(t *testing.T) {
	w := newWorld(t, "GANDER_RETENTION=0s")
	id := w.filled("abc")
	if held := w.stored().Objects[w.store]; len(held) != 1 {
		t.Fatalf("the store holds %v", held)
	}
	w.call("DELETE /v2/images/" + id).want(204)
	w.settle()
	w.refused("POST /v2/images", body(`{"id":"`+id+`"}`)).want(409)
}

// settle waits until every deletion is through.
func (w *world) settle() {
	w.t.Helper()
	for end := time.Now().Add(longWait); w.owes(); {
		if err := w.sweep(); err != nil || time.Now().After(end) {
			w.t.Fatalf("a deletion is not through: %v", err)
		}
	}
}

// owes reports whether a deletion is not through: data or a due entry is left.
func (w *world) owes() bool {
	now := w.stored()
	for key := range now.Items {
		if strings.HasPrefix(key.Partition, "due#") {
			return true
		}
	}
	return len(now.Objects[w.store]) > 0
}

func TestImageDataDownload(t *testing.T) {
	w := newWorld(t)
	id, empty, queued := w.filled("0123456789"), w.filled(""), w.made(bootable)
	public := w.made(`{"visibility":"public","disk_format":"raw","container_format":"bare"}`, as("admin"))
	w.call("PUT /v2/images/"+public+"/file", as("admin"), octets("x")).want(204)
	sum := "781e5e245d69b566979b86e28d23f2c7" // MD5 of the ten digits
	w.call("GET /v2/images/"+id+"/file", named("whole")).want(200).is("0123456789").
		has("Content-Type", "application/octet-stream").has("Content-Length", "10").has("Content-Md5", sum).
		has("Content-Range", "").has("Accept-Ranges", "").has("Etag", "").has("Cache-Control", "no-store")
	w.call("GET /v2/images/"+id+"/file", named("a range"), header("Range", "bytes=2-4")).want(206).is("234").
		has("Content-Length", "3").has("Content-Md5", sum).has("Content-Range", "bytes 2-4/10")
	w.call("GET /v2/images/"+empty+"/file", named("empty")).want(200).is("").has("Content-Length", "0").has("Content-Md5", "d41d8cd98f00b204e9800998ecf8427e")
	w.call("GET /v2/images/"+queued+"/file", header("Range", "bytes=0-")).want(204).is("")

	for _, c := range []struct {
		id, who string
		status  int
	}{
		{id, "reader", 403}, // sees it, and may not have it
		{id, "nobody", 404},
		{id, "other", 404},
		{public, "other", 200},
		{public, "reader", 403},
		{queued, "reader", 403},
		{queued, "other", 404},
		{id, "admin", 200},
		{"nope", "admin", 404},
	} {
		w.refused("GET /v2/images/"+c.id+"/file", as(c.who)).want(c.status)
	}
	w.refused("HEAD /v2/images/"+id+"/file").want(405).has("Allow", "GET, PUT")
	w.call("DELETE /v2/images/" + id).want(204)
	w.refused("GET /v2/images/" + id + "/file").want(404)
}

// A deactivated image keeps its bytes to itself, before policy is asked; an
// admin still gets them.
func TestDownloadDeactivated(t *testing.T) {
	w := newWorld(t)
	id := w.filled("abc")
	w.setStatus(id, image.Deactivated)
	w.call("GET /v2/images/" + id + "/file").want(403).says("deactivated")
	w.call("GET /v2/images/"+id+"/file", as("nobody")).want(403).says("deactivated")
	w.call("GET /v2/images/"+id+"/file", as("admin")).want(200).is("abc")
	w.call("GET /v2/images/" + id).want(200).says(`"status":"deactivated"`)
}

// setStatus writes a state that no operation leads to yet.
func (w *world) setStatus(id string, status image.Status) {
	w.t.Helper()
	items, err := w.table.Get(w.t.Context(), image.Key(id))
	if err != nil || items[0] == nil {
		w.t.Fatalf("no record of %s: %v", id, err)
	}
	body := strings.Replace(string(items[0].Body), `"status":"active"`, `"status":"`+string(status)+`"`, 1)
	outcome, err := w.table.Transact(w.t.Context(), table.Write{
		Kind: table.Put, Key: items[0].Key, Schema: items[0].Schema, Body: []byte(body), If: table.IfRevision(items[0].Revision),
	})
	if err != nil || !outcome.OK() {
		w.t.Fatalf("writing %s: %v %v", id, outcome, err)
	}
}

// Statuses and parts were compared with Glance 33; where they differ from it the
// case says so.
func TestRanges(t *testing.T) {
	w := newWorld(t)
	id, empty := w.filled("0123456789"), w.filled("")
	const whole, unreadable, several = "0-9/10", "", "400"
	for _, c := range []struct{ name, value, want string }{
		{"Range", "bytes=0-3", "0-3/10"},
		{"Range", "bytes=3-", "3-9/10"},
		{"Range", "bytes=9-", "9-9/10"},
		{"Range", "bytes=-3", "7-9/10"},
		{"Range", "bytes=-30", whole},
		{"Range", "bytes=0-99", whole},
		{"Range", "bytes=0-99999999999999999999", whole},
		{"Range", "BYTES = 0 - 3", "0-3/10"},
		{"Range", "bytes=00-03", "0-3/10"},
		{"Range", "bytes=0-1,2-3", several},
		{"Range", ",", several},
		{"Range", "bytes=10-", unreadable},
		{"Range", "bytes=99999999999999999999-", unreadable},
		{"Range", "bytes=5-2", unreadable},
		{"Range", "items=0-1", unreadable},
		{"Range", "", unreadable},
		{"Range", "0-3", unreadable},
		{"Range", "bytes=-", unreadable},    // Glance crashes
		{"Range", "bytes=-0", unreadable},   // Glance sends all
		{"Range", "bytes=0-3x", unreadable}, // Glance reads 0-3
		{"Range", "bytes=1-2-3", unreadable},
		{"Range", "bytes=+1-2", unreadable},
		{"Range", "bytes=٣-", unreadable},
		{"Content-Range", "bytes 0-3/*", "0-3/10"},
		{"Content-Range", "bytes 0-3/10", "0-3/10"},
		{"Content-Range", "bytes 0-3/5", "0-3/10"},
		{"Content-Range", "bytes 0-9/*", whole},
		{"Content-Range", "bytes 3-20/*", unreadable},
		{"Content-Range", "bytes 3-20/30", "3-9/10"}, // Glance promises bytes that it has not
		{"Content-Range", "bytes 3-20/5", unreadable},
		{"Content-Range", "bytes 10-11/*", unreadable},
		{"Content-Range", "bytes 10-11/30", unreadable},
		{"Content-Range", "bytes 5-2/*", unreadable},
		{"Content-Range", "bytes */*", unreadable}, // Glance crashes
		{"Content-Range", "x", unreadable},
		{"Content-Range", "", unreadable},
	} {
		got := w.call("GET /v2/images/"+id+"/file", named(c.name+": "+c.value), header(c.name, c.value))
		switch c.want {
		case several:
			got.want(400)
		case unreadable:
			got.want(416).has("Content-Range", "bytes */10")
		default:
			got.want(206).has("Content-Range", "bytes "+c.want)
		}
	}
	w.call("GET /v2/images/"+id+"/file", header("Range", "bytes=10-")).want(416).has("Content-Range", "bytes */10").has("Content-Md5", "")
	w.call("GET /v2/images/"+id+"/file", header("Range", "bytes=0-1,3-4")).want(400).says("one at a time")
	w.call("GET /v2/images/"+id+"/file", header("Range", "bytes=1-2"), header("Content-Range", "bytes 3-4/*")).want(206).is("12")
	w.call("GET /v2/images/"+id+"/file", named("two ranges"), func(r *http.Request) { r.Header["Range"] = []string{"bytes=0-1", "bytes=3-4"} }).want(400)
	w.call("GET /v2/images/"+id+"/file", header("Content-Range", "bytes 3-4/*")).want(206).is("34")
	for _, r := range []string{"bytes=0-", "bytes=-5"} {
		w.call("GET /v2/images/"+empty+"/file", header("Range", r)).want(416).has("Content-Range", "bytes */0")
	}
}
