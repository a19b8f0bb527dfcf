package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/task"
)

var (
	// ImageTaskList lists the tasks of an image.
	ImageTaskList = Operation{
		Name: "image-task-list", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}/tasks"},
		Rules: []policy.Rule{policy.GetImage},
		Needs: Tokens | ReadTable | ListTable, Serve: imageTaskList, Unlisted: true,
	}
	// TaskShow shows one task, and says that none can be deleted.
	TaskShow = Operation{
		Name: "task-show", Methods: []string{"GET", "DELETE"}, Paths: []string{"/v2/tasks/{task_id}"},
		Rules: []policy.Rule{policy.TasksAPIAccess}, Gate: policy.TasksAPIAccess,
		Needs: Tokens | ReadTable, Serve: taskShow,
	}
)

// imageTaskList shows the tasks of the caller's project to whoever may see the
// image. Whatever keeps the caller from it, the answer is the same.
//
// Source: glance/api/v2/images.py, ImagesController.get_task_info.
func imageTaskList(ctx context.Context, s *Services, r *Request) (*Response, error) {
	img, err := s.Images.Get(ctx, r.Caller, r.Params["image_id"])
	if err != nil {
		return nil, silent(err)
	}
	grant, err := s.authorize(policy.GetImage, r.Caller, img)
	if err != nil {
		return nil, silent(err)
	}
	tasks, err := s.Images.Tasks(ctx, grant, r.Caller, img)
	if err != nil {
		return nil, err
	}
	b := []byte(`{"tasks":[`)
	for i := range tasks {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendImageTask(b, &tasks[i])
	}
	return &Response{Status: http.StatusOK, Body: append(b, "]}"...)}, nil
}

// silent leaves a refusal nothing but that there is nothing here.
func silent(err error) error {
	if problem.Is(err, problem.NotFound) || problem.Is(err, problem.Forbidden) {
		return problem.Because(err, problem.NotFound, "")
	}
	return err
}

// taskShow shows one task.
//
// Source: glance/api/v2/tasks.py, TasksController.get and delete.
func taskShow(ctx context.Context, s *Services, r *Request) (*Response, error) {
	if r.Method == http.MethodDelete {
		err := problem.New(problem.MethodNotAllowed, "Tasks cannot be deleted. Each goes by itself when it expires.")
		return nil, withHeader(err, "Allow", http.MethodGet)
	}
	t, err := s.Images.Task(ctx, r.gate, r.Caller, r.Params["task_id"])
	if err != nil {
		return nil, err
	}
	return &Response{Status: http.StatusOK, Body: appendTask(nil, t)}, nil
}

// appendTask appends the JSON of a task as task-show has it.
//
// Source: glance/api/v2/tasks.py, ResponseSerializer._format_task.
func appendTask(b []byte, t *task.Task) []byte {
	b = appendTaskHead(b, t)
	b = appendTaskWork(b, t)
	for _, f := range []struct{ name, value string }{
		{"image_id", t.ImageID}, {"request_id", t.RequestID}, {"user_id", t.UserID},
	} {
		if f.value != "" {
			b = append(append(append(b, `,"`...), f.name...), `":`...)
			b = appendText(b, f.value)
		}
	}
	if !t.ExpiresAt.IsZero() {
		b = appendTime(append(b, `,"expires_at":`...), t.ExpiresAt)
	}
	b = appendTime(append(b, `,"created_at":`...), t.CreatedAt)
	b = appendTime(append(b, `,"updated_at":`...), t.UpdatedAt)
	b = appendText(append(b, `,"self":`...), "/v2/tasks/"+t.ID)
	return append(b, `,"schema":"/v2/schemas/task"}`...)
}

// appendImageTask appends the JSON of a task as the list of its image has it:
// the row of Glance's database.
//
// Source: glance/db/sqlalchemy/api.py, _task_format.
func appendImageTask(b []byte, t *task.Task) []byte {
	b = appendTaskHead(b, t)
	b = appendNamed(append(b, `,"image_id":`...), t.ImageID)
	b = appendNamed(append(b, `,"request_id":`...), t.RequestID)
	b = appendNamed(append(b, `,"user_id":`...), t.UserID)
	b = appendTaskWork(b, t)
	b = appendMicros(append(b, `,"expires_at":`...), t.ExpiresAt)
	b = append(b, `,"deleted":false,"deleted_at":null`...)
	b = appendMicros(append(b, `,"created_at":`...), t.CreatedAt)
	return append(appendMicros(append(b, `,"updated_at":`...), t.UpdatedAt), '}')
}

// appendTaskHead appends what every form of a task begins with.
func appendTaskHead(b []byte, t *task.Task) []byte {
	b = appendText(append(b, `{"id":`...), t.ID)
	b = appendText(append(b, `,"type":`...), t.Type)
	b = appendText(append(b, `,"status":`...), t.Status)
	return appendNamed(append(b, `,"owner":`...), t.Owner)
}

// appendTaskWork appends what a task was given, and what came of it.
func appendTaskWork(b []byte, t *task.Task) []byte {
	b = appendDocument(append(b, `,"input":`...), t.Input)
	b = appendDocument(append(b, `,"result":`...), t.Result)
	return appendText(append(b, `,"message":`...), t.Message)
}

func appendDocument(b []byte, document json.RawMessage) []byte {
	if document == nil {
		return append(b, "null"...)
	}
	return append(b, document...)
}

// appendNamed appends the name of somebody or something; null for none.
func appendNamed(b []byte, name string) []byte {
	if name == "" {
		return append(b, "null"...)
	}
	return appendText(b, name)
}

// appendMicros appends a time as Glance's database writes it: whole microseconds
// and no zone. The zero time is null.
func appendMicros(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	return strconv.AppendQuote(b, t.UTC().Format("2006-01-02T15:04:05.000000"))
}
