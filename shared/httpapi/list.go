package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
)

// ImageList lists images.
var ImageList = Operation{
	Name: "image-list", Methods: []string{"GET"}, Paths: []string{imagesPath},
	Rules: []policy.Rule{policy.GetImages, policy.GetImage},
	Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Properties: true, Serve: imageList,
}

const imagesPath = "/v2/images"

// imageList answers a page. Images that get_image refuses are left out, and
// others take their place.
//
// Source: glance/api/v2/images.py, ImagesController.index.
func imageList(ctx context.Context, s *Services, r *Request) (*Response, error) {
	query, err := image.ParseQuery(r.Query)
	if err != nil {
		return nil, err
	}
	grant, err := s.Policy.Authorize(policy.GetImages, r.Caller, image.ListTarget(r.Caller))
	if err != nil {
		return nil, err
	}
	protection := s.protection(r.Caller)
	page, err := s.Images.List(ctx, grant, protection, r.Caller, query, func(img *image.Image) (bool, error) {
		return s.Policy.Decide(policy.GetImage, r.Caller, image.Target(img, r.Caller))
	})
	if err != nil {
		return nil, err
	}
	for i, img := range page.Images {
		page.Images[i] = seenBy(img, r.Caller, protection)
	}
	return builtAnswer(http.StatusOK, func(b []byte) []byte { return appendPage(b, page, r.URL.RawQuery) }), nil
}

// appendPage appends the JSON of a page. Its links have a path alone, and every
// parameter of the query, as often as it came.
//
// Source: glance/api/v2/images.py, ResponseSerializer.index.
func appendPage(b []byte, page image.Page, rawQuery string) []byte {
	b = append(b, `{"images":[`...)
	for i, img := range page.Images {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendImage(b, img)
	}
	b = appendLinks(append(b, ']'), imagesPath, page, rawQuery)
	return append(b, `,"schema":"/v2/schemas/images"}`...)
}

// appendLinks appends the members of an object that lead on from a page of the
// list at path.
func appendLinks(b []byte, path string, page image.Page, rawQuery string) []byte {
	first, next := pageLinks(path, page, rawQuery)
	b = appendText(append(b, `,"first":`...), first)
	if next != "" {
		b = appendText(append(b, `,"next":`...), next)
	}
	return b
}

// pageLinks returns the paths of the list's first page and of the one after
// page; next is empty where page is the last.
func pageLinks(path string, page image.Page, rawQuery string) (first, next string) {
	query := withoutMarker(rawQuery)
	first, next = path, path+"?"
	if query != "" {
		first, next = first+"?"+query, next+query+"&"
	}
	if !page.More {
		return first, ""
	}
	return first, next + "marker=" + page.Images[len(page.Images)-1].ID
}

// withoutMarker writes the query anew, its parameters in their order.
func withoutMarker(rawQuery string) string {
	var parts []string
	for part := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		if name = unescape(name); part != "" && name != "marker" {
			parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(unescape(value)))
		}
	}
	return strings.Join(parts, "&")
}
