package image

import (
	"errors"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
)

// TestFullRecordsShrink has the service fill the room that callers leave it. What
// they take out then goes, and what they put in does not.
func TestFullRecordsShrink(t *testing.T) {
	w := newWorld(t)
	img := w.create(raw())
	full := img.clone()
	full.Tags = []string{"a", "b"}
	full.Properties = map[string]string{"small": "", "large": strings.Repeat("x", maxRecord)}
	if err := w.service.save(t.Context(), img, full); err != nil {
		t.Fatal(err)
	}
	if _, err := w.update(demo, w.mustGet(img.ID), adding("more", "")); !errors.Is(err, table.ErrItemTooLarge) {
		t.Errorf("a property beyond the room: %v", err)
	}
	if _, err := w.update(demo, w.mustGet(img.ID), Change{Op: Remove, Name: "small"}); err != nil {
		t.Errorf("a property less: %v", err)
	}
	now := w.mustGet(img.ID)
	if err := w.service.RemoveTag(t.Context(), w.grant(policy.ModifyImage, demo, now), demo, now, "a"); err != nil {
		t.Errorf("a tag less: %v", err)
	}
	if err := w.delete(w.mustGet(img.ID)); err != nil {
		t.Errorf("the end: %v", err)
	}
	w.audit()
}

// TestWorstLengthHolds holds the estimate to be no shorter than any document.
func TestWorstLengthHolds(t *testing.T) {
	worst := strings.Repeat("\x00<&>", 64)
	img := &Image{
		ID: lifeID, Name: &worst, Owner: &worst, Tags: []string{worst, worst}, Properties: map[string]string{worst: worst, "": worst},
		Writer: Writer{User: worst, Project: worst, Request: worst, Change: worst},
	}
	body, err := encode(img)
	if err != nil || len(body) > worstLength(img) {
		t.Errorf("a document of %d bytes is reckoned to have %d at most, %v", len(body), worstLength(img), err)
	}
}
