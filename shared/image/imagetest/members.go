package imagetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// mirrorPrefix begins the partitions of what is shared with a project:
// list#shared#<project>#<status>#created#<shard>.
const mirrorPrefix = "list#shared#"

// A mirror is one entry of such a list, and what its key says.
type mirror struct {
	project string // as keys have it, its end included
	status  string
	at      string // position
}

// memberFaults holds member rows, their mirrors and the count in the record
// against each other: each row has one mirror, with its status, at the image's
// position, and there is none without a row, whatever the state of the image.
func (w *World) memberFaults() []string {
	mirrors, faults := w.mirrors()
	rows := map[string]int{}
	for key, item := range w.Items {
		project, ok := strings.CutPrefix(key.Sort, "member#")
		if !ok || !strings.HasPrefix(key.Partition, "image#") {
			continue
		}
		rows[key.Partition]++
		faults = append(faults, w.rowFaults(key, project, item.Body)...)
		found := mirrors[key.Partition+" "+project]
		delete(mirrors, key.Partition+" "+project)
		if want := w.mirrorOf(key, project, item.Body); len(found) != 1 || found[0] != want {
			faults = append(faults, fmt.Sprintf("member %q of %s has mirrors %v, not %v", project, key.Partition, found, want))
		}
	}
	for where, found := range mirrors {
		faults = append(faults, fmt.Sprintf("mirrors %v are of no member: %q", found, where))
	}
	for partition, r := range w.Records {
		if r.Members != rows[partition] && r.Status != "purging" { // rows go while it is
			faults = append(faults, fmt.Sprintf("image %s (%s) counts %d members and has %d", r.ID, r.Status, r.Members, rows[partition]))
		}
	}
	return faults
}

// mirrors are all there are, by the partition of their image and their project.
func (w *World) mirrors() (map[string][]mirror, []string) {
	var faults []string
	mirrors := map[string][]mirror{}
	for key, item := range w.Items {
		list, ok := strings.CutPrefix(key.Partition, mirrorPrefix)
		if !ok {
			continue
		}
		end := strings.LastIndex(list, "\x01#") // the end of an encoded text
		words := strings.Split(list[end+2:], "#")
		var id string
		if err := json.Unmarshal(item.Body, &id); err != nil || end < 0 || len(words) != 3 || words[1] != "created" {
			faults = append(faults, fmt.Sprintf("mirror %v, %s: %v", key, item.Body, err))
			continue
		}
		where := "image#" + strings.ToLower(id) + " " + list[:end+1]
		mirrors[where] = append(mirrors[where], mirror{project: list[:end+1], status: words[0], at: key.Sort})
	}
	return mirrors, faults
}

// A row is what the audit needs of a member's document.
type row struct {
	Member string `json:"member_id"`
	Image  string `json:"image_id"`
	Status string `json:"status"`

	Created time.Time `json:"created_at"`
	Updated time.Time `json:"updated_at"`
}

// rowFaults holds one row against its key and its image's record.
func (w *World) rowFaults(key table.Key, project string, body []byte) []string {
	var m row
	var faults []string
	if err := json.Unmarshal(body, &m); err != nil || m.Member == "" || m.Created.IsZero() || m.Updated.Before(m.Created) {
		faults = append(faults, fmt.Sprintf("member %q of %s is %s: %v", project, key.Partition, body, err))
	}
	if plain := strings.TrimSuffix(project, "\x01"); !strings.ContainsAny(plain, "\x02") && plain != m.Member {
		faults = append(faults, fmt.Sprintf("the row of member %q of %s names %q", project, key.Partition, m.Member))
	}
	r, ok := w.Records[key.Partition]
	if !ok || r.Status == "purged" || r.ID != m.Image {
		faults = append(faults, fmt.Sprintf("member %q of image %s stands at %s, which is %q", m.Member, m.Image, key.Partition, r.Status))
	}
	return faults
}

// mirrorOf is the one mirror that a row must have.
func (w *World) mirrorOf(key table.Key, project string, body []byte) mirror {
	var m row
	_ = json.Unmarshal(body, &m) // told by rowFaults
	at := w.Records[key.Partition].CreatedAt.UTC().Format("20060102T150405.000000") + strings.TrimPrefix(key.Partition, "image")
	return mirror{project: project, status: m.Status, at: at}
}
