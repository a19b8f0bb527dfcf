package main

import (
	"bytes"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/imagedata"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/members"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/tasks"
)

// attributes are those of an image that gophercloud changes.
type attributes struct {
	Name            string
	Visibility      images.ImageVisibility
	Hidden          bool
	Tags            []string
	MinDisk, MinRAM int
	Protected       bool
	Distro, Machine any
	Gone            any
}

func attributesOf(img *images.Image) attributes {
	return attributes{
		img.Name, img.Visibility, img.Hidden, slices.Sorted(slices.Values(img.Tags)), img.MinDiskGigabytes, img.MinRAMMegabytes, img.Protected,
		img.Properties["os_distro"], img.Properties["hw_machine_type"], img.Properties["gone"],
	}
}

// TestGophercloudUpdates changes all that gophercloud can, in one request and by
// every way that its package knows.
func TestGophercloudUpdates(t *testing.T) {
	ctx := t.Context()
	s := fronts[0].start(t)
	client := s.gophercloud("gander")
	created, err := images.Create(ctx, client, images.CreateOpts{
		Name: "before", Tags: []string{"old"}, Properties: map[string]string{"os_distro": "debian", "gone": "soon"},
	}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	updated, err := images.Update(ctx, client, created.ID, images.UpdateOpts{
		images.ReplaceImageName{NewName: "after ä"},
		images.UpdateVisibility{Visibility: images.ImageVisibilityPrivate},
		images.ReplaceImageHidden{NewHidden: true},
		images.ReplaceImageTags{NewTags: []string{"new", "with a / in it"}},
		images.ReplaceImageMinDisk{NewMinDisk: 3},
		images.ReplaceImageMinRam{NewMinRam: 64},
		images.ReplaceImageProtected{NewProtected: true},
		images.UpdateImageProperty{Op: images.AddOp, Name: "hw_machine_type", Value: "q35"},
		images.UpdateImageProperty{Op: images.ReplaceOp, Name: "os_distro", Value: "ubuntu"},
		images.UpdateImageProperty{Op: images.RemoveOp, Name: "gone"},
	}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	want := attributes{"after ä", images.ImageVisibilityPrivate, true, []string{"new", "with a / in it"}, 3, 64, true, "ubuntu", "q35", nil}
	shown, err := images.Get(ctx, client, created.ID).Extract()
	if err != nil {
		t.Fatal(err)
	}
	for who, img := range map[string]*images.Image{"the answer": updated, "the image": shown} {
		if d := cmp.Diff(want, attributesOf(img)); d != "" {
			t.Errorf("%s (-want +got):\n%s", who, d)
		}
	}
	refused := func(client *gophercloud.ServiceClient, status int, change images.Patch) {
		t.Helper()
		_, err := images.Update(ctx, client, created.ID, images.UpdateOpts{images.ReplaceImageName{NewName: "no"}, change}).Extract()
		wantCode(t, err, status)
	}
	refused(client, http.StatusForbidden, images.ReplaceImageChecksum{Checksum: strings.Repeat("0", 32)})
	refused(client, http.StatusForbidden, images.UpdateVisibility{Visibility: images.ImageVisibilityPublic})
	refused(client, http.StatusConflict, images.UpdateImageProperty{Op: images.RemoveOp, Name: "gone"})
	refused(s.gophercloud("gander-reader"), http.StatusForbidden, images.ReplaceImageHidden{NewHidden: false})
	refused(s.gophercloud("gander-other"), http.StatusNotFound, images.ReplaceImageHidden{NewHidden: false})
	wantCode(t, images.Delete(ctx, client, created.ID).ExtractErr(), http.StatusForbidden)
	if after, err := images.Get(ctx, client, created.ID).Extract(); err != nil || !reflect.DeepEqual(after, shown) {
		t.Errorf("after what was refused the image is %+v, %v", after, err)
	}
	if _, err := images.Update(ctx, client, created.ID, images.UpdateOpts{images.ReplaceImageProtected{NewProtected: false}}).Extract(); err != nil {
		t.Fatal(err)
	}
	if err := images.Delete(ctx, client, created.ID).ExtractErr(); err != nil {
		t.Fatal(err)
	}
}

// A filter is what gophercloud asks of the list, and the names that come.
type filter struct {
	opts images.ListOpts
	want string
}

// catalogue is what the filters choose from: images of the member's project, a
// public one, and two that another project shares, one of them accepted.
func catalogue(t *testing.T, s *service, client *gophercloud.ServiceClient) map[string]string {
	t.Helper()
	ctx, ids := t.Context(), map[string]string{}
	create := func(as *gophercloud.ServiceClient, opts images.CreateOpts) {
		t.Helper()
		img, err := images.Create(ctx, as, opts).Extract()
		if err != nil {
			t.Fatal(err)
		}
		ids[opts.Name] = img.ID
	}
	hidden, public := true, images.ImageVisibilityPublic
	create(client, images.CreateOpts{Name: "alpha", DiskFormat: "raw", ContainerFormat: "bare", Tags: []string{"one", "two"}})
	create(client, images.CreateOpts{Name: "beta", DiskFormat: "qcow2", ContainerFormat: "bare", Tags: []string{"one"}})
	create(client, images.CreateOpts{Name: "gamma", DiskFormat: "iso", ContainerFormat: "ovf", Hidden: &hidden})
	create(s.gophercloud("gander-admin"), images.CreateOpts{Name: "public", Visibility: &public})
	for name, size := range map[string]int{"alpha": 100, "beta": 1000} {
		if err := imagedata.Upload(ctx, client, ids[name], bytes.NewReader(noise(size))).ExtractErr(); err != nil {
			t.Fatal(err)
		}
	}
	other := s.gophercloud("gander-other")
	for name, status := range map[string]string{"accepted": "accepted", "waiting": "pending"} {
		create(other, images.CreateOpts{Name: name})
		if _, err := members.Create(ctx, other, ids[name], projectOf(t, client)).Extract(); err != nil {
			t.Fatal(err)
		}
		if _, err := members.Update(ctx, client, ids[name], projectOf(t, client), members.UpdateOpts{Status: status}).Extract(); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// TestGophercloudFilters asks by every field of gophercloud's ListOpts.
func TestGophercloudFilters(t *testing.T) {
	ctx := t.Context()
	s := fronts[0].start(t)
	client := s.gophercloud("gander")
	ids := catalogue(t, s, client)
	hour := func(n int, filter images.ImageDateFilter) *images.ImageDateQuery {
		return &images.ImageDateQuery{Date: time.Now().UTC().Add(time.Duration(n) * time.Hour), Filter: filter}
	}
	filters := []filter{
		{images.ListOpts{}, "accepted alpha beta public"},
		{images.ListOpts{ID: "in:" + ids["alpha"] + "," + ids["beta"]}, "alpha beta"},
		{images.ListOpts{Limit: 1, Marker: ids["alpha"]}, "beta public"},
		{images.ListOpts{Name: "in:alpha,gamma,public"}, "alpha public"},
		{images.ListOpts{Visibility: images.ImageVisibilityPublic}, "public"},
		{images.ListOpts{Visibility: images.ImageVisibilityShared, MemberStatus: images.ImageMemberStatusPending}, "alpha beta waiting"},
		{images.ListOpts{MemberStatus: images.ImageMemberStatusAll}, "accepted alpha beta public waiting"},
		{images.ListOpts{Hidden: true}, "gamma"},
		{images.ListOpts{Owner: projectOf(t, client)}, "alpha beta"},
		{images.ListOpts{Status: images.ImageStatusActive}, "alpha beta"},
		// This version of gophercloud leaves out numbers of 64 bits.
		{images.ListOpts{SizeMin: 100, SizeMax: 999}, "accepted alpha beta public"},
		{images.ListOpts{Tags: []string{"one"}}, "alpha beta"},
		{images.ListOpts{Tags: []string{"two", "one"}}, "alpha"},
		{images.ListOpts{CreatedAtQuery: hour(-1, images.FilterGTE), UpdatedAtQuery: hour(1, images.FilterLT)}, "accepted alpha beta public"},
		{images.ListOpts{CreatedAtQuery: hour(-1, images.FilterLTE)}, ""},
		{images.ListOpts{ContainerFormat: "bare", DiskFormat: "in:qcow2,iso"}, "beta"},
	}
	for i := range filters {
		f := &filters[i]
		f.opts.Sort = "name:asc"
		if got := strings.Join(listed(t, ctx, client, f.opts), " "); got != f.want {
			t.Errorf("%+v lists %q, want %q", f.opts, got, f.want)
		}
	}
	classic := images.ListOpts{SortKey: "name", SortDir: "desc", Limit: 3}
	if got := strings.Join(listed(t, ctx, client, classic), " "); got != "public beta alpha accepted" {
		t.Errorf("by name, backwards: %s", got)
	}
	wantAllFields(t, append(filters, filter{opts: classic}))
	if got := strings.Join(listed(t, ctx, client, rawQuery("?size_min=100&size_max=999")), " "); got != "alpha" {
		t.Errorf("by size: %s", got)
	}
}

// A rawQuery asks what gophercloud has no words for.
type rawQuery string

// ToImageListQuery implements images.ListOptsBuilder.
func (q rawQuery) ToImageListQuery() (string, error) { return string(q), nil }

// wantAllFields: no field of ListOpts is left out.
func wantAllFields(t *testing.T, filters []filter) {
	t.Helper()
	fields := reflect.TypeFor[images.ListOpts]()
	for i := range fields.NumField() {
		if !slices.ContainsFunc(filters, func(f filter) bool { return !reflect.ValueOf(f.opts).Field(i).IsZero() }) {
			t.Errorf("no filter asks by %s", fields.Field(i).Name)
		}
	}
}

// TestGophercloudTasks reads by the stock client why an upload came to nothing.
func TestGophercloudTasks(t *testing.T) {
	ctx := t.Context()
	s := fronts[0].start(t)
	created, err := images.Create(ctx, s.gophercloud("gander"), images.CreateOpts{Name: "short", DiskFormat: "raw", ContainerFormat: "bare"}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	u, id := s.as("gander"), created.ID
	u.call("PUT /v2/images/"+id+"/file", strings.NewReader("too few"), "X-Openstack-Image-Size: 100").want(http.StatusBadRequest)
	listed := u.call("GET /v2/images/"+id+"/tasks", nil).want(http.StatusOK).image()["tasks"].([]any)
	if len(listed) != 1 {
		t.Fatalf("the tasks of an image whose upload failed are %v", listed)
	}
	taskID := listed[0].(map[string]any)["id"].(string)
	task, err := tasks.Get(ctx, s.gophercloud("gander-admin"), taskID).Extract()
	if err != nil {
		t.Fatal(err)
	}
	if task.ID != taskID || task.Status != string(tasks.TaskStatusFailure) || task.Message == "" || task.Input["image_id"] != id || task.ExpiresAt.Before(time.Now()) {
		t.Errorf("the task is %+v", task)
	}
	_, err = tasks.Get(ctx, s.gophercloud("gander"), taskID).Extract()
	wantCode(t, err, http.StatusForbidden)
	_, err = tasks.Get(ctx, s.gophercloud("gander-admin"), id).Extract()
	wantCode(t, err, http.StatusNotFound)
}
