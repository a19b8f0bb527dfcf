package image

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/table"
)

var sameImage = cmp.Options{cmpopts.IgnoreUnexported(Image{}), cmpopts.EquateApproxTime(0)}

// TestRecordsAreReadFast writes any record, and has it read by readPlain, which
// finds in it what encoding/json finds.
func TestRecordsAreReadFast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		img := anyImage(t)
		body, err := encode(img)
		if err != nil {
			t.Fatal(err)
		}
		fast := readPlain(body)
		if fast == nil {
			t.Fatalf("read by encoding/json: %s", body)
		}
		slow, err := readAny(body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(slow, fast, sameImage); diff != "" {
			t.Fatalf("%s\n-slow +fast\n%s", body, diff)
		}
	})
}

// FuzzReadPlain holds the fast way to read a record to the standard one: what it
// takes is JSON and means the same.
func FuzzReadPlain(f *testing.F) {
	for _, body := range oddRecords {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fast := readPlain(bytes.Clone(body))
		if fast == nil {
			return
		}
		slow, err := readAny(body)
		if err != nil {
			t.Fatalf("%q was taken: %v", body, err)
		}
		if diff := cmp.Diff(slow, fast, sameImage); diff != "" {
			t.Fatalf("%q\n-slow +fast\n%s", body, diff)
		}
	})
}

// oddRecords are such as nobody writes today. Those that are JSON are read all
// the same.
var oddRecords = []string{
	`{"id":"a","status":"active","writer":{}}`,
	`{"id":"a","status":"active","writer":{},"later":{"x":[1,2]}}`,
	`{"status":"active","id":"a","writer":{}}`,
	`{ "id": "a", "status": "active", "writer": {} }`,
	`{"id":"a","status":"active","name":null,"tags":[],"properties":{},"writer":{}}`,
	`{"id":"a","status":"active","name":"a\u00e9\ud83d\ude00\n\\\"é","writer":{}}`,
	"{\"id\":\"a\",\"status\":\"active\",\"name\":\"\xff\x01\",\"writer\":{}}",
	"{\"id\":\"a\",\"status\":\"active\",\"name\":\"\xff\",\"writer\":{}}",
	"{\"id\":\"a\",\"status\":\"active\",\"name\":\"\x01\",\"writer\":{}}",
	"{\"id\":\"a\",\"status\":\"active\",\"name\":\"\x85\",\"writer\":{},\"upload\":\"\xff\"}",
	"{\"id\":\"a\",\"status\":\"active\",\"writer\":{},\"upload\":\"\x01\"}",
	`{"id":"a","status":"active","protected":false,"min_ram":-1,"size":1e3,"writer":{}}`,
	`{"id":"a","status":"active","min_ram":01,"writer":{}}`,
	`{"id":"a","status":"active","size":9223372036854775808,"writer":{}}`,
	`{"id":"a","status":"active","size":999999999999999999,"writer":{}}`,
	`{"id":"a","status":"active","created_at":"2026-01-01T1:00:00Z","writer":{}}`,
	`{"id":"a","status":"active","created_at":"2026-01-01T01:00:00,5Z","writer":{}}`,
	`{"id":"a","status":"active","created_at":"2026-01-01T01:00:00+02:00","writer":{}}`,
	`{"id":"a","status":"active","properties":{"k":"1","k":"2"},"writer":{"user":"u"}}`,
	`{"id":"a","status":"active","properties":{"k":"1",},"writer":{,"user":"u"}}`,
	`{"id":"a","id":"b","status":"active","writer":{},}`,
	`{"id":"a","status":"active","tags":["a","b"],"writer":{}}{}`,
	`{`, `{"id"`, `{"id":"a\`, `null`, ``,
}

// TestOddRecordsAreRead shows that a record in another form is read as well, and
// that a broken one is not.
func TestOddRecordsAreRead(t *testing.T) {
	t.Parallel()
	for _, body := range oddRecords {
		want, broken := readAny([]byte(body))
		got, err := decode(&table.Item{Key: Key("a"), Body: []byte(body), Schema: recordSchema, Revision: 1})
		if (err != nil) != (broken != nil) {
			t.Errorf("%s: %v, want %v", body, err, broken)
		} else if diff := cmp.Diff(want, got, sameImage, cmpopts.IgnoreFields(Image{}, "Revision")); diff != "" {
			t.Errorf("%s: -want +got\n%s", body, diff)
		}
	}
}

// TestUnknownFieldsOfARecordSurvive also where a newer version has put them
// among those known here.
func TestUnknownFieldsOfARecordSurvive(t *testing.T) {
	t.Parallel()
	const body = `{"id":"a","later":{"x":[1]},"status":"active","writer":{},"more":"é"}`
	img, err := decode(&table.Item{Key: Key("a"), Body: []byte(body), Schema: recordSchema, Revision: 1})
	if err != nil {
		t.Fatal(err)
	}
	img.Status = Deactivated
	saved, err := encode(img)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(saved, &fields); err != nil {
		t.Fatal(err)
	}
	if string(fields["later"]) != `{"x":[1]}` || string(fields["more"]) != `"é"` || string(fields["status"]) != `"deactivated"` {
		t.Errorf("saved as %s", saved)
	}
}

func anyImage(t *rapid.T) *Image {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9:<>&"\\ -]{0,40}`))
	some := rapid.Ptr(text, true)
	number := rapid.Int64Range(0, 1<<59)
	when := rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMicro(rapid.Int64Range(0, 1<<51).Draw(t, "time")).UTC()
	})
	img := &Image{
		ID: text.Draw(t, "id"), Status: Status(text.Draw(t, "status")), Name: some.Draw(t, "name"),
		Visibility: Visibility(text.Draw(t, "visibility")), Protected: rapid.Bool().Draw(t, "protected"), Hidden: rapid.Bool().Draw(t, "hidden"),
		Owner: some.Draw(t, "owner"), ContainerFormat: some.Draw(t, "container"), DiskFormat: some.Draw(t, "disk"),
		MinRAM: number.Draw(t, "ram"), MinDisk: number.Draw(t, "disk"),
		Size: rapid.Ptr(number, true).Draw(t, "size"), VirtualSize: rapid.Ptr(number, true).Draw(t, "virtual"),
		Checksum: some.Draw(t, "checksum"), HashAlgo: some.Draw(t, "algo"), HashValue: some.Draw(t, "hash"),
		CreatedAt: when.Draw(t, "created"), UpdatedAt: when.Draw(t, "updated"),
		Tags: rapid.SliceOfN(text, 0, 5).Draw(t, "tags"), Properties: rapid.MapOfN(text, text, 0, 5).Draw(t, "properties"),
		CreatorUserID: text.Draw(t, "creator"), MemberCount: rapid.IntRange(0, 1000).Draw(t, "members"), Upload: text.Draw(t, "upload"),
		Writer: Writer{User: text.Draw(t, "user"), Project: text.Draw(t, "project"), Request: text.Draw(t, "request"), Change: text.Draw(t, "change")},
	}
	for range rapid.IntRange(0, 2).Draw(t, "locations") {
		img.Locations = append(img.Locations, Location{text.Draw(t, "store"), text.Draw(t, "place"), text.Draw(t, "version")})
	}
	if rapid.Bool().Draw(t, "deleted") {
		img.Deletion = &Deletion{At: when.Draw(t, "at"), PurgeAt: when.Draw(t, "purge"), Was: Status(text.Draw(t, "was"))}
	}
	return img
}

func BenchmarkDecode(b *testing.B) {
	item := &table.Item{Key: Key("a"), Schema: recordSchema, Revision: 1, Body: []byte(usualRecord)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decode(item); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkYardstickDecode reads the same record by encoding/json.
func BenchmarkYardstickDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readAny([]byte(usualRecord)); err != nil {
			b.Fatal(err)
		}
	}
}

const usualRecord = `{"id":"6b6d0b2e-6a5f-4a5c-9a3c-9b0d2a1f2c3d","status":"active","name":"debian-13","visibility":"shared",` +
	`"owner":"0123456789abcdef0123456789abcdef","container_format":"bare","disk_format":"raw","size":123456789,` +
	`"checksum":"0123456789abcdef0123456789abcdef","hash_algo":"sha512","hash_value":"` +
	`0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",` +
	`"created_at":"2026-11-26T18:50:27.123456Z","updated_at":"2026-11-26T18:50:29.654321Z","tags":["stable","server"],` +
	`"properties":{"hw_disk_bus":"virtio","os_distro":"debian","os_version":"13"},` +
	`"locations":[{"store":"local","name":"images/6b6d0b2e-6a5f-4a5c-9a3c-9b0d2a1f2c3d/6b6d0b2e-6a5f-4a5c-9a3c-9b0d2a1f2c3d",` +
	`"version":"0123456789abcdef0123456789abcdef"}],"creator_user_id":"0123456789abcdef0123456789abcdef",` +
	`"writer":{"user":"0123456789abcdef0123456789abcdef","project":"0123456789abcdef0123456789abcdef",` +
	`"request":"req-6b6d0b2e-6a5f-4a5c-9a3c-9b0d2a1f2c3d","change":"6b6d0b2e-6a5f-4a5c-9a3c-9b0d2a1f2c3d"}}`
