//go:build !cloud

package httpapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/image"
)

func decodes(text string, into any) bool { return json.Unmarshal([]byte(text), into) == nil }

func p[T any](v T) *T { return &v }

func exampleImage() *image.Image {
	at := time.Date(2026, 7, 1, 11, 0, 0, 999_999_000, time.FixedZone("", 2*3600))
	return &image.Image{
		ID: "b2173dd3-7ad6-4362-baa6-a68bce3565cb", Name: p("Ubuntu"), Status: image.Queued, Visibility: image.Shared,
		Owner: p("bab7d5c60cd041a0a36f7c4b6e1dd978"), CreatedAt: at, UpdatedAt: at,
		Properties: map[string]string{"os_distro": "ubuntu"}, CreatorUserID: "secret", Writer: image.Writer{User: "secret"},
	}
}

// The example of the contract, in its order.
func TestImageJSONExample(t *testing.T) {
	const want = `{"id":"b2173dd3-7ad6-4362-baa6-a68bce3565cb","name":"Ubuntu","status":"queued","visibility":"shared","protected":false,` +
		`"os_hidden":false,"owner":"bab7d5c60cd041a0a36f7c4b6e1dd978","container_format":null,"disk_format":null,"min_ram":0,"min_disk":0,` +
		`"size":null,"virtual_size":null,"checksum":null,"os_hash_algo":null,"os_hash_value":null,"tags":[],"os_distro":"ubuntu",` +
		`"created_at":"2026-07-01T09:00:00Z","updated_at":"2026-07-01T09:00:00Z",` +
		`"self":"/v2/images/b2173dd3-7ad6-4362-baa6-a68bce3565cb","file":"/v2/images/b2173dd3-7ad6-4362-baa6-a68bce3565cb/file","schema":"/v2/schemas/image"}`
	if got := string(appendImage(nil, exampleImage())); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestImageJSONHides(t *testing.T) {
	img := exampleImage()
	img.Properties = map[string]string{
		"os_glance_stage_host": "a", "os_glance_hash_op_host": "b", "os_glance_failed_import": "", "os_hash_algo": "shadow", "stores": "shadow",
		"kernel_id": "k",
	}
	img.Locations = []image.Location{{Store: "fast"}, {Store: "cheap"}}
	got := string(appendImage(nil, img))
	for _, hidden := range []string{"stage_host", "op_host", "shadow", "secret"} {
		if strings.Contains(got, hidden) {
			t.Errorf("%s is shown: %s", hidden, got)
		}
	}
	for _, shown := range []string{`"os_glance_failed_import":""`, `"kernel_id":"k"`, `"stores":"fast,cheap"`} {
		if !strings.Contains(got, shown) {
			t.Errorf("%s is not shown: %s", shown, got)
		}
	}
}

// What the encoder writes, a decoder reads back as the image was, and clients
// that compare bytes see each name once.
func TestImageJSONReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		img := exampleImage()
		img.Name = rapid.Ptr(text, true).Draw(t, "name")
		img.Size = rapid.Ptr(rapid.Int64(), true).Draw(t, "size")
		img.Tags = rapid.SliceOf(text).Draw(t, "tags")
		img.Properties = rapid.MapOf(text, text).Draw(t, "properties")
		img.Protected = rapid.Bool().Draw(t, "protected")
		out := appendImage(nil, img)
		var got map[string]any
		decoder := json.NewDecoder(strings.NewReader(string(out)))
		decoder.UseNumber()
		if err := decoder.Decode(&got); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		want := map[string]any{"name": nil, "size": nil, "tags": []any{}, "protected": img.Protected}
		if img.Name != nil {
			want["name"] = *img.Name
		}
		if img.Size != nil {
			n, _ := json.Marshal(*img.Size)
			want["size"] = json.Number(n)
		}
		for _, tag := range img.Tags {
			want["tags"] = append(want["tags"].([]any), tag)
		}
		for name, value := range img.Properties {
			if a := attributes[name]; a == nil || !a.base {
				want[name] = value
			}
		}
		for name, value := range want {
			if diff := cmp.Diff(value, got[name]); diff != "" {
				t.Fatalf("%q: %s", name, diff)
			}
		}
		for _, c := range string(out) {
			if c < ' ' {
				t.Fatalf("a bare control character in %q", out)
			}
		}
	})
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "ü🐧", "\x00\x1f\x7f", `"\/`, "\xff\xfe", "<&>\u2028", "\ufffd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		out := appendText(nil, s)
		if !decodes(string(out), &got) || got != strings.ToValidUTF8(s, "\ufffd") && utf8.ValidString(s) {
			t.Errorf("%q became %s, read as %q", s, out, got)
		}
		if !utf8.Valid(out) {
			t.Errorf("%q became %q", s, out)
		}
	})
}

// Show's encoding, beside the standard encoder on a map.
func BenchmarkImageJSON(b *testing.B) {
	img := exampleImage()
	img.Tags = []string{"a", "b", "c"}
	for _, name := range []string{"architecture", "hw_disk_bus", "hw_qemu_guest_agent", "os_version", "owner_specified.openstack.md5"} {
		img.Properties[name] = "some text for the value"
	}
	b.Run("append", func(b *testing.B) {
		buffer := make([]byte, 0, 4096)
		b.ReportAllocs()
		for b.Loop() {
			buffer = appendImage(buffer[:0], img)
		}
		b.SetBytes(int64(len(buffer)))
	})
	b.Run("encoding/json", func(b *testing.B) {
		var m map[string]any
		if !decodes(string(appendImage(nil, img)), &m) {
			b.Fatal("cannot be read")
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
