package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/imagedata"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/gophercloud/gophercloud/v2/pagination"
)

// gophercloud logs in and finds the image service by the catalog.
func (s *service) gophercloud(name string) *gophercloud.ServiceClient {
	s.t.Helper()
	c := s.clouds()[name].Auth
	provider, err := openstack.AuthenticatedClient(s.t.Context(), gophercloud.AuthOptions{
		IdentityEndpoint: c.URL, Username: c.Username, Password: c.Password, DomainName: "Default",
		TenantName: c.ProjectName, AllowReauth: true,
	})
	if err != nil {
		s.t.Fatalf("gophercloud cannot log in: %v", err)
	}
	client, err := openstack.NewImageV2(provider, gophercloud.EndpointOpts{})
	if err != nil {
		s.t.Fatalf("gophercloud finds no image service in the catalog: %v", err)
	}
	return client
}

// noise returns bytes that are the same at every call.
func noise(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// TestGophercloud walks the whole life of an image by the stock Go client.
func TestGophercloud(t *testing.T) { eachFront(t, wholeLife) }

func wholeLife(t *testing.T, f front) {
	ctx := t.Context()
	client := f.start(t).gophercloud("gander")
	data := noise(f.large)

	created, err := images.Create(ctx, client, images.CreateOpts{
		Name: "whole life", DiskFormat: "raw", ContainerFormat: "bare", MinDisk: 1, MinRAM: 64,
		Tags: []string{"a", "b"}, Properties: map[string]string{"hw_machine_type": "q35"},
	}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	if created.Status != images.ImageStatusQueued || created.Properties["hw_machine_type"] != "q35" || created.MinDiskGigabytes != 1 {
		t.Errorf("the new image is %+v", created)
	}
	if err := imagedata.Upload(ctx, client, created.ID, bytes.NewReader(data)).ExtractErr(); err != nil {
		t.Fatalf("upload: %v", err)
	}
	got, err := images.Get(ctx, client, created.ID).Extract()
	if err != nil {
		t.Fatal(err)
	}
	wantActive(t, got, data)
	wantBytes(t, ctx, client, created.ID, data)
	wantRange(t, ctx, client, created.ID, "bytes=5-1048580", data[5:1048581])
	wantRange(t, ctx, client, created.ID, "bytes=-4", data[len(data)-4:])

	again := imagedata.Upload(ctx, client, created.ID, strings.NewReader("other bytes")).ExtractErr()
	wantCode(t, again, http.StatusConflict)
	wantBytes(t, ctx, client, created.ID, data)

	if err := images.Delete(ctx, client, created.ID).ExtractErr(); err != nil {
		t.Fatalf("delete: %v", err)
	}
	_, err = images.Get(ctx, client, created.ID).Extract()
	wantCode(t, err, http.StatusNotFound)
	_, err = imagedata.Download(ctx, client, created.ID).Extract()
	wantCode(t, err, http.StatusNotFound)
	wantCode(t, images.Delete(ctx, client, created.ID).ExtractErr(), http.StatusNotFound)
	_, err = images.Create(ctx, client, images.CreateOpts{Name: "again", ID: strings.ToUpper(created.ID)}).Extract()
	wantCode(t, err, http.StatusConflict)
	if names := listed(t, ctx, client, images.ListOpts{}); len(names) > 0 {
		t.Errorf("after the deletion the list has %q", names)
	}
}

func wantActive(t *testing.T, got *images.Image, data []byte) {
	t.Helper()
	md5sum, sha := md5.Sum(data), sha512.Sum512(data)
	type facts struct {
		Status             images.ImageStatus
		Size               int64
		Checksum           string
		Algorithm, Hash    any
		Tags               []string
		Visibility         images.ImageVisibility
		Protected, Hidden  bool
		DiskFormat, Format string
	}
	tags := slices.Sorted(slices.Values(got.Tags))
	want := facts{
		images.ImageStatusActive, int64(len(data)), hex.EncodeToString(md5sum[:]), "sha512", hex.EncodeToString(sha[:]),
		[]string{"a", "b"},
		images.ImageVisibilityShared, false, false, "raw", "bare",
	}
	have := facts{
		got.Status, got.SizeBytes, got.Checksum, got.Properties["os_hash_algo"], got.Properties["os_hash_value"],
		tags, got.Visibility, got.Protected, got.Hidden, got.DiskFormat, got.ContainerFormat,
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("the uploaded image differs (-want +got):\n%s", d)
	}
}

func wantBytes(t *testing.T, ctx context.Context, client *gophercloud.ServiceClient, id string, data []byte) {
	t.Helper()
	body, err := imagedata.Download(ctx, client, id).Extract()
	if err != nil {
		t.Fatalf("download: %v", err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the download has %d bytes (%v), and is not what was uploaded", len(got), err)
	}
}

// wantRange asks for a part; gophercloud has no call of its own for that.
func wantRange(t *testing.T, ctx context.Context, client *gophercloud.ServiceClient, id, ranges string, data []byte) {
	t.Helper()
	response, err := client.Get(ctx, client.ServiceURL("images", id, "file"), nil, &gophercloud.RequestOpts{
		MoreHeaders: map[string]string{"Range": ranges}, OkCodes: []int{http.StatusPartialContent}, KeepResponseBody: true,
	})
	if err != nil {
		t.Fatalf("range %s: %v", ranges, err)
	}
	defer response.Body.Close()
	if got, err := io.ReadAll(response.Body); err != nil || !bytes.Equal(got, data) {
		t.Errorf("range %s has %d bytes (%v), and is not that part", ranges, len(got), err)
	}
}

func wantCode(t *testing.T, err error, status int) {
	t.Helper()
	if !gophercloud.ResponseCodeIs(err, status) {
		t.Errorf("gophercloud sees %v, want a %d", err, status)
	}
}

func listed(t *testing.T, ctx context.Context, client *gophercloud.ServiceClient, opts images.ListOptsBuilder) []string {
	t.Helper()
	var names []string
	err := images.List(client, opts).EachPage(ctx, func(_ context.Context, page pagination.Page) (bool, error) {
		list, err := images.ExtractImages(page)
		for _, img := range list {
			names = append(names, img.Name)
		}
		return true, err
	})
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	return names
}

// TestGophercloudPages follows the pager through several pages, and sees what
// is whose.
func TestGophercloudPages(t *testing.T) {
	ctx := t.Context()
	s := fronts[0].start(t)
	member, other, admin := s.gophercloud("gander"), s.gophercloud("gander-other"), s.gophercloud("gander-admin")
	var want []string
	for i := range 7 {
		name := fmt.Sprintf("image-%d", i)
		if _, err := images.Create(ctx, member, images.CreateOpts{Name: name}).Extract(); err != nil {
			t.Fatal(err)
		}
		want = append(want, name)
	}
	if d := cmp.Diff(want, listed(t, ctx, member, images.ListOpts{Limit: 3, SortKey: "name", SortDir: "asc"})); d != "" {
		t.Errorf("by name, three a page (-want +got):\n%s", d)
	}
	slices.Reverse(want)
	if d := cmp.Diff(want, listed(t, ctx, member, images.ListOpts{Limit: 2})); d != "" {
		t.Errorf("newest first, two a page (-want +got):\n%s", d)
	}
	if names := listed(t, ctx, other, images.ListOpts{}); len(names) > 0 {
		t.Errorf("another project sees %q", names)
	}
	if names := listed(t, ctx, admin, images.ListOpts{Limit: 5}); len(names) != 7 {
		t.Errorf("the admin sees %q", names)
	}
	_, err := images.Create(ctx, s.gophercloud("gander-reader"), images.CreateOpts{Name: "no"}).Extract()
	wantCode(t, err, http.StatusForbidden)
}
