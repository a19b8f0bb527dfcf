package main

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

// tag adds a tag or takes one away; each writer has tags of its own.
func (w *writer) tag(ctx context.Context, id string) {
	tag := "t" + strconv.Itoa(w.number) + "-" + strconv.Itoa(w.chance.IntN(3))
	r := request{
		call: "tag add", by: w.member, image: id, want: http.StatusNoContent,
		sets:     map[string]*string{journal.Tag + tag: text(journal.Yes)},
		refusals: []int{http.StatusNotFound, http.StatusConflict},
		http:     outside.Call{Method: http.MethodPut, Path: "/v2/images/" + id + "/tags/" + tag},
	}
	if w.chance.IntN(3) == 0 {
		r.call, r.http.Method = "tag remove", http.MethodDelete
		r.sets = map[string]*string{journal.Tag + tag: nil}
	}
	w.send(ctx, r)
}

// memberOf shares an image, takes it back, or answers for the one it is shared with.
func (w *writer) memberOf(ctx context.Context, id string) {
	project := w.other.Project
	if w.chance.IntN(3) == 0 {
		project = "project-" + strconv.Itoa(w.number) + "-" + strconv.Itoa(w.chance.IntN(2))
	}
	members := "/v2/images/" + id + "/members"
	r := request{
		by: w.member, image: id,
		// 403: the image is not shared at the moment.
		refusals: []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict},
	}
	switch n := w.chance.IntN(10); {
	case n < 5:
		r.call, r.want, r.sets = "member add", http.StatusOK, map[string]*string{journal.Member + project: text("pending")}
		r.http = jsonCall(http.MethodPost, members, plainJSON, map[string]string{"member": project})
	case n < 8:
		status := []string{"accepted", "accepted", "rejected", "pending"}[w.chance.IntN(4)]
		r.call, r.want, r.sets = "member status", http.StatusOK, map[string]*string{journal.Member + project: &status}
		r.http = jsonCall(http.MethodPut, members+"/"+project, plainJSON, map[string]string{"status": status})
		r.by = w.admin
		if project == w.other.Project && w.maybe() {
			r.by = w.other
		}
	default:
		r.call, r.want, r.sets = "member remove", http.StatusNoContent, map[string]*string{journal.Member + project: nil}
		r.http = outside.Call{Method: http.MethodDelete, Path: members + "/" + project}
	}
	w.send(ctx, r)
}
