package image

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/caller"
)

// A modelQuery is a list call in a form that the model understands.
type modelQuery struct {
	members modelMembers
	status  string // of members; "all" for any
	params  map[string][]string
	keys    []string
	desc    []bool
	keep    map[string]func(*Image) bool // by parameter
	visible string
	hidden  bool
	none    bool
	refuse  bool // get_image refuses what has the property secret
	blind   bool // os_distro may not be read
}

func (q *modelQuery) set(name, value string) { q.params[name] = []string{value} }

func (q *modelQuery) filter(name, value string, keep func(*Image) bool) {
	q.set(name, value)
	q.keep[name] = keep
}

func (q *modelQuery) protection() Protection {
	if q.blind {
		return fixedRights{"secret": "r"}
	}
	return nil
}

func (q *modelQuery) may(img *Image) (bool, error) {
	return !q.refuse || img.Properties["secret"] == "", nil
}

func drawQuery(t *rapid.T, images []*Image, members modelMembers) *modelQuery {
	q := &modelQuery{
		members: members, status: "accepted",
		params: map[string][]string{}, keep: map[string]func(*Image) bool{}, refuse: rapid.IntRange(0, 3).Draw(t, "refuse") == 0,
		blind: rapid.IntRange(0, 2).Draw(t, "blind") == 0,
	}
	drawSort(t, q)
	if status := rapid.SampledFrom([]string{"", "", "accepted", "pending", "rejected", "all"}).Draw(t, "member status"); status != "" {
		q.set("member_status", status)
		q.status = status
	}
	switch rapid.SampledFrom([]string{"", "", "public", "private", "shared", "community", "all", "none"}).Draw(t, "visibility") {
	case "none":
		q.set("visibility", "")
		q.none = true
	case "public":
		q.visible = "public"
	case "private":
		q.visible = "private"
	case "shared":
		q.visible = "shared"
	case "community":
		q.visible = "community"
	case "all":
		q.visible = "all"
	}
	if q.visible != "" {
		q.set("visibility", q.visible)
	}
	if rapid.IntRange(0, 3).Draw(t, "hidden") == 0 {
		q.hidden = true
		q.set("os_hidden", "True")
	}
	if len(images) > 0 && rapid.Bool().Draw(t, "filtered") {
		drawFilters(t, q, rapid.SampledFrom(images).Draw(t, "example"))
	}
	return q
}

func drawSort(t *rapid.T, q *modelQuery) {
	switch rapid.IntRange(0, 4).Draw(t, "sort") {
	case 0:
		q.keys, q.desc = []string{"created_at", "id"}, []bool{true, true}
		return
	case 1, 2: // the orders that entries are kept in
		key := rapid.SampledFrom([]string{"created_at", "name"}).Draw(t, "key")
		desc := rapid.Bool().Draw(t, "desc")
		q.set("sort_key", key)
		q.set("sort_dir", direction(desc))
		q.keys, q.desc = []string{key, "created_at", "id"}, []bool{desc, desc, desc}
		return
	}
	all := []string{"name", "created_at", "id"}
	if rapid.Bool().Draw(t, "any key") {
		all = []string{"name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"}
	}
	keys := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 3, rapid.ID[string]).Draw(t, "keys")
	var parts []string
	for _, key := range keys {
		desc := rapid.Bool().Draw(t, "desc")
		parts = append(parts, " "+key+" : "+direction(desc)+" ")
		q.keys, q.desc = append(q.keys, key), append(q.desc, desc)
	}
	q.set("sort", strings.Join(parts, ","))
	rest := len(keys) > 1 || q.desc[0]
	q.keys, q.desc = append(q.keys, "created_at", "id"), append(q.desc, rest, rest)
}

func direction(desc bool) string {
	if desc {
		return "desc"
	}
	return "asc"
}

func drawFilters(t *rapid.T, q *modelQuery, like *Image) {
	for range rapid.IntRange(1, 2).Draw(t, "filters") {
		switch rapid.IntRange(0, 9).Draw(t, "filter") {
		case 0:
			if like.Name != nil {
				q.filter("name", "eq:"+*like.Name, func(img *Image) bool { return img.Name != nil && *img.Name == *like.Name })
			}
		case 1:
			q.filter("name", `in:a,"a,b",ab,""`, func(img *Image) bool {
				return img.Name != nil && slices.Contains([]string{"a", "a,b", "ab", ""}, *img.Name)
			})
		case 2:
			q.filter("id", like.ID, func(img *Image) bool { return img.ID == like.ID })
		case 3:
			q.filter("status", "in:active,queued", func(img *Image) bool { return img.Status == Active || img.Status == Queued })
		case 4:
			owner := rapid.SampledFrom([]string{"demo", "other", "", "nobody"}).Draw(t, "owner")
			q.filter("owner", owner, func(img *Image) bool { return img.Owner != nil && *img.Owner == owner })
		case 5:
			q.filter("tag", "", func(img *Image) bool { return slices.Contains(img.Tags, "a") && slices.Contains(img.Tags, "b") })
			q.params["tag"] = []string{" a", "b "}
		case 6:
			q.filter("os_distro", "x", func(img *Image) bool { return !q.blind && img.Properties["os_distro"] == "x" })
		case 7:
			n := int64(rapid.IntRange(0, 2).Draw(t, "least"))
			q.filter("size_min", strconv.FormatInt(n, 10), func(img *Image) bool { return img.Size != nil && *img.Size >= n })
		case 8:
			q.filter("created_at", "gte:2026-07-01T11:00:01+02:00", func(img *Image) bool { return img.CreatedAt.Unix() >= zeroTime.Unix()+1 })
		case 9:
			q.filter("protected", "true", func(img *Image) bool { return img.Protected })
		}
	}
}

// rows are the images that c is to be shown, in their order.
func (q *modelQuery) rows(images []*Image, c caller.Caller) []*Image {
	var rows []*Image
	for _, img := range images {
		if q.shows(img, c) {
			rows = append(rows, img)
		}
	}
	slices.SortFunc(rows, q.compare)
	return rows
}

func (q *modelQuery) shows(img *Image, c caller.Caller) bool {
	own := img.Owner != nil && c.ProjectID != "" && *img.Owner == c.ProjectID
	open := img.Visibility == Public || img.Visibility == Community || img.Visibility == Shared && q.shared(img, c)
	switch {
	case q.none, img.Hidden != q.hidden, !slices.Contains([]Status{Queued, Active, Saving, Importing, Deactivated}, img.Status):
		return false
	case !c.Admin && !own && !open:
		return false
	case q.visible == "" && img.Visibility == Community && !own:
		return false
	case q.visible != "" && q.visible != "all" && string(img.Visibility) != q.visible:
		return false
	}
	for _, keep := range q.keep {
		if !keep(img) {
			return false
		}
	}
	ok, _ := q.may(img)
	return ok
}

// shared reports whether the image's row for the caller's project is one that
// was asked for.
func (q *modelQuery) shared(img *Image, c caller.Caller) bool {
	status, ok := q.members[strings.ToLower(img.ID)][c.ProjectID]
	return ok && (q.status == "all" || q.status == string(status))
}

func (q *modelQuery) compare(a, b *Image) int {
	for i, key := range q.keys {
		if c := cmp.Compare(modelValue(a, key), modelValue(b, key)); c != 0 {
			if q.desc[i] {
				return -c
			}
			return c
		}
	}
	return 0
}

// modelValue writes an attribute so that it sorts as text.
func modelValue(img *Image, key string) string {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	switch key {
	case "name":
		return text(img.Name)
	case "status":
		return string(img.Status)
	case "container_format":
		return text(img.ContainerFormat)
	case "disk_format":
		return text(img.DiskFormat)
	case "size":
		if img.Size == nil {
			return "0"
		}
		return strconv.FormatInt(*img.Size, 10) // of one digit
	case "id":
		return strings.ToLower(img.ID)
	case "created_at":
		return strconv.FormatInt(img.CreatedAt.UnixMicro(), 10)
	case "updated_at":
		return strconv.FormatInt(img.UpdatedAt.UnixMicro(), 10)
	}
	panic(key)
}

// walk follows markers from the first page to the end.
func (q *modelQuery) walk(t *rapid.T, l *lister, c caller.Caller, limit int) []string {
	params := maps.Clone(q.params)
	params["limit"] = []string{strconv.Itoa(limit)}
	ids := []string{}
	for {
		parsed, err := ParseQuery(params)
		if err != nil {
			t.Fatalf("%v: %v", params, err)
		}
		page, err := l.List(context.Background(), l.grant, q.protection(), c, parsed, q.may)
		if err != nil {
			t.Fatalf("list %v: %v", params, err)
		}
		ids = append(ids, idsIn(page.Images)...)
		if full := len(page.Images) == limit; page.More != full {
			t.Fatalf("list %v: a page of %d, more: %t", params, len(page.Images), page.More)
		}
		if !page.More {
			return ids
		}
		marker := ids[len(ids)-1]
		if len(ids)%2 == 0 {
			marker = strings.ToUpper(marker)
		}
		params["marker"] = []string{marker}
	}
}

// modelMembers are the statuses of members by image, in lower case, and project.
type modelMembers map[string]map[string]MemberStatus
