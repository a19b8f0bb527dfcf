package image

import (
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/problem"
)

// TestListQueryRefused has every way to ask wrongly; each answer names the fault.
func TestListQueryRefused(t *testing.T) {
	for text, said := range map[string]string{
		"limit=-1":                   "limit '-1'",
		"limit=":                     "limit ''",
		"limit=a":                    "limit 'a'",
		"limit=1.5":                  "limit '1.5'",
		"limit=0x10":                 "limit '0x10'",
		"limit=1_0":                  "limit '1_0'",
		"limit=5&limit=x":            "limit 'x'",
		"marker=":                    "marker ''",
		"sort_key=bogus":             "sort key: 'bogus'",
		"sort_key=":                  "sort key: ''",
		"sort_key=owner":             "sort key: 'owner'",
		"sort_dir=up":                "direction: 'up'",
		"sort_dir=":                  "direction: ''",
		"sort=":                      "sort key: ''",
		"sort=name:up":               "direction: 'up'",
		"sort=name:asc,":             "sort key: ''",
		"sort=id:asc,bogus":          "sort key: 'bogus'",
		"sort=name&sort_key=name":    "cannot be combined",
		"sort=name&sort_dir=asc":     "cannot be combined",
		"sort_dir=asc&sort_dir=desc": "2 sort_dir for 0 sort_key",
		"sort_key=name&sort_dir=asc&sort_dir=desc":                          "2 sort_dir for 1 sort_key",
		"sort_key=name&sort_key=id&sort_key=size&sort_dir=asc&sort_dir=asc": "2 sort_dir for 3 sort_key",
		"name=a:b":                     "operator 'a' in the filter name",
		"name=neq:b":                   "operator 'neq'",
		"name=:b":                      "operator ''",
		"id=gt:b":                      "operator 'gt' in the filter id",
		"status=ne:active":             "operator 'ne' in the filter status",
		"container_format=not:bare":    "filter container_format",
		"disk_format=lt:raw":           "filter disk_format",
		`name=in:a"b"`:                 "no comma before",
		`name=in:a,b"`:                 "no comma before",
		`name=in:"a"b`:                 "no comma after",
		`name=in:"a`:                   "not closed",
		`name=in:"`:                    "not closed",
		`name=in:"a\"`:                 "not closed",
		"created_at=yesterday":         "time 'yesterday' in the filter created_at",
		"created_at=":                  "time ''",
		"created_at=gt:":               "time ''",
		"created_at=after:2026-07-01":  "operator 'after'",
		"created_at=in:2026-07-01":     "operator 'in'",
		"updated_at=gt:2026-13-01":     "time '2026-13-01' in the filter updated_at",
		"updated_at=2026-07-01T25:00Z": "operator '2026-07-01T25'",
		"size_min=a":                   "'a' for the filter size_min",
		"size_max=":                    "'' for the filter size_max",
		"size_max=1.5":                 "'1.5'",
		"min_ram_min=x":                "filter min_ram_min",
		"name_min=1":                   "'name_min'",
		"bogus_max=1":                  "'bogus_max'",
		"_min=1":                       "'_min'",
		"visibility=secret":            "visibility value: 'secret'",
		"visibility=Public":            "visibility value: 'Public'",
		"member_status=":               "status: ''",
		"member_status=maybe":          "status: 'maybe'",
		"protected=True":               "'True' for the filter protected",
		"protected=":                   "filter protected",
		"protected=1":                  "filter protected",
		"os_hidden=":                   "filter os_hidden",
		"os_hidden=1":                  "filter os_hidden",
		"changes-since=2026-07-01":     "no longer available",
		"changes-since=":               "no longer available",
	} {
		_, err := query(text)
		if status, message := problem.Status(err); status != 400 || !strings.Contains(message, said) {
			t.Errorf("%s: %d %q, not 400 with %q", text, status, message, said)
		}
	}
}

// TestFilters holds one image, which every query below either finds or not.
func TestFilters(t *testing.T) {
	img := &Image{
		ID: "AAAAAAAA-0000-4000-8000-000000000001", Name: ptr(`a:b,"c"`), Status: Active, Visibility: Public,
		Owner: ptr("demo"), ContainerFormat: ptr("bare"), Size: ptr[int64](100), MinRAM: 512,
		Checksum: ptr("c0"), HashAlgo: ptr("sha512"), HashValue: ptr("d0"),
		CreatedAt: time.Date(2026, 7, 1, 9, 0, 0, 900_000_000, time.UTC), UpdatedAt: time.Date(2026, 7, 2, 0, 0, 0, 0, time.UTC),
		Tags: []string{"x", "y y"}, Properties: map[string]string{"os_distro": "debian", "empty": "", "kernel_id": "k", "x:y": "gt:1"},
	}
	l := newLister(t)
	l.put(t, img)
	for text, found := range map[string]bool{
		"":                                                  true,
		`name=eq:a:b,"c"`:                                   true,
		`name=in:"a:b,\"c\""`:                               true,
		`name=in:x,"a:b,\"c\"",y`:                           true,
		`name=in:1,2,3,4,5,6,7,8,9,"a:b,\"c\""`:             true,
		`name=in:1,2,3,4,5,6,7,8,9`:                         false,
		"name=in:":                                          false,
		"name=in:a,b":                                       false,
		"name=eq:":                                          false,
		"name=2026-07-01T09:00:00Z":                         false,
		"name=eq:x&name=eq:" + *img.Name:                    true, // the last one counts
		"name=eq:" + *img.Name + "&name=x":                  false,
		"id=" + img.ID:                                      true,
		"id=" + strings.ToLower(img.ID):                     true,
		"id=in:x," + img.ID:                                 true,
		"id=in:":                                            false,
		"id=image":                                          false,
		"status=active":                                     true,
		"status=in:queued,active":                           true,
		"status=eq:Active":                                  false,
		"status=unheard":                                    false,
		"container_format=bare":                             true,
		"container_format=in:ovf,bare":                      true,
		"container_format=":                                 false,
		"disk_format=raw":                                   false,
		"disk_format=":                                      false, // null is no empty text
		"created_at=2026-07-01T09:00:00Z":                   true,  // what is shown, in whole seconds
		"created_at=eq:2026-07-01T09:00:00":                 true,
		"created_at=20260701T090000Z":                       true,
		"created_at=2026-07-01 09:00:00Z":                   true,
		"created_at=2026-7-1T09:00:0Z":                      true,
		"created_at=20260701 0900+00":                       true,
		"created_at=lt:2026-7-1T09:00:00,5Z":                true,
		"created_at=gte:2026-7":                             true,
		"created_at=2026-07-01T12:30+03:30":                 true,
		"created_at=neq:2026-07-01T09:00:00.000Z":           false,
		"created_at=gt:2026-07-01T09:00:00Z":                false,
		"created_at=gte:2026-07-01T09:00:00Z":               true,
		"created_at=lt:2026-07-01T09:00:01Z":                true,
		"created_at=lte:2026-07-01T09:00:00Z":               true,
		"created_at=lt:2026-07-01":                          false,
		"created_at=gt:2026-06":                             true,
		"updated_at=2026-07-02":                             true,
		"updated_at=neq:2026-07-02":                         false,
		"created_at=gt:2030-01-01&created_at=lt:2030-01-01": true,
		"size=100":                                          true,
		"size=99":                                           false,
		"size=many":                                         false,
		"size_min=100&size_max=100":                         true,
		"size_min=101":                                      false,
		"size_max=99":                                       false,
		"size_min= 100 ":                                    true,
		"size_max=99999999999999999999999":                  true,
		"size_min=99999999999999999999999":                  false,
		"size_min=-99999999999999999999999":                 true,
		"virtual_size=0":                                    false,
		"virtual_size_min=0":                                false, // null is no number
		"min_ram=512&min_ram_min=512&min_disk=0&min_disk_max=0": true,
		"checksum=c0&os_hash_algo=sha512&os_hash_value=d0":      true,
		"checksum=":                            false,
		"os_hash_value=D0":                     false,
		"owner=demo":                           true,
		"owner=other":                          false,
		"owner=":                               false,
		"visibility=public":                    true,
		"visibility=private":                   false,
		"visibility=all":                       true,
		"visibility=":                          false,
		"member_status=accepted":               true,
		"member_status=rejected":               true, // of images shared with the caller alone
		"protected=false":                      true,
		"protected=true":                       false,
		"os_hidden=FALSE":                      true,
		"os_hidden=True":                       false,
		"os_hidden=true&os_hidden=false":       true,
		"tag=x":                                true,
		"tag= x &tag=y y":                      true,
		"tag=x&tag=z":                          false,
		"tag=":                                 false,
		"tag=x,y":                              false,
		"os_distro=debian":                     true,
		"os_distro=Debian":                     false,
		"os_distro=in:debian":                  false, // properties know no operators
		"os_distro=fedora&os_distro=debian":    true,
		"empty=":                               true,
		"absent=":                              false,
		"kernel_id=k":                          true,
		"x:y=gt:1":                             true,
		"is_public=True":                       false,
		"deleted=True":                         true,
		"locations=x":                          false,
		"limit=1":                              true,
		"limit=0":                              false,
		"limit= +5 ":                           true,
		"limit=0&limit=3":                      true,
		"limit=99999999999999999999999":        true,
		"sort=size:asc,name&os_distro=debian":  true,
		"visibility=private&visibility=public": true,
	} {
		page := l.mustPage(t, demo, text)
		if got := len(page.Images) == 1; got != found {
			t.Errorf("%s: found is %t, not %t", text, got, found)
		}
		if page.More != (found && text == "limit=1") {
			t.Errorf("%s: more is %t", text, page.More)
		}
	}
}

// TestLimit caps what one page may ask for.
func TestLimit(t *testing.T) {
	for text, want := range map[string]int{
		"": 25, "limit=0": 0, "limit=1": 1, "limit=1000": 1000, "limit=1001": 1000, "limit=99999999999999999999": 1000, "limit=007": 7,
	} {
		if q, err := query(text); err != nil || q.limit != want {
			t.Errorf("%s: %d, %v, not %d", text, q.limit, err, want)
		}
	}
}

// TestSort holds the complete order that each way of asking gives.
func TestSort(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "created_at- id-",
		"sort_dir=asc":               "created_at+ id+",
		"sort_key=name":              "name- created_at- id-",
		"sort_key=name&sort_dir=asc": "name+ created_at+ id+",
		"sort=name":                  "name- created_at- id-",
		"sort=name:asc":              "name+ created_at+ id+",
		"sort= name : asc , size ":   "name+ size- created_at- id-",
		"sort=size:asc,status:asc":   "size+ status+ created_at- id-",
		"sort_key=size&sort_key=name&sort_dir=asc":                   "size+ name+ created_at+ id+",
		"sort_key= size &sort_key=name&sort_dir= asc &sort_dir=desc": "size+ name- created_at- id-",
		"sort=id:asc,name:desc":                                      "id+",
		"sort=name:asc,name:desc":                                    "name+ created_at- id-",
		"sort=created_at:asc":                                        "created_at+ id+",
		"sort=size&sort=name":                                        "name- created_at- id-",
	} {
		q, err := query(text)
		var got []string
		for _, key := range q.sort {
			got = append(got, key.name+map[bool]string{true: "-", false: "+"}[key.desc])
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v, not %s", text, got, err, want)
		}
	}
}

// TestSplitQuoted takes lists apart as Glance does, backslashes aside.
func TestSplitQuoted(t *testing.T) {
	for list, want := range map[string][]string{
		"":           {},
		"a":          {"a"},
		"a,b":        {"a", "b"},
		"a,,b":       {"a", "", "b"},
		"a,":         {"a"},
		",a":         {"", "a"},
		`"a,b",c`:    {"a,b", "c"},
		`a,"b"`:      {"a", "b"},
		`"",a`:       {"", "a"},
		`"a\"b"`:     {`a"b`},
		`"a\\"`:      {`a\`},
		`"a\b"`:      {`a\b`},
		`a\"b`:       {`a\"b`},
		" a , b":     {" a ", " b"},
		`"ä","\"\""`: {"ä", `""`},
	} {
		got, err := splitQuoted(list)
		if diff := gocmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %v", list, err, diff)
		}
	}
}

// TestPositionsFit holds the longest keys there can be against the table's
// limits, and names that are cut against the room for them.
func TestPositionsFit(t *testing.T) {
	img := numbered(1)[0]
	for _, name := range []string{"", strings.Repeat("\U0010FFFF", MaxNameLen), strings.Repeat("\x01", MaxNameLen), strings.Repeat("a", MaxNameLen)} {
		img.Name, img.Owner = &name, &name
		l := newLister(t)
		l.put(t, img)
		if page := l.mustPage(t, admin, "sort=name&owner="+name); len(page.Images) != 1 {
			t.Errorf("a name of %d bytes is not listed", len(name))
		}
	}
}

// TestShard spreads ids over partitions, each at one place whatever its case.
func TestShard(t *testing.T) {
	counts := make([]int, 4)
	for _, img := range numbered(400) {
		n := shard(img.ID, 4)
		if counts[n]++; n != shard(strings.ToUpper(img.ID), 4) || shard(img.ID, 1) != 0 {
			t.Fatalf("%s stands in several shards", img.ID)
		}
	}
	if slices.Min(counts) < 50 {
		t.Errorf("shards hold %v", counts)
	}
}
