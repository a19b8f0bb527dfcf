package image

import (
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

// Target is what policy may read about img when c acts on it: every attribute
// and every custom property as stored, before anything is hidden from the
// caller. An attribute outweighs a property of its name.
//
// Source: glance/api/policy.py, ImageTarget. creator_user_id is our own.
func Target(img *Image, c caller.Caller) policy.Target {
	return &target{img: img, member: memberID(img, c)}
}

type target struct {
	img    *Image
	member any
}

// memberID is the caller's project where the image could have been shared with
// it; it is no proof that it was.
func memberID(img *Image, c caller.Caller) any {
	if img.Visibility != Shared || c.ProjectID == "" || owns(c, img) {
		return nil
	}
	return c.ProjectID
}

// Attribute implements policy.Target. Texts are given by address, which costs
// no allocation.
func (t *target) Attribute(key string) (any, bool) {
	img := t.img
	switch key {
	case "id", "image_id":
		return &img.ID, true
	case "owner", "project_id":
		return img.Owner, true
	case "creator_user_id":
		return &img.CreatorUserID, true
	case "member", "member_id":
		return t.member, true
	case "name":
		return img.Name, true
	case "status":
		return (*string)(&img.Status), true
	case "visibility":
		return (*string)(&img.Visibility), true
	case "protected":
		return img.Protected, true
	case "os_hidden":
		return img.Hidden, true
	}
	return t.data(key)
}

// data is Attribute for what describes the bytes, for times, tags and
// properties.
func (t *target) data(key string) (any, bool) {
	img := t.img
	switch key {
	case "min_disk":
		return img.MinDisk, true
	case "min_ram":
		return img.MinRAM, true
	case "size":
		return orNil(img.Size), true
	case "virtual_size":
		return orNil(img.VirtualSize), true
	case "disk_format":
		return img.DiskFormat, true
	case "container_format":
		return img.ContainerFormat, true
	case "checksum":
		return img.Checksum, true
	case "os_hash_algo":
		return img.HashAlgo, true
	case "os_hash_value":
		return img.HashValue, true
	case "created_at":
		return img.CreatedAt.Format(time.RFC3339), true
	case "updated_at":
		return img.UpdatedAt.Format(time.RFC3339), true
	case "tags":
		return img.Tags, true
	case "locations":
		return nil, false
	}
	v, ok := img.Properties[key]
	if !ok {
		return nil, false
	}
	return v, true
}

func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// ProposedTarget is what policy may read about an image that is to be made. An
// empty visibility counts as private there, whatever the image will have.
//
// Source: glance/api/v2/policy.py, ImageAPIPolicy.__init__.
func ProposedTarget(owner *string, v Visibility) policy.Target {
	if v == "" {
		v = Private
	}
	return policy.Attributes{"project_id": orNil(owner), "owner": orNil(owner), "visibility": string(v)}
}

// ListTarget is what policy may read when c lists images.
func ListTarget(c caller.Caller) policy.Target {
	if c.ProjectID == "" {
		return policy.Attributes{"project_id": nil}
	}
	return policy.Attributes{"project_id": c.ProjectID}
}
