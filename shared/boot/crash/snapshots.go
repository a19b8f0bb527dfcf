package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/gander-images/gander/shared/boot/crash/journal"
)

// onSnapshots makes a snapshot or deletes one. What it inherits nobody changes.
func (w *writer) onSnapshots(ctx context.Context) {
	if len(w.snapshots) == 0 || w.maybe() {
		w.snapshot(ctx)
		return
	}
	s := w.snapshots[len(w.snapshots)-1]
	w.remove(ctx, s)
	if s.deleted {
		w.snapshots = w.snapshots[:len(w.snapshots)-1]
	}
}

// snapshot makes a snapshot of an image whose keys are known: it gets keys of its own,
// of the same values.
func (w *writer) snapshot(ctx context.Context) {
	from := w.lockedImage()
	if from == nil {
		return
	}
	name, mark := w.word(), w.word()
	sets := map[string]*string{
		journal.Exists: text(journal.Yes), journal.Name: &name, journal.Property + "mark": &mark,
		journal.Property + "image_type": text("snapshot"), journal.Visibility: text("private"), journal.Hidden: text("false"),
	}
	for property, l := range from.locks {
		sets[journal.Locked+property] = text(journal.CloneOf + l.value)
	}
	a := w.send(ctx, request{
		call: "snapshot", by: w.member, want: http.StatusCreated, sets: sets,
		// 409: the source has no data any more, or its key is not to be read.
		refusals: []int{http.StatusNotFound, http.StatusConflict},
		http: jsonCall(http.MethodPost, "/gander/v1/images/snapshot", plainJSON, map[string]any{
			"name": name, "source_image_id": from.id, "properties": map[string]string{"mark": mark},
			"instance": map[string]string{"id": w.uuid(), "project_id": w.member.Project},
		}),
	})
	if a != nil && a.Status == http.StatusCreated {
		w.snapshots = append(w.snapshots, &own{id: idOf(a)})
	}
}

// lockedImage is an own image with data, the last one, that names keys which are kept
// here.
func (w *writer) lockedImage() *own {
	for n := len(w.images) - 1; n >= 0; n-- {
		i := w.images[n]
		if i.deleted || i.unsure || !i.filled || len(i.locks) == 0 {
			continue
		}
		kept := true
		for _, l := range i.locks {
			kept = kept && !strings.HasPrefix(l.value, journal.Foreign)
		}
		if kept {
			return i
		}
	}
	return nil
}

// readPrecious reads, right after a start, the keys that were made last.
func (l *load) readPrecious(ctx context.Context) {
	const most = 40
	l.mu.Lock()
	last := l.precious[max(0, len(l.precious)-most):]
	l.mu.Unlock()
	for _, k := range last {
		l.readKey(ctx, k)
	}
}
