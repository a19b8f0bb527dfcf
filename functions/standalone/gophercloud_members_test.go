package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/imagedata"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/members"
	"github.com/gophercloud/gophercloud/v2/pagination"
)

// projectOf is the project that a client's token is for.
func projectOf(t *testing.T, client *gophercloud.ServiceClient) string {
	t.Helper()
	result, ok := client.GetAuthResult().(tokens.CreateResult)
	if !ok {
		t.Fatalf("gophercloud logged in by %T", client.GetAuthResult())
	}
	project, err := result.ExtractProject()
	if err != nil || project == nil {
		t.Fatalf("gophercloud's token has the project %v, %v", project, err)
	}
	return project.ID
}

// membersOf lists the members of an image as "project status".
func membersOf(t *testing.T, ctx context.Context, client *gophercloud.ServiceClient, id string) []string {
	t.Helper()
	var all []string
	err := members.List(client, id).EachPage(ctx, func(_ context.Context, page pagination.Page) (bool, error) {
		list, err := members.ExtractMembers(page)
		for _, m := range list {
			all = append(all, m.MemberID+" "+m.Status)
		}
		return true, err
	})
	if err != nil {
		t.Fatalf("members: %v", err)
	}
	slices.Sort(all)
	return all
}

// A sharing is an image of one project, and another that it is shared with.
type sharing struct {
	t            *testing.T
	owner, other *gophercloud.ServiceClient
	id, project  string
}

func share(t *testing.T, s *service) sharing {
	t.Helper()
	x := sharing{t: t, owner: s.gophercloud("gander"), other: s.gophercloud("gander-other")}
	x.project = projectOf(t, x.other)
	img, err := images.Create(t.Context(), x.owner, images.CreateOpts{Name: "to share", DiskFormat: "raw", ContainerFormat: "bare"}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	if err := imagedata.Upload(t.Context(), x.owner, img.ID, strings.NewReader("shared bytes")).ExtractErr(); err != nil {
		t.Fatal(err)
	}
	x.id = img.ID
	return x
}

// becomes has the other project answer, and holds what is then in its list.
func (x sharing) becomes(status string, inList bool) {
	x.t.Helper()
	ctx := x.t.Context()
	got, err := members.Update(ctx, x.other, x.id, x.project, members.UpdateOpts{Status: status}).Extract()
	if err != nil || got.Status != status || got.MemberID != x.project || got.ImageID != x.id {
		x.t.Fatalf("as %s the member is %+v, %v", status, got, err)
	}
	if names := listed(x.t, ctx, x.other, images.ListOpts{}); (len(names) == 1) != inList {
		x.t.Errorf("as %s it lists %q", status, names)
	}
	if names := listed(x.t, ctx, x.other, images.ListOpts{MemberStatus: images.ImageMemberStatus(status)}); len(names) != 1 {
		x.t.Errorf("it lists %q of those that are %s", names, status)
	}
	wantBytes(x.t, ctx, x.other, x.id, []byte("shared bytes"))
}

// TestGophercloudMembers shares an image, answers for it in every way, and takes
// it back, by the stock Go client.
func TestGophercloudMembers(t *testing.T) {
	ctx := t.Context()
	s := fronts[0].start(t)
	x := share(t, s)
	_, err := images.Get(ctx, x.other, x.id).Extract()
	wantCode(t, err, http.StatusNotFound)

	made, err := members.Create(ctx, x.owner, x.id, x.project).Extract()
	if err != nil || made.Status != "pending" || made.MemberID != x.project || made.ImageID != x.id || made.CreatedAt.IsZero() {
		t.Fatalf("the new member is %+v, %v", made, err)
	}
	_, err = members.Create(ctx, x.owner, x.id, x.project).Extract()
	wantCode(t, err, http.StatusConflict)
	if _, err := members.Create(ctx, x.owner, x.id, "a third").Extract(); err != nil {
		t.Fatal(err)
	}

	x.becomes("accepted", true)
	x.becomes("rejected", false)
	x.becomes("pending", false)
	x.becomes("accepted", true)

	if got, want := fmt.Sprint(membersOf(t, ctx, x.owner, x.id)), fmt.Sprint([]string{x.project + " accepted", "a third pending"}); !sameMembers(got, want) {
		t.Errorf("the owner sees the members %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(membersOf(t, ctx, x.other, x.id)), fmt.Sprint([]string{x.project + " accepted"}); got != want {
		t.Errorf("the member sees the members %s, want %s", got, want)
	}
	shown, err := members.Get(ctx, x.other, x.id, x.project).Extract()
	if err != nil || shown.Status != "accepted" || !shown.CreatedAt.Equal(made.CreatedAt) {
		t.Errorf("the member sees itself as %+v, %v", shown, err)
	}
	x.wantLimits()
	x.wantEnd()
}

// sameMembers compares printed lists, in whatever order.
func sameMembers(a, b string) bool {
	sorted := func(s string) []string { return slices.Sorted(strings.SplitSeq(strings.Trim(s, "[]"), " ")) }
	return slices.Equal(sorted(a), sorted(b))
}

// wantLimits: who may not.
func (x sharing) wantLimits() {
	x.t.Helper()
	ctx := x.t.Context()
	_, err := members.Update(ctx, x.owner, x.id, x.project, members.UpdateOpts{Status: "rejected"}).Extract()
	wantCode(x.t, err, http.StatusForbidden)
	_, err = members.Update(ctx, x.other, x.id, x.project, members.UpdateOpts{Status: "perhaps"}).Extract()
	wantCode(x.t, err, http.StatusBadRequest)
	_, err = members.Create(ctx, x.other, x.id, "a fourth").Extract()
	wantCode(x.t, err, http.StatusForbidden)
	wantCode(x.t, members.Delete(ctx, x.other, x.id, x.project).ExtractErr(), http.StatusForbidden)
	_, err = members.Get(ctx, x.other, x.id, "a third").Extract()
	wantCode(x.t, err, http.StatusNotFound)
}

// wantEnd: what was taken back is gone at once.
func (x sharing) wantEnd() {
	x.t.Helper()
	ctx := x.t.Context()
	if err := members.Delete(ctx, x.owner, x.id, x.project).ExtractErr(); err != nil {
		x.t.Fatal(err)
	}
	wantCode(x.t, members.Delete(ctx, x.owner, x.id, x.project).ExtractErr(), http.StatusNotFound)
	_, err := members.Get(ctx, x.owner, x.id, x.project).Extract()
	wantCode(x.t, err, http.StatusNotFound)
	_, err = images.Get(ctx, x.other, x.id).Extract()
	wantCode(x.t, err, http.StatusNotFound)
	_, err = imagedata.Download(ctx, x.other, x.id).Extract()
	wantCode(x.t, err, http.StatusNotFound)
	if names := listed(x.t, ctx, x.other, images.ListOpts{MemberStatus: images.ImageMemberStatusAll}); len(names) > 0 {
		x.t.Errorf("after it was taken back, it lists %q", names)
	}
}
