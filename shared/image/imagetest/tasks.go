package imagetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// taskFaults holds the three items of each task against each other: the task, its
// place below its image, and what removes both.
func (w *World) taskFaults() []string {
	const own, place, expiry = 1, 2, 4
	found := map[string]int{}
	for key := range w.Items {
		last := key.Sort[strings.LastIndex(key.Sort, "#")+1:]
		id, isTask := strings.CutPrefix(key.Partition, "task#")
		switch {
		case isTask:
			found[id] |= own
		case strings.HasPrefix(key.Partition, "image#") && strings.HasPrefix(key.Sort, "task#"):
			found[last] |= place
		case strings.HasPrefix(key.Partition, "due#task-expire#"):
			found[last] |= expiry
		}
	}
	var faults []string
	for id, parts := range found {
		if parts != own|place|expiry {
			faults = append(faults, fmt.Sprintf("of task %s: itself %t, below its image %t, its end %t", id, parts&own > 0, parts&place > 0, parts&expiry > 0))
		}
	}
	return faults
}

// deletedFaults holds the list of deleted images against the records: it has the
// deleted ones, each at the time of its deletion, and no others.
func (w *World) deletedFaults() []string {
	var faults []string
	for key, item := range w.Items {
		listed, ok := strings.CutPrefix(key.Partition, "list#deleted#deleted#")
		if !ok {
			continue
		}
		var id string
		_ = json.Unmarshal(item.Body, &id) // what names no image is found to stand wrong
		var doc struct {
			Status   string `json:"status"`
			Deletion struct {
				At time.Time `json:"at"`
			} `json:"deletion"`
		}
		record := w.Items[table.Key{Partition: "image#" + strings.ToLower(id), Sort: "image"}]
		err := json.Unmarshal(record.Body, &doc)
		want := doc.Deletion.At.UTC().Format("20060102T150405.000000") + "#" + strings.ToLower(id)
		if err != nil || doc.Status != "deleted" || key.Sort != want {
			faults = append(faults, fmt.Sprintf("deleted image %q is listed at %s in shard %s, and is %q, deleted at %s", id, key.Sort, listed, doc.Status, want))
		}
	}
	return faults
}
