package scenarios

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// deleted returns the ids of the images that can be restored, in the order of
// their list, page by page.
func (w *world) deleted(who, query string) []string {
	w.t.Helper()
	var ids []string
	for path := "/gander/v1/images/deleted" + query; path != ""; {
		var page struct {
			Images []struct{ ID string }
			Next   string
		}
		w.call("GET "+path, as(who)).want(200).has("Content-Type", "application/json").into(&page)
		for _, img := range page.Images {
			ids = append(ids, img.ID)
		}
		if path = page.Next; path != "" && len(page.Images) == 0 {
			w.t.Fatalf("an empty page is followed by %s", path)
		}
	}
	return ids
}

func (w *world) restore(id string) string { return "POST /gander/v1/images/" + id + "/restore" }

// A deleted image is shown with its times, and comes back with all that it had.
func TestRestore(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"name":"mine","visibility":"shared","tags":["a","b"],"os_distro":"x","purge_at":"y","disk_format":"raw","container_format":"bare"}`)
	w.call("PUT /v2/images/"+id+"/file", octets("the very bytes")).want(204)
	w.call("POST /v2/images/"+id+"/members", body(`{"member":"other"}`)).want(200)
	w.call("PUT /v2/images/"+id+"/members/other", as("other"), body(`{"status":"accepted"}`)).want(200)
	before := w.call("GET /v2/images/" + id).want(200).fields()
	rows := string(w.call("GET /v2/images/" + id + "/members").want(200).body)
	w.call("DELETE /v2/images/" + id).want(204)
	for _, who := range []string{"member", "other", "admin"} {
		w.call("GET /v2/images/"+id, as(who)).want(404)
	}

	var page struct {
		Images []map[string]any
		First  string
		Next   *string
	}
	list := w.call("GET /gander/v1/images/deleted?owner=demo", as("admin")).want(200).into(&page)
	if n := strings.Count(string(list.body), `"purge_at"`); n != 1 {
		t.Errorf("one image is purged %d times", n)
	}
	if len(page.Images) != 1 || page.First != "/gander/v1/images/deleted?owner=demo" || page.Next != nil {
		t.Fatalf("the list is %+v", page)
	}
	shown, want := page.Images[0], maps.Clone(before)
	deleted, purge := w.instant(shown["deleted_at"]), w.instant(shown["purge_at"])
	if purge.Sub(deleted) != time.Hour {
		t.Errorf("deleted at %s, purged at %s", deleted, purge)
	}
	want["status"] = "deleted"
	for _, own := range []string{"deleted_at", "purge_at", "updated_at"} {
		want[own] = shown[own]
	}
	if diff := gocmp.Diff(want, shown); diff != "" {
		t.Errorf("the deleted image (-want +shown):\n%s", diff)
	}

	restored := w.call(w.restore(strings.ToUpper(id)), as("admin")).want(200).has("Content-Type", "application/json").fields()
	want = maps.Clone(before)
	want["updated_at"] = restored["updated_at"]
	if diff := gocmp.Diff(want, restored); diff != "" {
		t.Errorf("the restored image (-before +after):\n%s", diff)
	}
	if diff := gocmp.Diff(restored, w.call("GET /v2/images/"+id).want(200).fields()); diff != "" {
		t.Errorf("answered and shown differ (-answered +shown):\n%s", diff)
	}
	w.call("GET /v2/images/"+id+"/file", as("other")).want(200).is("the very bytes")
	w.call("GET /v2/images/" + id + "/members").want(200).is(rows)
	w.call("GET /v2/images?visibility=shared", as("other")).want(200).says(id)
	w.refused(w.restore(id), as("admin")).want(409).says("is not deleted")
	if left := w.deleted("admin", ""); len(left) != 0 {
		t.Errorf("still deleted: %v", left)
	}
	w.call("DELETE /v2/images/" + id).want(204)
	w.call(w.restore(id), as("admin")).want(200)
}

func (w *world) instant(v any) time.Time {
	w.t.Helper()
	text, _ := v.(string)
	at, err := time.Parse("2006-01-02T15:04:05Z", text)
	if err != nil {
		w.t.Error(err)
	}
	return at
}

// Of callers at once one restores the image, and the others are told that it is
// not deleted.
func TestOneRestoreWins(t *testing.T) {
	w := newWorld(t)
	id := w.filled("abc")
	w.call("DELETE /v2/images/" + id).want(204)
	var all sync.WaitGroup
	answers := make(chan int, 6)
	for range cap(answers) {
		all.Go(func() { answers <- w.call(w.restore(id), as("admin")).status })
	}
	all.Wait()
	close(answers)
	told := map[int]int{}
	for status := range answers {
		told[status]++
	}
	if told[200] != 1 || told[409] != cap(answers)-1 {
		t.Errorf("the callers were told %v", told)
	}
	w.call("GET /v2/images/" + id + "/file").want(200).is("abc")
}

// Images of every visibility come back into the lists that they stood in, hidden
// ones apart.
func TestRestoredImagesAreListed(t *testing.T) {
	w := newWorld(t)
	lists := map[string]string{
		"private": "", "shared": "", "community": "?visibility=community", "public": "?visibility=public",
	}
	for visibility, query := range lists {
		for _, hidden := range []string{"false", "true"} {
			id := w.made(`{"visibility":"`+visibility+`","os_hidden":`+hidden+`,"owner":"demo"}`, as("admin"))
			separator := "?"
			if query != "" {
				separator = "&"
			}
			list := "GET /v2/images" + query + separator + "os_hidden=" + hidden
			before := string(w.call(list).want(200).says(id).body)
			w.call("DELETE /v2/images/" + id).want(204)
			if strings.Contains(string(w.call(list).want(200).body), id) {
				t.Errorf("%s: a deleted image is listed", list)
			}
			w.call(w.restore(id), as("admin")).want(200)
			after := string(w.call(list).want(200).says(id).body)
			if strings.Count(after, `"id":`) != strings.Count(before, `"id":`) {
				t.Errorf("%s: before\n%s\nafter\n%s", list, before, after)
			}
		}
	}
}

// Both calls are for those whom the rule lets, which tells others nothing.
func TestRestoreRefused(t *testing.T) {
	w := newWorld(t)
	live, gone := w.made(`{}`), w.made(`{}`)
	w.call("DELETE /v2/images/" + gone).want(204)
	const list = "GET /gander/v1/images/deleted"
	for _, who := range []string{"member", "reader", "other", "service", "nobody"} {
		for _, id := range []string{live, gone, noImage, "nope"} {
			w.refused(w.restore(id), as(who)).want(403)
		}
		w.refused(list, as(who)).want(403)
		w.refused(list+"?marker="+gone, as(who)).want(403)
	}
	for _, c := range []struct {
		line    string
		options []option
		status  int
	}{
		{w.restore(live), nil, 409},
		{w.restore(noImage), nil, 404},
		{w.restore("nope"), nil, 404},
		{w.restore(gone), []option{body(`{}`)}, 400},
		{list + "?limit=x", nil, 400},
		{list + "?limit=-1", nil, 400},
		{list + "?marker=", nil, 400},
		{list + "?marker=" + live, nil, 400},
		{list + "?marker=" + noImage, nil, 400},
		{list + "?name=x", nil, 400},
		{list + "?limit=x", []option{as("member")}, 400},
		{"POST /gander/v1/images/deleted", nil, 405},
		{"DELETE /gander/v1/images/" + gone + "/restore", nil, 405},
		{list, []option{without("X-Auth-Token")}, 401},
		{w.restore(gone), []option{without("X-Auth-Token")}, 401},
	} {
		w.refused(c.line, append([]option{as("admin")}, c.options...)...).want(c.status)
	}
}

// The list is read on for an owner, page by page, the last deleted first.
func TestDeletedList(t *testing.T) {
	w := newWorld(t)
	var want []string
	for i := range 5 {
		who := []string{"member", "other"}[i%2]
		id := w.made(`{}`, as(who))
		w.call("DELETE /v2/images/"+id, as(who)).want(204)
		want = append([]string{id}, want...)
	}
	for query, ids := range map[string][]string{
		"":                           want,
		"?limit=2":                   want,
		"?limit=1":                   want,
		"?limit=0":                   nil,
		"?owner=demo":                {want[0], want[2], want[4]},
		"?owner=other&limit=1":       {want[1], want[3]},
		"?owner=admin&limit=1":       nil,
		"?marker=" + want[1]:         want[2:],
		"?limit=2&marker=" + want[4]: nil,
	} {
		if diff := gocmp.Diff(ids, w.deleted("admin", query)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
	w.call("GET /gander/v1/images/deleted?owner=demo&limit=1", as("admin")).want(200).
		says(`"first":"/gander/v1/images/deleted?`).says(`&marker=` + want[0] + `"`)
}

// An operator may let projects restore what is theirs; then they see that alone.
func TestOwnersRestore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	rule := `"restore_image": "rule:context_is_admin or (role:member and project_id:%(project_id)s)"`
	if err := os.WriteFile(file, []byte(rule), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "GANDER_POLICY_FILE="+file)
	mine, theirs := w.made(`{}`), w.made(`{}`, as("other"))
	w.call("DELETE /v2/images/" + mine).want(204)
	w.call("DELETE /v2/images/"+theirs, as("other")).want(204)
	if seen := w.deleted("member", "?limit=1"); len(seen) != 1 || seen[0] != mine {
		t.Errorf("a member sees %v deleted", seen)
	}
	w.refused("GET /gander/v1/images/deleted?marker=" + theirs).want(400)
	w.refused("GET /gander/v1/images/deleted", as("reader")).want(403)
	w.refused(w.restore(theirs)).want(403)
	w.refused(w.restore(noImage)).want(403)
	w.call(w.restore(mine)).want(200).says(`"owner":"demo"`)
}

// A retention of nothing makes a deletion final at once.
func TestNoRetention(t *testing.T) {
	w := newWorld(t, "GANDER_RETENTION=0s")
	id := w.made(`{}`)
	w.call("DELETE /v2/images/" + id).want(204)
	w.call(w.restore(id), as("admin")).want(404)
	if seen := w.deleted("admin", ""); seen != nil {
		t.Errorf("listed: %v", seen)
	}
	w.settle()
	for _, line := range []string{"GET /v2/images?marker=" + id, "GET /v2/images?sort=name&marker=" + id, "GET /gander/v1/images/deleted?marker=" + id} {
		w.refused(line, as("admin")).want(400) // of what is purged no place in a list is known
	}
}

// An id is used once, whatever became of its image, in any letter case.
func TestP7IdsAreNeverUsedAgain(t *testing.T) {
	w := newWorld(t, "GANDER_RETENTION=0s")
	const id = "aBcDeF00-1111-4222-8333-444444ABCDEF"
	refused := func(when string, ask func(string, ...option) *answer) {
		for _, same := range []string{id, strings.ToLower(id), strings.ToUpper(id)} {
			for _, who := range []string{"member", "other", "admin"} {
				ask("POST /v2/images", named(when+", "+same+", "+who), as(who), body(`{"id":"`+same+`"}`)).want(409).says("already exists")
			}
		}
	}
	if made := w.made(`{"id":"` + id + `"}`); made != id {
		t.Errorf("the image is called %s", made)
	}
	w.call("GET /v2/images/" + strings.ToLower(id)).want(200).says(`"id":"` + id + `"`)
	refused("it lives", w.refused)
	w.call("DELETE /v2/images/" + strings.ToUpper(id)).want(204)
	refused("deleted", w.call) // a consumer may purge it meanwhile
	w.settle()
	refused("purged", w.refused)
	w.call("GET /v2/images/"+id, as("admin")).want(404)
	w.call(w.restore(id), as("admin")).want(404)
}
