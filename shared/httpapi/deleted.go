package httpapi

import (
	"context"
	"maps"
	"net/http"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
)

const deletedPath = ownAPI + "/images/deleted"

var (
	// ImageDeletedList lists the images that can be restored.
	ImageDeletedList = Operation{
		Name: "image-deleted-list", Methods: []string{"GET"}, Paths: []string{deletedPath},
		Rules: []policy.Rule{policy.RestoreImage},
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Properties: true, Serve: imageDeletedList,
	}
	// ImageRestore brings a deleted image back.
	ImageRestore = Operation{
		Name: "image-restore", Methods: []string{"POST"}, Paths: []string{ownAPI + "/images/{image_id}/restore"},
		Rules: []policy.Rule{policy.RestoreImage},
		Needs: Tokens | ReadTable | ReadItems | WriteTable | CheckItems, Properties: true, Serve: imageRestore,
	}
)

// imageDeletedList answers a page of what can be restored. Whom restore_image
// lets restore some images alone is shown those.
func imageDeletedList(ctx context.Context, s *Services, r *Request) (*Response, error) {
	query, err := image.ParseDeletedQuery(r.Query)
	if err != nil {
		return nil, err
	}
	grant, err := s.Policy.Authorize(policy.RestoreImage, r.Caller, image.ListTarget(r.Caller))
	if err != nil {
		return nil, err
	}
	page, err := s.Images.ListDeleted(ctx, grant, query, func(img *image.Image) (bool, error) {
		return s.Policy.Decide(policy.RestoreImage, r.Caller, image.Target(img, r.Caller))
	})
	if err != nil {
		return nil, err
	}
	protection := s.protection(r.Caller)
	for i, img := range page.Images {
		page.Images[i] = seenBy(img, r.Caller, protection)
	}
	return &Response{Status: http.StatusOK, Body: appendDeletedPage(nil, page, r.URL.RawQuery)}, nil
}

// appendDeletedPage appends the JSON of a page of deleted images.
func appendDeletedPage(b []byte, page image.Page, rawQuery string) []byte {
	b = append(b, `{"images":[`...)
	for i, img := range page.Images {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendDeleted(b, img)
	}
	return append(appendLinks(append(b, ']'), deletedPath, page, rawQuery), '}')
}

// appendDeleted appends the JSON of a deleted image: its own, with when it was
// deleted and until when it can be restored.
func appendDeleted(b []byte, img *image.Image) []byte {
	const until = "purge_at"
	if _, taken := img.Properties[until]; taken { // a property of that name steps back
		shown := *img
		shown.Properties = maps.Clone(img.Properties)
		delete(shown.Properties, until)
		img = &shown
	}
	b = appendImage(b, img)
	b = appendTime(append(b[:len(b)-1], `,"deleted_at":`...), img.Deletion.At)
	return append(appendTime(append(b, `,"purge_at":`...), img.Deletion.PurgeAt), '}')
}

// imageRestore brings a deleted image back. Who may not restore it is not told
// whether it was ever there.
func imageRestore(ctx context.Context, s *Services, r *Request) (*Response, error) {
	id := r.Params["image_id"]
	var restored *image.Image
	err := s.again(ctx, func() error {
		img, err := s.Images.Find(ctx, id)
		if err != nil {
			return err
		}
		grant, err := s.Policy.Authorize(policy.RestoreImage, r.Caller, restoreTarget(img, r.Caller))
		if err != nil {
			return err
		}
		restored, err = s.Images.Restore(ctx, grant, r.Caller, id, img)
		return err
	})
	if err != nil {
		return nil, err
	}
	return imageAnswer(http.StatusOK, s.seen(restored, r.Caller)), nil
}

// restoreTarget is what restore_image may read: the record as stored, of which
// there may be none.
func restoreTarget(img *image.Image, c caller.Caller) policy.Target {
	if img == nil {
		return policy.Attributes{}
	}
	return image.Target(img, c)
}
