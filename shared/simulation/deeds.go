package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
)

// Keys: one of each project's, and one that is kept elsewhere until somebody makes it.
const (
	keyA = "0000000a-0000-4000-8000-00000000000a"
	keyB = "0000000b-0000-4000-8000-00000000000b"
	keyL = "0000000c-0000-4000-8000-00000000000c" // its payload comes later
	keyX = "0000000e-0000-4000-8000-00000000000e"
)

// Images, each of the project that makes it.
const (
	imageA  = "1000000a-0000-4000-8000-00000000000a"
	imageA2 = "2000000a-0000-4000-8000-00000000000a"
	imageB  = "1000000b-0000-4000-8000-00000000000b"
	imageS  = "1000000c-0000-4000-8000-00000000000c"
)

var (
	allKeys   = []string{keyA, keyB, keyL, keyX}
	allImages = []string{imageA, imageA2, imageB, imageS}
)

// projectOf is the project that makes an image.
func projectOf(img string) string {
	switch img {
	case imageB:
		return projectB
	case imageS:
		return projectS
	}
	return projectA
}

// short is how a trace calls a key or an image.
func short(id string) string {
	return map[string]string{
		keyA: "kA", keyB: "kB", keyL: "kL", keyX: "kX", imageA: "iA", imageA2: "iA2", imageB: "iB", imageS: "iS",
	}[id]
}

// retries is how often a request that lost to another one is tried again.
const retries = 5

// again does what the operations do: read, decide, write, and all anew when somebody
// else wrote in between.
func again(do func() error) error {
	for tries := 0; ; tries++ {
		err := do()
		if err == nil || !image.Changed(err) && !key.Changed(err) || tries == retries {
			return err
		}
	}
}

// create makes an image that names a key; with no key, one that names none.
func create(img, named, wish string) deed {
	name := strings.TrimSpace(fmt.Sprintf("create %s %s %s", short(img), short(named), wish))
	return deed{name: name, do: func(a *actor) error {
		properties := map[string]string{}
		if named != "" {
			properties[key.CinderKey] = named
		}
		if wish != "" {
			properties[key.CinderPolicy] = wish
		}
		return a.make(member(projectOf(img)), img, properties)
	}}
}

func (a *actor) make(c caller.Caller, id string, properties map[string]string) error {
	format := "raw"
	container := "bare"
	draft := image.Draft{ID: &id, DiskFormat: &format, ContainerFormat: &container, Properties: properties}
	grant, err := rules().Authorize(policy.AddImage, c, image.ProposedTarget(&c.ProjectID, ""))
	if err != nil {
		return err
	}
	return again(func() error {
		_, err := a.images.Create(background, grant, grant, nil, c, draft)
		return err
	})
}

// copyOf is a service that makes an image of its own with all that another one says.
func copyOf(from, to string) deed {
	return deed{name: "copy " + short(from) + " " + short(to), do: func(a *actor) error {
		img, err := a.images.Get(background, operator, from)
		if err != nil {
			return err
		}
		return a.make(member(projectOf(to)), to, img.Properties)
	}}
}

// then is one deed after the other.
func then(first, second deed) deed {
	return deed{name: first.name + ", " + second.name, do: func(a *actor) error {
		return errors.Join(first.do(a), second.do(a))
	}}
}

// patch changes an image of the project that made it.
func patch(name, img string, c caller.Caller, changes ...image.Change) deed {
	return deed{name: name + " " + short(img), do: func(a *actor) error {
		return again(func() error {
			found, err := a.images.Get(background, c, img)
			if err != nil {
				return err
			}
			ask := func(r policy.Rule) (policy.Grant, error) {
				return policy.AuthorizeImage(rules(), r, c, image.Target(found, c))
			}
			_, err = a.images.Update(background, ask, nil, c, found, changes)
			return err
		})
	}}
}

func set(name, value string) image.Change {
	return image.Change{Op: image.Add, Name: name, Value: image.Value{Text: &value}}
}

// nameKey has an image name a key, with the wish that it goes with the image.
func nameKey(img, id string) deed {
	return patch("name "+short(id)+" by", img, member(projectOf(img)), set(key.CinderKey, id), set(key.CinderPolicy, key.OnImageDeletion))
}

func unname(img string) deed {
	return patch("unname by", img, member(projectOf(img)), image.Change{Op: image.Remove, Name: key.CinderKey})
}

func wish(img, policy string) deed {
	return patch("wish "+policy+" by", img, member(projectOf(img)), set(key.CinderPolicy, policy))
}

// both has an image name another key by the second pair of properties.
func both(img, id string) deed {
	return patch("name second "+short(id)+" by", img, member(projectOf(img)), set(key.ImageKey, id), set(key.ImagePolicy, key.OnImageDeletion))
}

// give is an administrator who gives an image to a project.
func give(img, project string) deed {
	return patch("give to "+project, img, operator, set("owner", project))
}

func remove(img string) deed {
	return deed{name: "delete " + short(img), do: func(a *actor) error {
		return again(func() error {
			found, err := a.images.Get(background, operator, img)
			if err != nil {
				return err
			}
			grant, err := policy.AuthorizeImage(rules(), policy.DeleteImage, operator, image.Target(found, operator))
			if err != nil {
				return err
			}
			return a.images.Delete(background, grant, operator, found)
		})
	}}
}

// undelete restores an image.
func undelete(img string) deed {
	return deed{name: "restore " + short(img), do: func(a *actor) error {
		return again(func() error {
			found, err := a.images.Find(background, img)
			if err != nil || found == nil {
				return err
			}
			grant, err := rules().Authorize(policy.RestoreImage, operator, image.Target(found, operator))
			if err != nil {
				return err
			}
			_, err = a.images.Restore(background, grant, operator, img, found)
			return err
		})
	}}
}

// upload sends the bytes of an image.
func upload(img string) deed {
	return deed{name: "upload " + short(img), do: func(a *actor) error {
		c := member(projectOf(img))
		found, err := a.images.Get(background, c, img)
		if err != nil {
			return err
		}
		grant, err := policy.AuthorizeImage(rules(), policy.UploadImage, c, image.Target(found, c))
		if err != nil {
			return err
		}
		return a.images.Upload(background, grant, c, found, image.UploadRequest{Body: strings.NewReader("bytes")})
	}}
}

// snapshot is what a compute service does with the image that a server came from: of
// its own project, or, as an administrator, of another.
func snapshot(img string, foreign bool) deed {
	c := member(projectOf(img))
	name := "snapshot "
	if foreign {
		c, name = operator, "admin's snapshot "
	}
	return deed{name: name + short(img), do: func(a *actor) error {
		return again(func() error { return a.snapshot(c, img) })
	}}
}

const server = "3000000a-0000-4000-8000-00000000000a"

func (a *actor) snapshot(c caller.Caller, img string) error {
	d := image.SnapshotDraft{Instance: server, Project: projectOf(img), Name: "snapshot", Kind: image.Plain}
	target := policy.Attributes{"instance_project_id": d.Project, "project_id": c.ProjectID}
	var rights image.SnapshotRights
	var err error
	if rights.Snapshot, err = rules().Authorize(policy.SnapshotImage, c, target); err != nil {
		return err
	}
	if d.Source, err = a.images.Get(background, c, img); err != nil {
		return err
	}
	if rights.Get, err = policy.AuthorizeImage(rules(), policy.GetImage, c, image.Target(d.Source, c)); err != nil {
		return err
	}
	if rights.Add, err = rules().Authorize(policy.AddImage, c, image.ProposedTarget(&c.ProjectID, d.Visibility(c))); err != nil {
		return err
	}
	rights.Decrypt = func(ctx context.Context, r *key.Record) (policy.Grant, error) {
		reads, err := a.images.ReadsKey(ctx, c.ProjectID, r)
		if err != nil {
			return policy.Grant{}, err
		}
		target := policy.Attributes{"project_id": nil, "reader": reads}
		if r != nil && r.Owner != "" {
			target["project_id"] = r.Owner
		}
		return rules().Authorize(policy.SecretDecrypt, c, target)
	}
	_, err = a.images.Snapshot(background, rights, nil, c, d)
	return err
}

// removeSnapshot deletes the first snapshot that is there.
var removeSnapshot = deed{name: "delete a snapshot", do: func(a *actor) error {
	for _, img := range a.run.world.witness.images {
		if !slices.Contains(allImages, img.id) && img.status.Exists() {
			return remove(img.id).do(a)
		}
	}
	return nil
}}
