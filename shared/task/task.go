// Package task keeps the records of work that went on beside a request, and
// the reason why it failed, readable by the image's owner until they expire.
package task

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// Life is how long a task can be read after it ended.
//
// Source: glance/common/config.py, task_time_to_live (48 hours).
const Life = 48 * time.Hour

// ExpireKind is the kind of due entry that removes a task at the end of its life.
const ExpireKind = "task-expire"

// TypeUpload is the type of the task that a failed or expired upload leaves.
const TypeUpload = "upload"

// The states of a task.
const (
	Pending    = "pending"
	Processing = "processing"
	Success    = "success"
	Failure    = "failure"
)

const (
	schema     = 1
	timeLayout = "2006-01-02T15:04:05.000000Z"
)

// A Task is one piece of work.
//
// Source: glance/domain/__init__.py, Task.
type Task struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Status    string          `json:"status"`
	Owner     string          `json:"owner,omitempty"` // project
	ImageID   string          `json:"image_id,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	UserID    string          `json:"user_id,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Message   string          `json:"message"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
	ExpiresAt time.Time       `json:"expires_at"`
}

func (t Task) keys() (own, ofImage table.Key) {
	own = table.Key{Partition: "task#" + t.ID, Sort: "task"}
	ofImage = table.Key{
		Partition: "image#" + strings.ToLower(t.ImageID),
		Sort:      "task#" + t.CreatedAt.UTC().Format(timeLayout) + "#" + t.ID,
	}
	return own, ofImage
}

// Ended returns the writes that make a task which has ended at t.UpdatedAt: the
// record, its place below its image, and the due entry that removes both.
func Ended(t Task) []table.Write {
	t.ExpiresAt = t.UpdatedAt.Add(Life)
	body, err := json.Marshal(t)
	if err != nil {
		panic(fmt.Sprintf("task: a task cannot be written: %v", err))
	}
	own, ofImage := t.keys()
	put := table.Write{Kind: table.Put, Key: own, Schema: schema, Body: body, If: table.IfAbsent()}
	place := put
	place.Key = ofImage
	return []table.Write{put, place, t.expiry().Put()}
}

func (t Task) expiry() due.Entry {
	return due.New(ExpireKind, t.ExpiresAt, t.ID, expired{Task: t.ID, Image: t.ImageID, CreatedAt: t.CreatedAt})
}

type expired struct {
	Task      string    `json:"task"`
	Image     string    `json:"image"`
	CreatedAt time.Time `json:"created_at"`
}

// Get returns the task with the id; nil where there is none, or none any more.
func Get(ctx context.Context, t table.Table, id string, now time.Time) (*Task, error) {
	own, _ := Task{ID: id}.keys()
	items, err := t.Get(ctx, own)
	if err != nil {
		return nil, fmt.Errorf("reading task %s: %w", id, err)
	}
	if items[0] == nil {
		return nil, nil
	}
	one, err := decode(items[0])
	if err != nil || one.expired(now) {
		return nil, err
	}
	return one, nil
}

// maxOfImage is how many tasks of one image are shown, the newest.
const maxOfImage = 1000

// OfImage returns the image's tasks that have not expired at now, oldest first:
// of more than 1,000 the newest.
func OfImage(ctx context.Context, t table.Table, imageID string, now time.Time) ([]Task, error) {
	q := table.Query{Partition: "image#" + strings.ToLower(imageID), Prefix: "task#", Backward: true, Limit: 100}
	var tasks []Task
	for more := true; more && len(tasks) < maxOfImage; {
		page, err := t.Query(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("reading tasks of image %s: %w", imageID, err)
		}
		for i := range page.Items {
			one, err := decode(&page.Items[i])
			if err != nil {
				return nil, err
			}
			if !one.expired(now) {
				tasks = append(tasks, *one)
			}
		}
		more, q.After = page.More, page.Last
	}
	tasks = tasks[:min(len(tasks), maxOfImage)]
	slices.Reverse(tasks)
	return tasks, nil
}

func decode(item *table.Item) (*Task, error) {
	if item.Schema > schema {
		return nil, errNewer
	}
	var t Task
	if err := json.Unmarshal(item.Body, &t); err != nil {
		return nil, fmt.Errorf("reading task %s: %w", item.Sort, err)
	}
	return &t, nil
}

var errNewer = problem.New(problem.Unavailable, "This task was written by a newer version of the service. Try again later.")

// expired reports whether nobody is shown the task at now, though it may still
// be stored. One that has not ended does not expire.
func (t *Task) expired(now time.Time) bool {
	return !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now)
}

// Expire returns the handler of ExpireKind: it removes the task.
func Expire(t table.Table) due.Handler {
	return func(ctx context.Context, e due.Entry) error {
		var x expired
		if err := json.Unmarshal(e.Body, &x); err != nil {
			return fmt.Errorf("reading the entry: %w", err)
		}
		own, ofImage := Task{ID: x.Task, ImageID: x.Image, CreatedAt: x.CreatedAt}.keys()
		return removeAll(ctx, t, own, ofImage, e.Key())
	}
}

// removeAll deletes those of the items that are there, in one transaction.
func removeAll(ctx context.Context, t table.Table, keys ...table.Key) error {
	items, err := t.Get(ctx, keys...)
	if err != nil {
		return fmt.Errorf("reading what to remove: %w", err)
	}
	var writes []table.Write
	for _, item := range items {
		if item != nil {
			writes = append(writes, table.Write{Kind: table.Delete, Key: item.Key, If: table.IfRevision(item.Revision)})
		}
	}
	if len(writes) == 0 {
		return nil
	}
	// A lost race means that somebody else removed them.
	if _, err := t.Transact(ctx, writes...); err != nil {
		return fmt.Errorf("removing: %w", err)
	}
	return nil
}
