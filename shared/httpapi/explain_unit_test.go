//go:build !cloud

package httpapi

import (
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
)

// What no answer shows of an image, no explanation tells either: where the service
// keeps what it is about to do.
func TestExplanationsHideTheServersOwn(t *testing.T) {
	rules, err := policy.New(map[string]any{"coded": "'host':%(os_glance_stage_host)s"})
	if err != nil {
		t.Fatal(err)
	}
	s := &Services{Policy: rules}
	img := &image.Image{Properties: map[string]string{"os_glance_stage_host": "host"}}
	for _, admin := range []bool{false, true} {
		who := caller.Caller{UserID: "u", Admin: admin}
		x, err := rules.Explain("coded", who, image.Target(img, who))
		if err != nil || x.Tree.Result != policy.ResultTrue {
			t.Fatal(x, err)
		}
		err = s.conceal(&x, &Request{Caller: who}, question{rule: "coded", imageID: "i"})
		if x.Tree.Result != policy.ResultHidden || (err == nil) != admin {
			t.Errorf("an admin, %t: %v, %v", admin, x.Tree, err)
		}
	}
}
