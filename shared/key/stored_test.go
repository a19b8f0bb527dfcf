package key_test

import (
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// TestP4OldImages: images from before keys were counted go on as they were, and are
// counted as soon as they say something anew.
func TestP4OldImages(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	counted := w.images.Keys
	w.images.Keys = nil
	for _, id := range []string{imgA, imgA2} {
		w.must(w.create(owner, id, names(theKey, key.OnImageDeletion)))
	}
	w.images.Keys = counted
	w.must(w.update(owner, imgA, set("name", "other")))
	w.must(w.delete(imgA))
	if got := w.show(theKey); got != "live 0/0, 1" {
		t.Errorf("the key is %s", got)
	}
	w.must(w.restoreImage(imgA)) // whose keys are looked at
	w.must(w.update(owner, imgA2, set(key.CinderPolicy, "do_not_delete")))
	if got := w.show(theKey); got != "live 2/2, 1" {
		t.Errorf("the key is %s", got)
	}
	w.audit()
	w.must(w.end(imgA))
	w.must(w.end(imgA2))
	w.wantUsable(theKey)
}

// TestP4OldImagesGo: an image that was never counted goes, and leaves no wish.
func TestP4OldImagesGo(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	counted := w.images.Keys
	w.images.Keys = nil
	w.must(w.create(owner, imgA, names(theKey, key.OnImageDeletion)))
	w.images.Keys = counted
	w.must(w.end(imgA))
	w.quiet()
	w.wantUsable(theKey)
}

// hiding hides every property that names a key.
type hiding struct{}

func (hiding) MayCreate(string) bool      { return true }
func (hiding) MayUpdate(name string) bool { return !strings.Contains(name, "key") }
func (hiding) MayDelete(name string) bool { return !strings.Contains(name, "key") }
func (hiding) MayRead(name string) bool   { return !strings.Contains(name, "key") }
func (hiding) Protects(name string) bool  { return strings.Contains(name, "key") }

// TestP8HiddenPropertiesCount: what the caller may not read is counted all the same.
func TestP8HiddenPropertiesCount(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.must(w.create(owner, imgA, names(theKey, key.OnImageDeletion)))
	ask := func(rule policy.Rule) (policy.Grant, error) { return w.grant(rule, owner, "a"), nil }
	changes := []image.Change{set("os_distro", "x"), set("name", "y")}
	if _, err := w.images.Update(w.ctx(), ask, hiding{}, owner, w.found(imgA), changes); err != nil {
		t.Fatal(err)
	}
	if got := w.show(theKey); got != "live 1/1, 1" {
		t.Errorf("the key is %s", got)
	}
	w.must(w.delete(imgA))
	w.wantUsable(theKey)
}

// TestManyKeysFitOneTransaction changes all that an image says at once, the owner and
// both keys, with ids as long as a record can hold.
func TestManyKeysFitOneTransaction(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("x", 150<<10)
	w.must(w.create(owner, imgA, map[string]string{key.CinderKey: "a" + long, key.ImageKey: "b" + long, key.CinderPolicy: key.OnImageDeletion, key.ImagePolicy: key.OnImageDeletion}))
	meter := table.NewMeter(w.table)
	w.use(meter, w.vault)
	w.must(w.update(admin, imgA, set("owner", "b"), set("visibility", "private"), set(key.CinderKey, "c"+long), set(key.ImageKey, "d"+long)))
	if writes := meter.Total().Writes; writes > table.MaxWrites/2 {
		t.Errorf("%d writes", writes)
	}
	w.audit()
	w.must(w.end(imgA))
	w.audit()
	if _, err := w.keys.Create(w.ctx(), newKey("no UUID", "a")); !problem.Is(err, problem.Invalid) {
		t.Errorf("making a key whose id is no UUID answers %v", err)
	}
}

// TestImagesOfNobody: no key is the own of an image that is no project's.
func TestImagesOfNobody(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	id := imgA
	img, err := w.images.Create(w.ctx(), w.grant(policy.AddImage, admin, "admin"), policy.Grant{}, nil, admin, image.Draft{
		ID: &id, OwnerSaid: true,
		Properties: map[string]string{key.CinderKey: theKey, key.CinderPolicy: key.OnImageDeletion, key.ImageKey: unknown},
	})
	w.must(err)
	w.audit()
	if got := w.show(theKey) + "; " + w.show(unknown); got != "live 1/0, 1; external 1/0" {
		t.Errorf("the keys are %s", got)
	}
	w.must(w.images.Delete(w.ctx(), w.grant(policy.DeleteImage, admin, "admin"), admin, img))
	w.must(w.purge(imgA))
	w.quiet()
	w.wantUsable(theKey)
}
