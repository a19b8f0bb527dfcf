package image

import (
	"fmt"

	"github.com/gander-images/gander/shared/table"
)

// roomReserve is how many bytes of an item callers may not fill, so that a record
// at their limit can still take what the service writes: locations and hashes of
// an upload, who wrote last, and a deletion.
const roomReserve = 8 << 10

// maxRecord is the longest document, in bytes, that callers may make of an image.
const maxRecord = table.MaxItemBytes - roomReserve

// checkRoom refuses an image whose record would be larger than callers may make
// it, unless it shrinks.
//
// Errors: table.ErrItemTooLarge.
func checkRoom(before, after *Image) error {
	if worstLength(after) <= maxRecord {
		return nil
	}
	body, err := encode(after)
	if err != nil {
		return err
	}
	if len(body) <= maxRecord || before != nil && len(body) <= len(before.stored) {
		return nil
	}
	return fmt.Errorf("%w: image %s would have %d bytes", table.ErrItemTooLarge, after.ID, len(body))
}

// worstLength is how long the document could be at most, told without writing
// it: a character takes up to six bytes of JSON.
func worstLength(img *Image) int {
	texts := roomReserve/6 + len(img.stored)/6 + len(deref(img.Name)) + len(deref(img.Owner))
	for name, value := range img.Properties {
		texts += len(name) + len(value) + 1
	}
	for _, tag := range img.Tags {
		texts += len(tag) + 1
	}
	return 6 * texts
}
