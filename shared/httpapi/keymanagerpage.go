package httpapi

import (
	"net/url"
	"strconv"
	"strings"
)

// The sizes of pages of the key manager API.
//
// Source: barbican/common/config.py, default_limit_paging and max_limit_paging.
const (
	usualPage   = 10
	largestPage = 100
)

// pageOf reads which page of a list is asked for. What is no number counts as if it
// had not been said, and what is too much as the most.
//
// Source: barbican/model/repositories.py, clean_paging_values.
func pageOf(query url.Values) (limit, offset int) {
	limit, err := strconv.Atoi(lastOf(query, "limit"))
	if err != nil {
		limit = usualPage
	}
	offset, err = strconv.Atoi(lastOf(query, "offset"))
	if err != nil || offset < 0 {
		offset = 0
	}
	return min(max(limit, 1), largestPage), offset
}

// lastOf is the last value of a parameter; empty where there is none.
func lastOf(query url.Values, name string) string {
	if values := query[name]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// addPage puts a page's length and its neighbours into the document of a list.
//
// Source: barbican/common/hrefs.py, add_nav_hrefs.
func (s *Services) addPage(document map[string]any, r *Request, path string, shown, total int) {
	document["total"] = total
	if shown == 0 {
		return
	}
	limit, offset := pageOf(r.Query)
	at := func(offset int) string {
		link := s.PublicEndpoint + path + "?limit=" + strconv.Itoa(limit) + "&offset=" + strconv.Itoa(offset)
		if rest := otherParameters(r.URL.RawQuery); rest != "" {
			link += "&" + rest
		}
		return link
	}
	if offset > 0 {
		document["previous"] = at(max(0, offset-limit))
	}
	if total-limit > offset {
		document["next"] = at(offset + limit)
	}
}

// otherParameters writes anew what a query says beside the page.
func otherParameters(rawQuery string) string {
	var parts []string
	for part := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		if name = unescape(name); part != "" && name != "limit" && name != "offset" {
			parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(unescape(value)))
		}
	}
	return strings.Join(parts, "&")
}
