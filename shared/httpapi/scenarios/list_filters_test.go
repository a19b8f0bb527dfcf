package scenarios

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// asQuery escapes a query that is written plainly: name=value&name=value.
func asQuery(plain string) string {
	parts := strings.Split(plain, "&")
	for i, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		parts[i] = url.QueryEscape(name) + "=" + url.QueryEscape(value)
	}
	return strings.Join(parts, "&")
}

// Every filter and operator, on an image that has something in each attribute
// and one that has nothing: what is found, of "full" and "bare".
func TestListFilterRows(t *testing.T) {
	w := newWorld(t)
	var empty, img struct {
		Created  time.Time `json:"created_at"`
		Updated  time.Time `json:"updated_at"`
		Checksum string    `json:"checksum"`
		Algo     string    `json:"os_hash_algo"`
		Hash     string    `json:"os_hash_value"`
	}
	w.call("GET /v2/images/" + w.made(`{}`)).want(200).into(&empty)
	id := w.made(`{"name":"full, \"a\"","disk_format":"qcow2","container_format":"ovf","min_ram":512,"min_disk":3,"protected":true,
		"tags":["x","y y"],"os_distro":"debian","empty":"","a:b":"in:c"}`)
	w.call("PUT /v2/images/"+id+"/file", octets("12345")).want(204)
	w.call("GET /v2/images/" + id).want(200).into(&img)
	at := func(d time.Duration, zone string) string {
		return img.Created.Add(d).Format("2006-01-02T15:04:05") + zone
	}
	when := func(bares bool) string { // bare is as old as full, or older by a second or more
		if bares {
			return "bare full"
		}
		return "full"
	}
	one := empty.Created.Equal(img.Created)
	const full, bare, both, none = "full", "bare", "bare full", ""
	for query, want := range map[string]string{
		`name=eq:full, "a"`:                              full,
		`name=in:"full, \"a\"",b`:                        full,
		`name=in:full, \"a\"`:                            none,
		`name=full`:                                      none,
		`name=Full, "a"`:                                 none,
		`name=eq:`:                                       none,
		`name=in:`:                                       none,
		`name=`:                                          none,
		`name=x&name=full, "a"`:                          full,
		"id=" + id:                                       full,
		"id=in:x," + id:                                  full,
		"id=x":                                           none,
		"status=active":                                  full,
		"status=in:active,queued":                        both,
		`status=in:"queued",active,nothing`:              both,
		"status=deleted":                                 none,
		"status=nothing":                                 none,
		"container_format=ovf":                           full,
		"container_format=in:ovf,bare":                   full,
		"container_format=":                              none,
		"disk_format=eq:qcow2":                           full,
		"disk_format=raw":                                none,
		"created_at=gte:" + at(0, "Z"):                   when(one),
		"created_at=lt:" + at(0, "Z"):                    map[bool]string{true: none, false: bare}[one],
		"created_at=eq:" + at(0, "Z"):                    when(one),
		"created_at=" + at(0, ""):                        when(one),
		"created_at=" + at(2*time.Hour, "+02:00"):        when(one),
		"created_at=neq:" + at(0, "Z"):                   map[bool]string{true: none, false: bare}[one],
		"created_at=gt:" + at(0, "Z"):                    none,
		"created_at=lte:" + at(0, "Z"):                   both,
		"created_at=gt:" + at(time.Second, "Z"):          none,
		"updated_at=gt:" + at(-time.Hour, "Z"):           both,
		"updated_at=lt:" + at(-time.Hour, "Z"):           none,
		"updated_at=" + img.Updated.Format(time.RFC3339): when(empty.Updated.Equal(img.Updated)),
		"size=5":                        full,
		"size=6":                        none,
		"size=x":                        none,
		"size_min=5&size_max=5":         full,
		"size_min=6":                    none,
		"size_max=4":                    none,
		"size_min=0":                    full,
		"min_ram=512":                   full,
		"min_ram=0":                     bare,
		"min_ram_min=0&min_ram_max=600": both,
		"min_disk_min=1":                full,
		"min_disk_max=2":                bare,
		"min_disk=3":                    full,
		"virtual_size_min=-1":           none,
		"checksum=" + img.Checksum:      full,
		"checksum=x":                    none,
		"checksum=in:" + img.Checksum:   none,
		"os_hash_algo=" + img.Algo:      full,
		"os_hash_value=" + img.Hash:     full,
		"os_hash_value=" + strings.ToUpper(img.Hash): none,
		"owner=demo":                        both,
		"owner=other":                       none,
		"owner=in:demo,other":               none,
		"protected=true":                    full,
		"protected=false":                   bare,
		"os_hidden=false":                   both,
		"os_hidden=TRUE":                    none,
		"tag=x":                             full,
		"tag=x&tag=y y":                     full,
		"tag= x &tag= y y ":                 full,
		"tag=x&tag=z":                       none,
		"tag=X":                             none,
		"tag=":                              none,
		"os_distro=debian":                  full,
		"os_distro=Debian":                  none,
		"os_distro=eq:debian":               none,
		"os_distro=fedora&os_distro=debian": full,
		"empty=":                            full,
		"nothing=":                          none,
		"a:b=in:c":                          full,
		"deleted=true":                      both,
		"is_public=True":                    none,
		"member_status=all":                 both,
		"visibility=shared":                 both,
		"visibility=public":                 none,
		"visibility=":                       none,
		"limit=0":                           none,
		"limit=0&limit=5":                   both,
		"status=active&os_distro=debian&tag=x&size=5":   full,
		"status=queued&os_distro=debian":                none,
		"name=\U0001F600":                               none,
		"os_distro=" + strings.Repeat("\U0001F600", 99): none,
	} {
		page := w.list("/v2/images?" + asQuery(query))
		var found []string
		for _, img := range page.Images {
			found = append(found, map[bool]string{true: full, false: bare}[img.ID == id])
		}
		slices.Sort(found)
		if got := strings.Join(found, " "); got != want {
			t.Errorf("%s finds %q, not %q", query, got, want)
		}
	}
}

// Every order, in both ways to ask for it, alone and behind another: null comes
// as the empty text or 0, and what is equal by creation.
func TestListSortRows(t *testing.T) {
	w := newWorld(t)
	type row struct {
		ID        string  `json:"id"`
		Name      *string `json:"name"`
		Status    string  `json:"status"`
		Container *string `json:"container_format"`
		Disk      *string `json:"disk_format"`
		Size      *int64  `json:"size"`
		Created   string  `json:"created_at"`
		Updated   string  `json:"updated_at"`
		made      int
	}
	var rows []*row
	for i, draft := range []string{
		`{"name":"b","disk_format":"raw","container_format":"bare"}`,
		`{}`,
		`{"name":"a","disk_format":"qcow2","container_format":"bare"}`,
		`{"name":"b","disk_format":"qcow2","container_format":"ovf"}`,
		`{"name":"\u00e4"}`,
		`{"name":"B","disk_format":"iso","container_format":"bare"}`,
	} {
		id := w.made(draft)
		if strings.Contains(draft, "bare") {
			w.call("PUT /v2/images/"+id+"/file", octets(strings.Repeat("x", 12-i))).want(204)
		}
		rows = append(rows, &row{made: i})
		w.call("GET /v2/images/" + id).want(200).into(rows[i])
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	value := map[string]func(*row) string{
		"name": func(r *row) string { return text(r.Name) }, "status": func(r *row) string { return r.Status },
		"container_format": func(r *row) string { return text(r.Container) }, "disk_format": func(r *row) string { return text(r.Disk) },
		"id": func(r *row) string { return r.ID }, "created_at": func(r *row) string { return fmt.Sprint(r.made) },
		"size": func(r *row) string {
			if r.Size == nil {
				return "00"
			}
			return fmt.Sprintf("%02d", *r.Size)
		},
	}
	order := func(keys []string, desc []bool) string {
		sorted := slices.Clone(rows)
		slices.SortFunc(sorted, func(a, b *row) int {
			for i, key := range keys {
				if c := strings.Compare(value[key](a), value[key](b)); c != 0 {
					if desc[i] {
						return -c
					}
					return c
				}
			}
			return 0
		})
		var ids []string
		for _, r := range sorted {
			ids = append(ids, r.ID)
		}
		return strings.Join(ids, " ")
	}
	check := func(query, want string) {
		t.Helper()
		for _, limit := range []string{"", "&limit=2"} {
			var ids []string
			for _, img := range w.walked("/v2/images?" + query + limit).Images {
				ids = append(ids, img.ID)
			}
			if got := strings.Join(ids, " "); got != want {
				t.Errorf("%s%s lists\n%s, not\n%s", query, limit, got, want)
			}
		}
	}
	// repeated is check where the last parameter of a name may come through alone.
	repeated := func(query, all, last string) {
		t.Helper()
		if w.handedOn("GET /v2/images?"+query, query) != query {
			all = last
		}
		check(query, all)
	}
	check("sort_dir=asc", order([]string{"created_at"}, []bool{false}))
	check("member_status=accepted", order([]string{"created_at"}, []bool{true}))
	for key := range value {
		for dir, desc := range map[string]bool{"asc": false, "desc": true} {
			alone := order([]string{key, "created_at"}, []bool{desc, desc})
			check("sort="+key+"%3A"+dir, alone)
			check("sort_key="+key+"&sort_dir="+dir, alone)
			check("sort=+"+key+"+%3A+"+dir+"+", alone)
			behind := order([]string{"status", key, "created_at"}, []bool{true, desc, true})
			check("sort=status,"+key+":"+dir, behind)
			repeated("sort_key=status&sort_key="+key+"&sort_dir=desc&sort_dir="+dir, behind, alone)
			one := order([]string{"status", key, "created_at"}, []bool{desc, desc, desc})
			repeated("sort_key=status&sort_key="+key+"&sort_dir="+dir, one, alone)
		}
		check("sort="+key, order([]string{key, "created_at"}, []bool{true, true}))
		check("sort_key="+key, order([]string{key, "created_at"}, []bool{true, true}))
	}
}

// Every bad value is the caller's fault, said in words that name it.
func TestListRefusesBadValues(t *testing.T) {
	w := newWorld(t)
	w.made(`{"name":"x"}`)
	for query, said := range map[string]string{
		"limit=-1": "limit '-1'", "limit=x": "limit", "limit=": "limit", "limit=1.0": "limit", "limit=1&limit=x": "limit",
		"marker=": "marker", "marker=x": "marker",
		"sort=": "sort key", "sort=bogus": "bogus", "sort=name:up": "up", "sort=name,": "sort key", "sort=owner": "owner",
		"sort_key=bogus": "bogus", "sort_key=": "sort key", "sort_key=NAME": "NAME", "sort_dir=up": "up", "sort_dir=": "direction", "sort_dir=ASC": "ASC",
		"sort=name&sort_key=name": "combined", "sort=name&sort_dir=asc": "combined",
		"sort_dir=asc&sort_dir=desc": "sort_dir", "sort_key=name&sort_dir=asc&sort_dir=desc": "sort_dir",
		"sort_key=name&sort_key=id&sort_key=size&sort_dir=asc&sort_dir=desc": "sort_dir",
		"visibility=none": "none", "visibility=Public": "Public", "visibility=in:public": "visibility",
		"member_status=": "status", "member_status=maybe": "maybe", "member_status=Accepted": "Accepted", "member_status=in:all": "status",
		"protected=": "protected", "protected=True": "protected", "protected=1": "protected",
		"os_hidden=": "os_hidden", "os_hidden=yes": "os_hidden", "os_hidden=0": "os_hidden",
		"changes-since=2026-07-01": "changes-since", "changes-since=": "changes-since",
		"name=a:b": "eq:", "name=neq:b": "neq", "id=gt:b": "gt", "status=ne:active": "ne", "container_format=like:x": "like", "disk_format=:x": "disk_format",
		`name=in:a"b"`: "comma", `name=in:"a"b`: "comma", `name=in:"a`: "closed", `status=in:"active"queued`: "comma", `id=in:"`: "closed",
		"created_at=yesterday": "yesterday", "created_at=": "created_at", "created_at=gt:": "created_at", "created_at=in:2026-07-01T09:00:00Z": "in",
		"updated_at=2026-07-01T25:00:00Z": "updated_at", "updated_at=gte:2026-02-30": "2026-02-30",
		"size_min=x": "size_min", "size_max=": "size_max", "min_ram_min=1.5": "min_ram_min", "min_disk_max=many": "min_disk_max",
		"virtual_size_max=x": "virtual_size_max", "bogus_min=1": "bogus_min", "name_max=1": "name_max", "_max=1": "_max",
	} {
		for _, who := range []string{"member", "admin"} {
			w.refused("GET /v2/images?"+asQuery(query), as(who)).want(400).says(said)
		}
	}
}

// A page ends at 4 MB of records, however many were asked for, and says that there
// is more.
func TestListPagesEndBySize(t *testing.T) {
	w := newWorld(t)
	big := strings.Repeat("x", 380<<10)
	var want []string
	for i := range 13 {
		want = append(want, fmt.Sprint("n", 100+i))
		w.made(fmt.Sprintf(`{"name":"n%d","big":%q}`, 100+i, big))
	}
	if w.call("GET /v2/images?limit=1000").want(200).differs != nil {
		return // no page of that size comes through
	}
	for _, sort := range []string{"created_at:asc", "name:asc", "disk_format:asc"} {
		first := w.list("/v2/images?limit=1000&sort=" + sort)
		if n := len(first.Images); n < 8 || n > 11 || first.Next == nil {
			t.Errorf("by %s the first page has %d images, next %v", sort, n, first.Next)
		}
		if got := w.walked("/v2/images?limit=1000&sort=" + sort).names(); got != strings.Join(want, " ") {
			t.Errorf("by %s all pages have %s", sort, got)
		}
	}
}
