package key_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/key"
)

func TestID(t *testing.T) {
	const want = theKey
	digits := strings.ReplaceAll(want, "-", "")
	for _, form := range []string{
		want, strings.ToUpper(want), digits, strings.ToUpper(digits), "{" + want + "}", "urn:uuid:" + want, "uuid:" + want,
		"http://keys.example:9311/v1/secrets/" + want, "https://h/key-manager/v1/secrets/" + strings.ToUpper(want) + "/",
		"/secrets/" + digits + "//", "http://h/secrets/other/secrets/" + want,
	} {
		if got := key.ID(form); got != want {
			t.Errorf("%q is key %q", form, got)
		}
	}
	long := strings.Repeat("ü", 300)
	for _, other := range []string{
		"k", " " + want, want + "0", want[1:], "g" + want[1:], "Key", "key", "/secrets/", "http://h/v1/containers/" + want,
		strings.Repeat("x", 255), strings.Repeat("x", 256), long, long + "a", "\x00\x01", "…/secrets/k",
	} {
		got := key.ID(other)
		if got == want || len(got) > 255 || !strings.HasPrefix(other, got[:1]) {
			t.Errorf("%q is key %q", other, got)
		}
		if len(other) <= 255 && got != other {
			t.Errorf("%q, which is no UUID, is key %q", other, got)
		}
		if again := key.ID(got); again != got {
			t.Errorf("%q is key %q, and that is %q", other, got, again)
		}
	}
	if key.ID(long) == key.ID(long+"a") {
		t.Error("two long texts are one key")
	}
}

// TestNamingOf reads which keys properties name, and whether they are to go.
func TestNamingOf(t *testing.T) {
	const goes, stays = key.OnImageDeletion, "do_not_delete"
	type says = map[string]string
	for _, c := range []struct {
		name       string
		properties says
		want       map[string]bool
	}{
		{"nothing", says{"os_distro": "x"}, nil},
		{"an empty key", says{key.CinderKey: "", key.CinderPolicy: goes}, nil},
		{"a policy alone", says{key.CinderPolicy: goes, key.ImagePolicy: goes}, nil},
		{"Cinder's", says{key.CinderKey: theKey, key.CinderPolicy: goes}, map[string]bool{theKey: true}},
		{"Cinder's, to keep", says{key.CinderKey: theKey, key.CinderPolicy: stays}, map[string]bool{theKey: false}},
		{"Cinder's, no policy", says{key.CinderKey: theKey}, map[string]bool{theKey: false}},
		{"Cinder's, unknown policy", says{key.CinderKey: theKey, key.CinderPolicy: "On_Image_Deletion"}, map[string]bool{theKey: false}},
		{"the image's", says{key.ImageKey: theKey, key.ImagePolicy: goes}, map[string]bool{theKey: true}},
		{"the image's by Cinder's policy", says{key.ImageKey: theKey, key.CinderPolicy: goes}, map[string]bool{theKey: false}},
		{"both alike", says{key.CinderKey: theKey, key.CinderPolicy: goes, key.ImageKey: "urn:uuid:" + strings.ToUpper(theKey), key.ImagePolicy: goes}, map[string]bool{theKey: true}},
		{"both, one without a policy", says{key.CinderKey: theKey, key.CinderPolicy: goes, key.ImageKey: theKey}, map[string]bool{theKey: false}},
		{"both, the other without a policy", says{key.CinderKey: theKey, key.ImageKey: theKey, key.ImagePolicy: goes}, map[string]bool{theKey: false}},
		{"both at odds", says{key.CinderKey: theKey, key.CinderPolicy: goes, key.ImageKey: theKey, key.ImagePolicy: stays}, map[string]bool{theKey: false}},
		{"two keys", says{key.CinderKey: theKey, key.CinderPolicy: goes, key.ImageKey: otherKey, key.ImagePolicy: goes}, map[string]bool{theKey: true, otherKey: true}},
		{"two keys, one to keep", says{key.CinderKey: theKey, key.CinderPolicy: goes, key.ImageKey: otherKey, key.ImagePolicy: stays}, map[string]bool{theKey: false, otherKey: false}},
		{"two keys, one without a policy", says{key.CinderKey: theKey, key.CinderPolicy: goes, key.ImageKey: otherKey}, map[string]bool{theKey: true, otherKey: false}},
		{"a policy at odds without a key", says{key.CinderKey: theKey, key.CinderPolicy: goes, key.ImagePolicy: stays}, map[string]bool{theKey: false}},
		{"no UUID", says{key.CinderKey: "Key one", key.CinderPolicy: goes}, map[string]bool{"Key one": true}},
	} {
		n := key.NamingOf("AAAA", "a", c.properties)
		if !maps.Equal(n.Keys, c.want) || n.Image != "aaaa" || n.Owner != "a" {
			t.Errorf("%s: %+v, want %v", c.name, n, c.want)
		}
	}
}
