package httpapi

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gander-images/gander/shared/image"
)

// Limits of the headers that describe an image. Gateways pass no more than 10,240
// bytes of headers, of which a signed URL may take a quarter; Python's HTTP client
// reads no more than 100 lines.
//
// Source: Amazon API Gateway Developer Guide, "Quotas for REST APIs"; CPython,
// Lib/http/client.py, _MAXHEADERS.
const (
	maxBytesV1 = 7 << 10 // names and values
	maxLinesV1 = 76
)

// leftOutV1 is the header that tells how many others had no room.
const leftOutV1 = "X-Gander-Headers-Left-Out"

const (
	attributeV1 = "x-image-meta-"
	propertyV1  = "x-image-meta-property-"
	timeV1      = "2006-01-02T15:04:05.000000"
)

// A line is one header of a description.
type line struct{ name, value string }

func (l line) size() int { return len(l.name) + len(l.value) }

// headersV1 describe an image: its attributes and properties, each in a header of
// its own, and what v1 says besides. What has no room is left out whole, the
// longest properties first.
//
// Source: glance/common/utils.py, image_meta_to_http_headers; glance/api/v1/images.py,
// ImageSerializer.
func (s *Services) headersV1(img *image.Image) http.Header {
	header := http.Header{"Location": {s.PublicEndpoint + "/v1/images/" + img.ID}}
	if img.Checksum != nil {
		header["Etag"] = []string{*img.Checksum}
	}
	bytes, lines, leftOut := 0, 0, 0
	for _, l := range append(attributesV1(img), propertiesV1(img)...) {
		if bytes+l.size() > maxBytesV1 || lines == maxLinesV1 {
			leftOut++
			continue
		}
		bytes, lines = bytes+l.size(), lines+1
		header.Set(l.name, l.value)
	}
	if leftOut > 0 {
		header.Set(leftOutV1, strconv.Itoa(leftOut))
	}
	return header
}

// attributesV1 are those of v1 that have a value, in its forms: Python's for what
// is true or false, and no zone behind a time.
func attributesV1(img *image.Image) []line {
	lines := []line{
		{"id", img.ID},
		{"status", string(img.Status)},
		{"is_public", truth(img.Visibility == image.Public)},
		{"protected", truth(img.Protected)},
		{"deleted", truth(false)},
		{"min_ram", strconv.FormatInt(img.MinRAM, 10)},
		{"min_disk", strconv.FormatInt(img.MinDisk, 10)},
		{"created_at", img.CreatedAt.UTC().Format(timeV1)},
		{"updated_at", img.UpdatedAt.UTC().Format(timeV1)},
	}
	number := func(name string, n *int64) {
		if n != nil {
			lines = append(lines, line{name, strconv.FormatInt(*n, 10)})
		}
	}
	text := func(name string, s *string) {
		if s != nil {
			lines = append(lines, line{name, headerText(*s)})
		}
	}
	number("size", img.Size)
	number("virtual_size", img.VirtualSize)
	text("checksum", img.Checksum)
	text("disk_format", img.DiskFormat)
	text("container_format", img.ContainerFormat)
	text("owner", img.Owner)
	text("name", img.Name)
	for i := range lines {
		lines[i].name = attributeV1 + lines[i].name
	}
	return lines
}

func truth(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// propertiesV1 are the custom properties, the shortest first. Of names that differ
// in letter case alone v1 can show one; the last in order is, which is the one in
// lower case if there is such.
func propertiesV1(img *image.Image) []line {
	values := map[string]string{}
	for _, name := range shownProperties(nil, img.Properties) {
		values[propertyV1+headerName(strings.ToLower(name))] = headerText(img.Properties[name])
	}
	lines := make([]line, 0, len(values))
	for name, value := range values {
		lines = append(lines, line{name, value})
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.size(), b.size()), strings.Compare(a.name, b.name))
	})
	return lines
}

// headerText is a text as the value of a header: UTF-8, in which all but printable
// ASCII, blanks at the ends and the percent sign are written as %XX. So it is one
// line, whatever it holds, and can be read back.
//
// Source: RFC 8187, section 3.2.1; python-glanceclient writes headers likewise.
func headerText(s string) string {
	return percent(s, func(i int) bool {
		c := s[i]
		return c < ' ' || c > '~' || c == '%' || c == ' ' && (i == 0 || i == len(s)-1)
	})
}

// headerName is a text as part of a header's name, in which all that no token may
// have is written likewise.
//
// Source: RFC 9110, section 5.6.2.
func headerName(s string) string {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	const others = "!#$&'*+-.^_`|~"
	return percent(s, func(i int) bool { return strings.IndexByte(letters+others, s[i]) < 0 })
}

// percent writes the bytes for which escape is true as %XX.
func percent(s string, escape func(i int) bool) string {
	var b strings.Builder
	for i := range len(s) {
		if !escape(i) {
			b.WriteByte(s[i])
			continue
		}
		b.Write([]byte{'%', upperHex[s[i]>>4], upperHex[s[i]&0xF]})
	}
	return b.String()
}

const upperHex = "0123456789ABCDEF"
