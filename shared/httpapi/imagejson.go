package httpapi

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/image/plainjson"
)

const timeFormat = "2006-01-02T15:04:05Z"

// hiddenProperties are the server's own and are never shown.
//
// Source: glance/api/v2/images.py, ResponseSerializer.
var hiddenProperties = []string{"os_glance_stage_host", "os_glance_hash_op_host"}

// appendImage appends the JSON of img as every call shows it: each base
// attribute, then what only some images have.
//
// Source: glance/api/v2/images.py, ResponseSerializer._format_image.
func appendImage(b []byte, img *image.Image) []byte {
	b = appendText(append(b, `{"id":`...), img.ID)
	b = appendNullable(append(b, `,"name":`...), img.Name)
	b = appendText(append(b, `,"status":`...), string(img.Status))
	b = appendText(append(b, `,"visibility":`...), string(img.Visibility))
	b = strconv.AppendBool(append(b, `,"protected":`...), img.Protected)
	b = strconv.AppendBool(append(b, `,"os_hidden":`...), img.Hidden)
	b = appendNullable(append(b, `,"owner":`...), img.Owner)
	b = appendNullable(append(b, `,"container_format":`...), img.ContainerFormat)
	b = appendNullable(append(b, `,"disk_format":`...), img.DiskFormat)
	b = strconv.AppendInt(append(b, `,"min_ram":`...), img.MinRAM, 10)
	b = strconv.AppendInt(append(b, `,"min_disk":`...), img.MinDisk, 10)
	b = appendNumber(append(b, `,"size":`...), img.Size)
	b = appendNumber(append(b, `,"virtual_size":`...), img.VirtualSize)
	b = appendNullable(append(b, `,"checksum":`...), img.Checksum)
	b = appendNullable(append(b, `,"os_hash_algo":`...), img.HashAlgo)
	b = appendNullable(append(b, `,"os_hash_value":`...), img.HashValue)
	b = appendTexts(append(b, `,"tags":`...), img.Tags)
	b = appendProperties(b, img.Properties)
	b = appendTime(append(b, `,"created_at":`...), img.CreatedAt)
	b = appendTime(append(b, `,"updated_at":`...), img.UpdatedAt)
	b = appendInner(append(b, `,"self":"/v2/images/`...), img.ID)
	b = appendInner(append(b, `","file":"/v2/images/`...), img.ID)
	b = append(b, `/file","schema":"/v2/schemas/image"`...)
	if stores := storeNames(img); stores != "" {
		b = appendText(append(b, `,"stores":`...), stores)
	}
	return append(b, '}')
}

func imagePath(img *image.Image) string { return "/v2/images/" + img.ID }

// storeNames lists the stores that hold the image's bytes, best first.
func storeNames(img *image.Image) string {
	if len(img.Locations) == 1 {
		return img.Locations[0].Store
	}
	names := make([]string, 0, len(img.Locations))
	for _, l := range img.Locations {
		names = append(names, l.Store)
	}
	return strings.Join(names, ",")
}

// appendProperties appends the custom properties in the order of their names.
func appendProperties(b []byte, properties map[string]string) []byte {
	for _, name := range shownProperties(make([]string, 0, 16), properties) {
		b = appendText(append(b, ','), name)
		b = appendText(append(b, ':'), properties[name])
	}
	return b
}

// shownProperties appends the names of the custom properties that callers are
// shown, in order. One that bears a base attribute's name stays hidden behind it.
func shownProperties(names []string, properties map[string]string) []string {
	for name := range properties {
		if (attributes[name] == nil || !attributes[name].base) && !slices.Contains(hiddenProperties, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func appendNullable(b []byte, s *string) []byte {
	if s == nil {
		return append(b, "null"...)
	}
	return appendText(b, *s)
}

func appendNumber(b []byte, n *int64) []byte {
	if n == nil {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, *n, 10)
}

func appendTexts(b []byte, texts []string) []byte {
	b = append(b, '[')
	for i, s := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, s)
	}
	return append(b, ']')
}

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, time.RFC3339) // in UTC, as timeFormat
	return append(b, '"')
}

const hexDigits = "0123456789abcdef"

// appendText appends s as a JSON string in which all but control characters,
// quotes and backslashes stand for themselves. Bytes that are not UTF-8 become
// U+FFFD.
func appendText(b []byte, s string) []byte {
	return append(appendInner(append(b, '"'), s), '"')
}

// appendInner is appendText without the quotes.
func appendInner(b []byte, s string) []byte {
	for {
		plain := plainjson.Plain(s)
		b = append(b, s[:plain]...)
		if s = s[plain:]; s == "" {
			return b
		}
		if s[0] < utf8.RuneSelf {
			b, s = appendEscape(b, s[0]), s[1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		b, s = utf8.AppendRune(b, r), s[size:] // U+FFFD for what is no character
	}
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
}

// appendUnits appends c as the \u escapes of its UTF-16 units.
func appendUnits(out *strings.Builder, c rune) {
	units := []rune{c}
	if c > 0xFFFF {
		c -= 0x10000
		units = []rune{0xD800 + c>>10, 0xDC00 + c&0x3FF}
	}
	for _, u := range units {
		out.WriteString(`\u`)
		for shift := 12; shift >= 0; shift -= 4 {
			out.WriteByte(hexDigits[u>>shift&0xF])
		}
	}
}
