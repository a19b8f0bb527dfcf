package main

import (
	"context"
	"net/http"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

// activation forbids downloads, or allows them again.
func (w *writer) activation(ctx context.Context, i *own) {
	action, value := "deactivate", text(journal.Yes)
	if w.maybe() {
		action, value = "reactivate", nil
	}
	w.send(ctx, request{
		call: action, by: w.member, image: i.id, want: http.StatusNoContent,
		sets:     map[string]*string{journal.Blocked: value},
		refusals: []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict}, // 403: it has no data
		http:     outside.Call{Method: http.MethodPost, Path: "/v2/images/" + i.id + "/actions/" + action},
	})
}

func (w *writer) remove(ctx context.Context, i *own) {
	a := w.send(ctx, request{
		call: "delete", by: w.member, image: i.id, want: http.StatusNoContent,
		sets:     map[string]*string{journal.Exists: nil},
		refusals: []int{http.StatusNotFound, http.StatusConflict},
		http:     outside.Call{Method: http.MethodDelete, Path: "/v2/images/" + i.id},
	})
	i.deleted = a == nil || a.Status != http.StatusConflict
}

// restore brings the image back that was deleted last.
func (w *writer) restore(ctx context.Context) {
	for n := len(w.images) - 1; n >= 0; n-- {
		i := w.images[n]
		if !i.deleted {
			continue
		}
		a := w.send(ctx, request{
			call: "restore", by: w.admin, image: i.id, want: http.StatusOK,
			sets: map[string]*string{journal.Exists: text(journal.Yes)},
			// 404: it is purged. 409: it never was deleted, for that was lost.
			refusals: []int{http.StatusNotFound, http.StatusConflict},
			http:     outside.Call{Method: http.MethodPost, Path: "/gander/v1/images/" + i.id + "/restore"},
		})
		i.deleted = a == nil || a.Status == http.StatusNotFound
		return
	}
}
