package main

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/gander-images/gander/shared/table"
)

var valuePattern = regexp.MustCompile(`value-[0-9a-z]+`)

// debts are the keys that answers promised, as long as nobody asked for their deletion.
func (h *history) debts() []debt {
	var owed []debt
	values := map[string]string{} // by the key's id
	named := map[string]string{}  // by the image's id: the first key that it named
	for _, a := range h.answers {
		id := idPattern.FindString(a.path + a.location())
		if value := valuePattern.FindString(a.request); value != "" && strings.HasPrefix(a.path, secrets) {
			values[id] = value
		}
		if locks := a.locks(); len(locks) > 0 && named[id] == "" {
			named[id] = locks[0]
		}
		for key := range a.seals() {
			if source := idPattern.FindString(sourcePattern.FindString(a.request)); source != "" {
				values[key] = values[named[source]]
			}
			owed = append(owed, debt{id: key, value: values[key], told: a.told, until: h.deleted(key, a.told)})
		}
	}
	return owed
}

var sourcePattern = regexp.MustCompile(`"source_image_id":"[^"]*"`)

// deleted is the line on which the key's deletion is asked for after another one.
func (h *history) deleted(id string, after int) int {
	for _, a := range h.answers {
		if a.method == "DELETE" && a.path == secrets+"/"+id && a.asked > after {
			return a.asked
		}
	}
	return math.MaxInt
}

// generationOf reads the record of a key that must be usable.
func generationOf(items map[table.Key]table.Item, id string) (int, error) {
	item, ok := items[table.Key{Partition: "key#" + table.Text(id, 256), Sort: "key"}]
	var r struct {
		State      string
		Generation int
	}
	if !ok {
		return 0, fmt.Errorf("key %s was answered, and has no record", id)
	}
	if err := json.Unmarshal(item.Body, &r); err != nil || r.State != "live" {
		return 0, fmt.Errorf("key %s was answered, and is %q: %w", id, r.State, err)
	}
	return r.Generation, nil
}
