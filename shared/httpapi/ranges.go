package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/gander-images/gander/shared/problem"
)

// A byteRange is the part of an image that is asked for.
type byteRange struct {
	offset, length int64 // bytes
	partial        bool  // somebody asked for a part, were it all
}

func (b byteRange) contentRange(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", b.offset, b.offset+b.length-1, size)
}

var (
	rangeForm = regexp.MustCompile(`(?i)^bytes *= *([0-9]*) *- *([0-9]*)$`)
	// Old clients ask by the header that belongs into answers.
	contentRangeForm = regexp.MustCompile(`^bytes ([0-9]+)-([0-9]+)/([0-9]+|\*)$`)
)

// plainRange is a range as every store reads it. Ours are lenient: whoever asks
// by another form of the header is answered here, not sent elsewhere.
var plainRange = regexp.MustCompile(`^bytes=([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})$`)

// storesRead reports whether a store that gets these headers reads the same part
// out of them as requestedRange does.
func storesRead(header http.Header) bool {
	if ranges, ok := header["Range"]; ok {
		return len(ranges) == 1 && plainRange.MatchString(ranges[0])
	}
	return len(header["Content-Range"]) == 0
}

// requestedRange reads which part of size bytes a request wants. Where no part
// is asked for it is the whole.
//
// Source: glance/common/wsgi.py, Request.get_range_from_request;
// webob/byterange.py.
func requestedRange(header http.Header, size int64) (byteRange, error) {
	if ranges, ok := header["Range"]; ok {
		return parseRangeHeader(strings.Join(ranges, ","), size)
	}
	if ranges, ok := header["Content-Range"]; ok {
		return parseContentRange(ranges[0], size)
	}
	return byteRange{length: size}, nil
}

func parseRangeHeader(text string, size int64) (byteRange, error) {
	if strings.Contains(text, ",") {
		return byteRange{}, problem.New(problem.Invalid, "Several ranges in one request are not supported. Ask for one at a time.")
	}
	parts := rangeForm.FindStringSubmatch(strings.TrimSpace(text))
	switch {
	case parts == nil || parts[1] == "" && parts[2] == "":
		return byteRange{}, errBadRange(size, "The Range header cannot be read.")
	case parts[1] == "":
		return lastBytes(number(parts[2]), size)
	}
	first, last := number(parts[1]), int64(math.MaxInt64)
	if parts[2] != "" {
		last = number(parts[2])
	}
	if last < first {
		return byteRange{}, errBadRange(size, "The Range header ends before it begins.")
	}
	return between(first, last, size)
}

func lastBytes(n, size int64) (byteRange, error) {
	n = min(n, size)
	if n == 0 {
		return byteRange{}, errBadRange(size, "The range holds no bytes.")
	}
	return byteRange{offset: size - n, length: n, partial: true}, nil
}

func between(first, last, size int64) (byteRange, error) {
	if first >= size {
		return byteRange{}, errBadRange(size, "The range begins beyond the end of the image.")
	}
	last = min(last, size-1)
	return byteRange{offset: first, length: last - first + 1, partial: true}, nil
}

func parseContentRange(text string, size int64) (byteRange, error) {
	parts := contentRangeForm.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return byteRange{}, errBadRange(size, "The Content-Range header cannot be read.")
	}
	first, last := number(parts[1]), number(parts[2])
	switch {
	case last < first, parts[3] != "*" && last >= number(parts[3]):
		return byteRange{}, errBadRange(size, "The Content-Range header contradicts itself.")
	case parts[3] == "*" && last >= size:
		return byteRange{}, errBadRange(size, "The range ends beyond the end of the image.")
	}
	return between(first, last, size)
}

// number reads digits; what no int64 holds is as good as the largest that one
// does.
func number(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return n
}

func errBadRange(size int64, sentence string) error {
	return withHeader(problem.New(problem.BadRange, "%s", sentence), "Content-Range", fmt.Sprintf("bytes */%d", size))
}
