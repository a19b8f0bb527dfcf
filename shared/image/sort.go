package image

import (
	"cmp"
	"strings"

	"github.com/gander-images/gander/shared/problem"
)

// A sortKey is one attribute to sort by.
type sortKey struct {
	name string
	desc bool
}

// A sorting is the complete order of a list: it ends with the id, so that no
// two images stand equal.
type sorting []sortKey

// comparisons are the attributes that a list can be sorted by. Null stands as
// the empty text or 0. Ids compare without letter case, as they are unique so.
//
// Source: glance/api/v2/images.py, RequestDeserializer._available_sort_keys.
var comparisons = map[string]func(a, b *Image) int{
	"name":             func(a, b *Image) int { return cmp.Compare(deref(a.Name), deref(b.Name)) },
	"status":           func(a, b *Image) int { return cmp.Compare(a.Status, b.Status) },
	"container_format": func(a, b *Image) int { return cmp.Compare(deref(a.ContainerFormat), deref(b.ContainerFormat)) },
	"disk_format":      func(a, b *Image) int { return cmp.Compare(deref(a.DiskFormat), deref(b.DiskFormat)) },
	"size":             func(a, b *Image) int { return cmp.Compare(deref(a.Size), deref(b.Size)) },
	"id":               func(a, b *Image) int { return cmp.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID)) },
	"created_at":       func(a, b *Image) int { return a.CreatedAt.Compare(b.CreatedAt) },
	"updated_at":       func(a, b *Image) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
}

// sortedBy returns the image's attributes that comparisons read, without the
// rest of the record.
func sortedBy(img *Image) *Image {
	return &Image{
		ID: img.ID, Name: img.Name, Status: img.Status, ContainerFormat: img.ContainerFormat,
		DiskFormat: img.DiskFormat, Size: img.Size, CreatedAt: img.CreatedAt, UpdatedAt: img.UpdatedAt,
	}
}

// compare orders two images; 0 means that they are the same one.
func (s sorting) compare(a, b *Image) int {
	for _, key := range s {
		if c := comparisons[key.name](a, b); c != 0 {
			if key.desc {
				return -c
			}
			return c
		}
	}
	return 0
}

// listOrder returns the order of entries that is this sorting, and whether they
// are read from the highest down; ok is false where no entries are kept in it.
func (s sorting) listOrder() (o order, backward, ok bool) {
	names := make([]string, 0, len(s))
	for _, key := range s {
		if key.desc != s[0].desc {
			return "", false, false
		}
		names = append(names, key.name)
	}
	switch strings.Join(names, " ") {
	case "created_at id":
		return createdOrder, s[0].desc, true
	case "name created_at id":
		return nameOrder, s[0].desc, true
	}
	return "", false, false
}

// parseSort reads both ways to ask for an order: sort=key:dir,key and the
// classic sort_key and sort_dir, which pair up as they come. created_at and id
// are added where they are missing, in the one direction given, else downwards.
//
// Source: glance/api/v2/images.py, RequestDeserializer._get_sorting_params;
// glance/db/sqlalchemy/api.py, image_get_all.
func parseSort(params map[string][]string) (sorting, error) {
	keys, dirs, err := askedSort(params)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		keys = []string{"created_at"}
	}
	rest := "desc"
	if len(dirs) == 1 {
		rest = dirs[0]
	}
	var s sorting
	for i, key := range append(keys, "created_at", "id") {
		dir := rest
		if len(dirs) > 1 && i < len(dirs) {
			dir = dirs[i]
		}
		if err := checkSort(key, dir); err != nil {
			return nil, err
		}
		if !s.has(key) && !s.has("id") { // what follows a key of its own, or an id, decides nothing
			s = append(s, sortKey{key, dir == "desc"})
		}
	}
	return s, nil
}

func (s sorting) has(name string) bool {
	for _, key := range s {
		if key.name == name {
			return true
		}
	}
	return false
}

func askedSort(params map[string][]string) (keys, dirs []string, err error) {
	asked, given := params["sort"]
	if !given {
		keys, dirs = trimmed(params["sort_key"]), trimmed(params["sort_dir"])
		if len(dirs) > 1 && len(dirs) != len(keys) {
			return nil, nil, problem.New(problem.Invalid, "There are %d sort_dir for %d sort_key. Give one, or one for each key.", len(dirs), len(keys))
		}
		return keys, dirs, nil
	}
	if params["sort_key"] != nil || params["sort_dir"] != nil {
		return nil, nil, problem.New(problem.Invalid, "The parameter sort cannot be combined with sort_key and sort_dir.")
	}
	for part := range strings.SplitSeq(asked[len(asked)-1], ",") {
		key, dir, _ := strings.Cut(part, ":")
		if dir == "" {
			dir = "desc"
		}
		keys = append(keys, strings.TrimSpace(key))
		dirs = append(dirs, strings.TrimSpace(dir))
	}
	return keys, dirs, nil
}

func trimmed(texts []string) []string {
	var out []string
	for _, s := range texts {
		out = append(out, strings.TrimSpace(s))
	}
	return out
}

func checkSort(key, dir string) error {
	if comparisons[key] == nil {
		return problem.New(problem.Invalid,
			"Invalid sort key: '%s'. It must be one of: container_format, created_at, disk_format, id, name, size, status, updated_at.", key)
	}
	if dir != "asc" && dir != "desc" {
		return problem.New(problem.Invalid, "Invalid sort direction: '%s'. It must be asc or desc.", dir)
	}
	return nil
}
