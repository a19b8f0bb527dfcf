package image

import (
	"context"
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// TestActivationByStatus holds the two actions to the states that they are for.
func TestActivationByStatus(t *testing.T) {
	w := newWorld(t)
	for _, status := range []Status{Queued, Saving, Uploading, Importing, Active, Deactivated, Killed} {
		for name, c := range map[string]struct {
			rule     policy.Rule
			do       func(context.Context, policy.Grant, caller.Caller, *Image) error
			from, to Status
		}{
			"deactivate": {policy.Deactivate, w.service.Deactivate, Active, Deactivated},
			"reactivate": {policy.Reactivate, w.service.Reactivate, Deactivated, Active},
		} {
			img := w.create(raw())
			stored := img.clone()
			stored.Status = status
			if err := w.service.save(t.Context(), img, stored); err != nil {
				t.Fatal(err)
			}
			err := c.do(t.Context(), w.grant(c.rule, demo, stored), demo, stored)
			want := status
			switch status {
			case c.from:
				want = c.to
				fallthrough
			case c.to:
				if err != nil {
					t.Errorf("%s of an image that is %s: %v", name, status, err)
				}
			default:
				if !problem.Is(err, problem.Forbidden) {
					t.Errorf("%s of an image that is %s: %v", name, status, err)
				}
			}
			w.wantStatus(img.ID, want)
			if err := c.do(t.Context(), w.grant(c.rule, demo, img), demo, &Image{ID: img.ID, Owner: img.Owner, Status: c.from}); !Changed(err) {
				t.Errorf("%s of an image that changed meanwhile: %v", name, err)
			}
		}
	}
}
