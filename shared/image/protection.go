package image

import (
	"maps"
	"slices"

	"github.com/gander-images/gander/shared/problem"
)

// A Protection says what one caller may do with custom properties, by their
// names. Attributes and tags are not its matter. Nil lets the caller do
// everything.
//
// It stands between callers and properties, and nowhere else: policy reads what
// is stored, and a save keeps what its caller cannot see. What the service copies
// by itself, from one image to another, is no caller's doing: such a copy takes
// no Protection and carries every property as it is.
//
// Source: glance/api/property_protections.py.
type Protection interface {
	MayCreate(name string) bool
	MayRead(name string) bool
	MayUpdate(name string) bool
	MayDelete(name string) bool

	// Protects reports whether there is anything that not everybody may do with the
	// property, whatever this caller may.
	Protects(name string) bool
}

func reads(p Protection, name string) bool { return p == nil || p.MayRead(name) }

// SeenThrough returns the image without the properties that p hides; img itself
// where it hides none.
func (img *Image) SeenThrough(p Protection) *Image {
	if p == nil {
		return img
	}
	seen := img
	for name := range img.Properties {
		if p.MayRead(name) {
			continue
		}
		if seen == img {
			less := *img
			less.Properties = maps.Clone(img.Properties)
			seen = &less
		}
		delete(seen.Properties, name)
	}
	return seen
}

// checkProtected refuses a draft with properties that its caller may not make.
// Of several the same one is always told.
//
// Source: glance/api/property_protections.py, ProtectedImageFactoryProxy.new_image.
func checkProtected(p Protection, d Draft) error {
	if p == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(d.Properties)) {
		if !p.MayCreate(name) {
			return errProtected(name)
		}
	}
	return nil
}

// mayApply decides whether the caller may make a change of a custom property
// that is there as far as present says. One that is there and hidden is, to
// callers who want to change or remove it, not there; and nobody makes it anew.
//
// Source: glance/api/property_protections.py, ExtraPropertiesProxy; there,
// whoever may create a property overwrites one that is hidden.
func mayApply(p Protection, ch Change, present bool) error {
	visible := present && reads(p, ch.Name)
	switch {
	case ch.Op == AddAbsent && visible:
		return errPresent(ch.Name)
	case (ch.Op == Replace || ch.Op == Remove) && !visible:
		return problem.New(problem.Conflict, "Property '%s' does not exist.", ch.Name)
	case p == nil:
		return nil
	}
	removes := ch.Op == Remove || ch.Value.Text == nil
	switch {
	case !present && p.MayCreate(ch.Name):
		return nil
	case visible && (ch.Op == Remove || p.MayUpdate(ch.Name)) && (!removes || p.MayDelete(ch.Name)):
		return nil
	}
	return errProtected(ch.Name)
}

// errProtected is in Glance's words.
//
// Source: glance/common/exception.py, ReservedProperty.
func errProtected(name string) error {
	return problem.New(problem.Forbidden, "Attribute '%s' is reserved.", name)
}
