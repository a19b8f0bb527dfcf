package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// imageCreate makes a queued image.
//
// Source: glance/api/v2/images.py, ImagesController.create.
func imageCreate(ctx context.Context, s *Services, r *Request) (*Response, error) {
	draft, err := readDraft(r.JSON)
	if err != nil {
		return nil, err
	}
	protection := s.protection(r.Caller)
	var img *image.Image
	err = s.again(ctx, func() error { // for others may write the record of a key that it names
		add, publish, err := s.authorizeCreate(r, draft)
		if err != nil {
			return err
		}
		img, err = s.Images.Create(ctx, add, publish, protection, r.Caller, draft)
		return err
	})
	if err != nil {
		return nil, err
	}
	response := imageAnswer(http.StatusCreated, seenBy(img, r.Caller, protection))
	response.Header = http.Header{"Location": {s.PublicEndpoint + imagePath(img)}}
	if len(s.ImportMethods) > 0 {
		response.Header["Openstack-Image-Import-Methods"] = []string{strings.Join(s.ImportMethods, ",")}
	}
	var stores []string
	for _, store := range s.stores() {
		if shown(store) {
			stores = append(stores, store.ID)
		}
	}
	if stores != nil {
		response.Header["Openstack-Image-Store-Ids"] = []string{strings.Join(stores, ",")}
	}
	return response, nil
}

// authorizeCreate asks whether the image may be made, and made as visible as it
// is to be. There is nothing to hide yet, so a refusal is always 403.
//
// Source: glance/api/v2/policy.py, ImageAPIPolicy.add_image.
func (s *Services) authorizeCreate(r *Request, d image.Draft) (add, publish policy.Grant, err error) {
	owner := &r.Caller.ProjectID
	if d.OwnerSaid {
		owner = d.Owner
	} else if *owner == "" {
		owner = nil
	}
	target := image.ProposedTarget(owner, d.Visibility)
	add, err = s.Policy.Authorize(policy.AddImage, r.Caller, target)
	if problem.Is(err, problem.Forbidden) && d.OwnerSaid && (owner == nil || *owner != r.Caller.ProjectID) {
		err = errForeignOwner(err, owner)
	}
	if err != nil {
		return add, publish, err
	}
	switch d.Visibility {
	case image.Public:
		publish, err = s.Policy.Authorize(policy.PublicizeImage, r.Caller, target)
	case image.Community:
		publish, err = s.Policy.Authorize(policy.CommunitizeImage, r.Caller, target)
	}
	return add, publish, err
}

func errForeignOwner(denied error, owner *string) error {
	if owner == nil {
		return problem.Because(denied, problem.Forbidden, "You are not permitted to create images without an owner.")
	}
	return problem.Because(denied, problem.Forbidden, "You are not permitted to create images owned by '%s'.", *owner)
}

// imageShow shows one image.
//
// Source: glance/api/v2/images.py, ImagesController.show.
func imageShow(ctx context.Context, s *Services, r *Request) (*Response, error) {
	img, err := s.Images.Get(ctx, r.Caller, r.Params["image_id"])
	if err != nil {
		return nil, err
	}
	if _, err := s.authorize(policy.GetImage, r.Caller, img); err != nil {
		return nil, err
	}
	return imageAnswer(http.StatusOK, s.seen(img, r.Caller)), nil
}

// imageDelete deletes one image.
//
// Source: glance/api/v2/images.py, ImagesController.delete.
func imageDelete(ctx context.Context, s *Services, r *Request) (*Response, error) {
	return s.changeImage(ctx, r, policy.DeleteImage, func(grant policy.Grant, img *image.Image) error {
		return s.Images.Delete(ctx, grant, r.Caller, img)
	})
}

func imageAnswer(status int, img *image.Image) *Response {
	return builtAnswer(status, func(b []byte) []byte { return appendImage(b, img) })
}
