// Package imagetest compares what a table and its stores hold with the image
// records, from the outside: it reads documents and files, and calls nothing of
// the code it judges.
package imagetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/key/keytest"
	"github.com/gander-images/gander/shared/table"
)

// A Source is a table that can be read whole.
type Source interface {
	Scan(visit func(table.Item) error) error
}

// Through is a table that can be read whole because somebody else knows the keys
// of all that it holds.
func Through(t table.Table, keys func(context.Context) ([]table.Key, error)) Source {
	return through{t, keys}
}

type through struct {
	table table.Table
	keys  func(context.Context) ([]table.Key, error)
}

// Scan implements Source. What went since its key was told is passed over.
func (s through) Scan(visit func(table.Item) error) error {
	ctx := context.Background()
	keys, err := s.keys(ctx)
	if err != nil {
		return err
	}
	items, err := s.table.Get(ctx, keys...)
	if err != nil {
		return err
	}
	for _, item := range items {
		if item == nil {
			continue
		}
		if err := visit(*item); err != nil {
			return err
		}
	}
	return nil
}

// A World is everything that is stored, at one moment when nothing else runs.
type World struct {
	Items   map[table.Key]table.Item
	Records map[string]Record // by partition: image#<id>
	Objects map[string][]blob.Object
}

// A Record is what the audit needs of an image's document.
type Record struct {
	ID         string  `json:"id"`
	Status     string  `json:"status"`
	Visibility string  `json:"visibility"`
	Owner      *string `json:"owner"`
	Upload     string  `json:"upload"`
	Members    int     `json:"member_count"`

	CreatedAt time.Time `json:"created_at"`

	Locations []struct {
		Store   string `json:"store"`
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"locations"`
}

// Read takes everything in.
func Read(ctx context.Context, t Source, stores map[string]blob.Store) (*World, error) {
	w := &World{Items: map[table.Key]table.Item{}, Records: map[string]Record{}, Objects: map[string][]blob.Object{}}
	err := t.Scan(func(item table.Item) error {
		w.Items[item.Key] = item
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the table: %w", err)
	}
	for key, item := range w.Items {
		if strings.HasPrefix(key.Partition, "image#") && key.Sort == "image" {
			var r Record
			if err := json.Unmarshal(item.Body, &r); err != nil {
				return nil, fmt.Errorf("reading record %s: %w", key.Partition, err)
			}
			w.Records[key.Partition] = r
		}
	}
	for id, store := range stores {
		err := store.Walk(ctx, "", func(o blob.Object) error {
			w.Objects[id] = append(w.Objects[id], o)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("walking store %s: %w", id, err)
		}
	}
	return w, nil
}

// Faults lists everything that should not be so, in no words a caller sees:
// records without their entries, entries without their records, members that are
// not listed or not counted, leases, due work and bytes that belong to nothing,
// or are missing; and what keytest finds about keys, without a vault.
func (w *World) Faults() []string {
	var faults []string
	faults = append(faults, w.recordFaults()...)
	faults = append(faults, w.entryFaults()...)
	faults = append(faults, w.memberFaults()...)
	faults = append(faults, w.dueFaults()...)
	faults = append(faults, w.byteFaults()...)
	faults = append(faults, w.taskFaults()...)
	faults = append(faults, w.deletedFaults()...)
	faults = append(faults, keytest.Faults(w.Items, nil)...)
	slices.Sort(faults)
	return faults
}

func (w *World) recordFaults() []string {
	var faults []string
	for partition, r := range w.Records {
		if partition != "image#"+strings.ToLower(r.ID) {
			faults = append(faults, fmt.Sprintf("record %s stands at %s", r.ID, partition))
		}
		leases := w.below(partition, "lease#")
		switch {
		case r.Status == "saving" && (len(leases) != 1 || leases[0].Sort != "lease#"+r.Upload):
			faults = append(faults, fmt.Sprintf("image %s is saving by upload %q, its leases are %v", r.ID, r.Upload, leases))
		case r.Status != "saving" && len(leases) > 0:
			faults = append(faults, fmt.Sprintf("image %s is %s and has leases %v", r.ID, r.Status, leases))
		case r.Status != "saving" && r.Upload != "":
			faults = append(faults, fmt.Sprintf("image %s is %s and names upload %s", r.ID, r.Status, r.Upload))
		}
		if r.Status == "active" && len(r.Locations) == 0 {
			faults = append(faults, fmt.Sprintf("image %s is active without data", r.ID))
		}
		if r.Status == "queued" && len(r.Locations) > 0 {
			faults = append(faults, fmt.Sprintf("image %s is queued with data", r.ID))
		}
	}
	return faults
}

func (w *World) below(partition, prefix string) []table.Key {
	var keys []table.Key
	for key := range w.Items {
		if key.Partition == partition && strings.HasPrefix(key.Sort, prefix) {
			keys = append(keys, key)
		}
	}
	return keys
}

// entryFaults holds lists and records against each other: an image stands once
// in every list that shows it, in both orders, and in no other.
func (w *World) entryFaults() []string {
	var faults []string
	seen := map[string]int{}
	for key, item := range w.Items {
		if !strings.HasPrefix(key.Partition, "list#") || strings.HasPrefix(key.Partition, mirrorPrefix) ||
			strings.HasPrefix(key.Partition, "list#keys#") || strings.HasPrefix(key.Partition, "list#orders#") {
			continue
		}
		var id string
		if err := json.Unmarshal(item.Body, &id); err != nil {
			faults = append(faults, fmt.Sprintf("list entry %v names no image: %v", key, err))
			continue
		}
		partition := "image#" + strings.ToLower(id)
		if _, ok := w.Records[partition]; !ok {
			faults = append(faults, fmt.Sprintf("list entry %v names image %s, which is not there", key, id))
		}
		seen[partition]++
	}
	for partition, r := range w.Records {
		if want := listings(r); seen[partition] != want {
			faults = append(faults, fmt.Sprintf("image %s (%s, %s) has %d list entries, not %d", r.ID, r.Status, r.Visibility, seen[partition], want))
		}
	}
	return faults
}

// listings is how many entries a record has: two orders in each list, and one
// among the deleted.
func listings(r Record) int {
	switch r.Status {
	case "deleted":
		return 1
	case "purging", "purged", "killed", "pending_delete":
		return 0
	}
	lists := 1 // all
	if r.Owner != nil {
		lists++
	}
	if r.Visibility == "public" || r.Visibility == "community" {
		lists++
	}
	return 2 * lists
}

func (w *World) dueFaults() []string {
	var faults []string
	purges, leases := 0, 0
	for key := range w.Items {
		switch {
		case strings.HasPrefix(key.Partition, "due#purge#"):
			purges++
			_, id, _ := strings.Cut(key.Sort, "#")
			if s := w.Records["image#"+id].Status; s != "deleted" && s != "purging" {
				faults = append(faults, fmt.Sprintf("purge of image %s is due, which is %q", id, s))
			}
		case strings.HasPrefix(key.Partition, "due#lease#"):
			leases++
		}
	}
	wantPurges, wantLeases := 0, 0
	for _, r := range w.Records {
		switch r.Status {
		case "deleted", "purging":
			wantPurges++
		case "saving":
			wantLeases++
		}
	}
	if purges != wantPurges {
		faults = append(faults, fmt.Sprintf("%d purges are due, not %d", purges, wantPurges))
	}
	if leases != wantLeases {
		faults = append(faults, fmt.Sprintf("%d lease ends are due, not %d", leases, wantLeases))
	}
	return faults
}

// byteFaults holds stores and records against each other.
func (w *World) byteFaults() []string {
	var faults []string
	excused := w.excused()
	found := map[string]bool{}
	for store, objects := range w.Objects {
		for _, o := range objects {
			found[store+"/"+o.Name+"@"+o.Version] = true
			if !excused[o.Name] {
				faults = append(faults, fmt.Sprintf("store %s holds %s (%d bytes, unfinished: %t) for nobody", store, o.Name, o.Size, o.Unfinished))
			}
		}
	}
	for _, r := range w.Records {
		if r.Status == "purging" || r.Status == "purged" {
			continue
		}
		for _, l := range r.Locations {
			if !found[l.Store+"/"+l.Name+"@"+l.Version] {
				faults = append(faults, fmt.Sprintf("image %s has lost its data %s in store %s", r.ID, l.Name, l.Store))
			}
		}
	}
	return faults
}

// excused are the object names that a record, a running upload or due work
// accounts for.
func (w *World) excused() map[string]bool {
	names := map[string]bool{}
	for partition, r := range w.Records {
		for _, l := range r.Locations {
			names[l.Name] = true
		}
		if r.Status == "saving" {
			names["images/"+strings.TrimPrefix(partition, "image#")+"/"+r.Upload] = true
		}
	}
	for key := range maps.Keys(w.Items) {
		if strings.HasPrefix(key.Partition, "due#parts#") {
			_, name, _ := strings.Cut(key.Sort, "#")
			names[name] = true
		}
	}
	return names
}
