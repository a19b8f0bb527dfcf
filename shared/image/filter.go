package image

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/problem"
)

// A filter says which of the images that a caller may list it wants. What tells
// where to look is kept by name, all else as tests of the record.
type filter struct {
	visibility Visibility // empty: not said; anyVisibility
	hidden     bool       // lists hidden images, and only those
	owner      *string    // nil: any
	names      []string   // the name is one of these; nil: any
	ids        []string   // lower-cased, like names
	nothing    bool       // no image can pass
	properties []string   // names of the custom properties that are asked for
	tests      []test

	// memberStatuses are those of the images shared with the caller that it wants.
	memberStatuses []MemberStatus
}

type test func(*Image) bool

// anyVisibility asks for the images of every visibility.
const anyVisibility Visibility = "all"

// passes reports whether the record has everything that was asked.
func (f *filter) passes(img *Image) bool {
	if f.nothing || img.Hidden != f.hidden {
		return false
	}
	if f.visibility != "" && f.visibility != anyVisibility && img.Visibility != f.visibility {
		return false
	}
	if f.owner != nil && (img.Owner == nil || *img.Owner != *f.owner) {
		return false
	}
	for _, t := range f.tests {
		if !t(img) {
			return false
		}
	}
	return true
}

// seenThrough returns the filter as it holds for a caller: nothing has a property
// that the caller may not read, so that no value can be found out by asking.
func (f filter) seenThrough(p Protection) filter {
	for _, name := range f.properties {
		f.nothing = f.nothing || !reads(p, name)
	}
	return f
}

// A reading adds to the filter what one parameter asks for.
type reading func(f *filter, name, value string) error

// readings are the parameters with a meaning. Every other one asks for the
// custom property of its name.
//
// Source: glance/api/v2/images.py, RequestDeserializer.index and _get_filters;
// glance/db/sqlalchemy/api.py, _make_conditions_from_filters.
var readings = map[string]reading{
	"id":               readIDs,
	"name":             readNames,
	"status":           readText(func(img *Image) *string { return (*string)(&img.Status) }),
	"container_format": readText(func(img *Image) *string { return img.ContainerFormat }),
	"disk_format":      readText(func(img *Image) *string { return img.DiskFormat }),
	"checksum":         readExact(func(img *Image) *string { return img.Checksum }),
	"os_hash_algo":     readExact(func(img *Image) *string { return img.HashAlgo }),
	"os_hash_value":    readExact(func(img *Image) *string { return img.HashValue }),
	"created_at":       readTime(func(img *Image) time.Time { return img.CreatedAt }),
	"updated_at":       readTime(func(img *Image) time.Time { return img.UpdatedAt }),
	"owner":            readOwner,
	"visibility":       readVisibility,
	"member_status":    readMemberStatus,
	"protected":        readProtected,
	"os_hidden":        readHidden,
	"changes-since":    refuseChangesSince,
	"deleted":          func(*filter, string, string) error { return nil }, // never lists deleted images
}

// numbers are the attributes that are compared as numbers, also by a least and a
// most value: size_min, min_ram_max.
var numbers = map[string]func(*Image) *int64{
	"size":         func(img *Image) *int64 { return img.Size },
	"virtual_size": func(img *Image) *int64 { return img.VirtualSize },
	"min_ram":      func(img *Image) *int64 { return &img.MinRAM },
	"min_disk":     func(img *Image) *int64 { return &img.MinDisk },
}

// notFilters are the parameters of a list that choose no images.
var notFilters = []string{"limit", "marker", "sort", "sort_key", "sort_dir"}

// parseFilter reads every parameter. Of a repeated one the last counts, except
// tags, which an image must all have.
func parseFilter(params map[string][]string) (filter, error) {
	f := filter{memberStatuses: []MemberStatus{Accepted}}
	names := make([]string, 0, len(params))
	for name, values := range params {
		if len(values) > 0 && !slices.Contains(notFilters, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names) // of several faults, always the same one is told
	for _, name := range names {
		values := params[name]
		if name == "tag" {
			f.wantTags(trimmed(values))
			continue
		}
		if err := readingOf(name)(&f, name, values[len(values)-1]); err != nil {
			return filter{}, err
		}
	}
	return f, nil
}

func readingOf(name string) reading {
	switch {
	case readings[name] != nil:
		return readings[name]
	case numbers[name] != nil:
		return readNumber
	case strings.HasSuffix(name, "_min"), strings.HasSuffix(name, "_max"):
		return readBound
	}
	return readProperty
}

func (f *filter) want(t test) { f.tests = append(f.tests, t) }

func (f *filter) wantTags(tags []string) {
	f.want(func(img *Image) bool {
		for _, tag := range tags {
			if !slices.Contains(img.Tags, tag) {
				return false
			}
		}
		return true
	})
}

func readProperty(f *filter, name, value string) error {
	f.properties = append(f.properties, name)
	f.want(func(img *Image) bool {
		has, ok := img.Properties[name]
		return ok && has == value
	})
	return nil
}

func readIDs(f *filter, name, value string) error {
	values, err := oneOrMore(name, value)
	for i, id := range values {
		values[i] = strings.ToLower(id)
	}
	slices.Sort(values)
	f.ids = slices.Compact(values)
	f.want(func(img *Image) bool { return slices.Contains(f.ids, strings.ToLower(img.ID)) })
	return err
}

func readNames(f *filter, name, value string) error {
	values, err := oneOrMore(name, value)
	slices.Sort(values)
	f.names = slices.Compact(values)
	f.want(func(img *Image) bool { return img.Name != nil && slices.Contains(values, *img.Name) })
	return err
}

func readText(of func(*Image) *string) reading {
	return func(f *filter, name, value string) error {
		values, err := oneOrMore(name, value)
		f.want(func(img *Image) bool {
			has := of(img)
			return has != nil && slices.Contains(values, *has)
		})
		return err
	}
}

func readExact(of func(*Image) *string) reading {
	return func(f *filter, _, value string) error {
		f.want(func(img *Image) bool {
			has := of(img)
			return has != nil && *has == value
		})
		return nil
	}
}

func readOwner(f *filter, _, value string) error {
	f.owner = &value
	return nil
}

func readVisibility(f *filter, _, value string) error {
	switch v := Visibility(value); v {
	case Public, Private, Shared, Community, anyVisibility:
		f.visibility = v
	case "":
		f.nothing = true
	default:
		return problem.New(problem.Invalid, "Invalid visibility value: '%s'. It must be one of: all, community, private, public, shared.", value)
	}
	return nil
}

// readMemberStatus chooses among the images that others share with the caller.
func readMemberStatus(f *filter, _, value string) error {
	switch status := MemberStatus(value); status {
	case Pending, Accepted, Rejected:
		f.memberStatuses = []MemberStatus{status}
	case "all":
		f.memberStatuses = []MemberStatus{Accepted, Pending, Rejected}
	default:
		return problem.New(problem.Invalid, "Invalid status: '%s'. It must be one of: accepted, all, pending, rejected.", value)
	}
	return nil
}

func (f *filter) wantsMember(s MemberStatus) bool { return slices.Contains(f.memberStatuses, s) }

func readProtected(f *filter, _, value string) error {
	if value != "true" && value != "false" {
		return problem.New(problem.Invalid, "Invalid value '%s' for the filter protected. Valid values are true and false.", value)
	}
	f.want(func(img *Image) bool { return img.Protected == (value == "true") })
	return nil
}

func readHidden(f *filter, _, value string) error {
	switch strings.ToLower(value) {
	case "true":
		f.hidden = true
	case "false":
		f.hidden = false
	default:
		return problem.New(problem.Invalid, "Invalid value '%s' for the filter os_hidden. Valid values are true and false.", value)
	}
	return nil
}

func refuseChangesSince(*filter, string, string) error {
	return problem.New(problem.Invalid, `The "changes-since" filter is no longer available on v2.`)
}

// readNumber wants the attribute to be the number. What is no number is no
// image's.
func readNumber(f *filter, name, value string) error {
	of := numbers[name]
	n, err := strconv.ParseInt(value, 10, 64)
	f.nothing = f.nothing || err != nil
	f.want(func(img *Image) bool {
		has := of(img)
		return has != nil && *has == n
	})
	return nil
}

func readBound(f *filter, name, value string) error {
	of := numbers[name[:len(name)-len("_min")]]
	if of == nil {
		return problem.New(problem.Invalid, "Images cannot be filtered by '%s': it is no number of theirs.", name)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // out of range n is the nearest there is
		return problem.New(problem.Invalid, "Invalid value '%s' for the filter %s: it must be an integer.", value, name)
	}
	least := strings.HasSuffix(name, "_min")
	f.want(func(img *Image) bool {
		has := of(img)
		return has != nil && (least && *has >= n || !least && *has <= n)
	})
	return nil
}
