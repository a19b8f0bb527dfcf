package image

import (
	"maps"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/key"
)

// maxInherited is how many characters of a value a snapshot inherits.
//
// Source: nova/compute/utils.py, get_image_from_system_metadata: the column of
// instance_system_metadata.value.
const maxInherited = 255

// neverInherited are properties that are true of one image alone, or that an instance
// does not keep of its image. Those that name keys are among them: the key itself is
// cloned.
//
// Source: nova/compute/utils.py, initialize_instance_snapshot_metadata and
// NON_INHERITABLE_IMAGE_PROPERTIES; nova/utils.py, get_system_metadata_from_image.
var neverInherited = map[string]bool{
	key.CinderKey: true, key.CinderPolicy: true, key.ImageKey: true, key.ImagePolicy: true,
	"img_signature": true, "img_signature_hash_method": true, "img_signature_key_type": true, "img_signature_certificate_uuid": true,
	"mappings": true, "block_device_mapping": true, "img_mappings": true, "img_block_device_mapping": true,
	instanceOwner: true,
}

// instanceOwner is the property by which Nova tells its parts whom to share a snapshot
// with. It is not stored.
//
// Source: nova/image/glance.py, GlanceImageServiceV2.create.
const instanceOwner = "instance_owner"

// inherits returns the custom properties that a snapshot takes over from its source. One
// that somebody may not do everything with stays as it is, whoever makes the snapshot,
// so that no rule can be shed that is about it. What the operator has listed goes.
func (s *Service) inherits(source *Image, p Protection) map[string]string {
	taken := make(map[string]string)
	if source == nil {
		return taken
	}
	for name, value := range source.Properties {
		switch {
		case neverInherited[name], strings.HasPrefix(name, ServerPrefix), s.notInherited(name):
		case p != nil && p.Protects(name):
			taken[name] = value
		default:
			taken[name] = firstCharacters(value, maxInherited)
		}
	}
	return taken
}

func (s *Service) notInherited(name string) bool { return slices.Contains(s.NotInherited, name) }

func firstCharacters(text string, n int) string {
	for at := range text {
		if n == 0 {
			return text[:at]
		}
		n--
	}
	return text
}

// properties are those of a snapshot: what it inherits, what the caller says, and what
// it is a snapshot of. names are the keys that it will name, by property.
//
// Errors: Forbidden for a property that the caller may not make, or change where it is
// inherited.
func (s *Service) properties(d SnapshotDraft, p Protection, names map[string]string, user string) (map[string]string, error) {
	all := s.inherits(d.Source, p)
	maps.Copy(all, names)
	for _, name := range slices.Sorted(maps.Keys(d.Properties)) {
		if name == instanceOwner {
			continue
		}
		value := d.Properties[name]
		_, present := all[name]
		if err := mayApply(p, Change{Op: Add, Name: name, Value: Value{Text: &value}}, present); err != nil {
			return nil, err
		}
		all[name] = value
	}
	all["instance_uuid"], all["user_id"], all["image_type"] = d.Instance, user, string(d.Kind)
	if d.Kind == Backup {
		all["backup_type"] = d.BackupType
	}
	return all, nil
}

// formats are those that a snapshot begins with. Whoever takes the others' data says
// what it is.
//
// Source: nova/compute/api.py, _create_image; nova/compute/utils.py,
// initialize_instance_snapshot_metadata.
func (d SnapshotDraft) formats() (disk, container *string) {
	if d.Source == nil || d.Kind != Backup {
		return nil, nil
	}
	return d.Source.DiskFormat, d.Source.ContainerFormat
}
