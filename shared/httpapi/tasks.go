package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

var (
	// ImageTaskList lists the tasks of an image.
	ImageTaskList = Operation{
		Name: "image-task-list", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}/tasks"},
		Rules: []policy.Rule{policy.GetImage},
		Needs: Tokens | ReadTable | ListTable, Serve: imageTaskList,
	}
	// TaskShow shows one task.
	TaskShow = Operation{
		Name: "task-show", Methods: []string{"GET"}, Paths: []string{"/v2/tasks/{task_id}"},
		Rules: []policy.Rule{policy.TasksAPIAccess},
		Needs: Tokens | ReadTable, Serve: taskShow,
	}
)

func imageTaskList(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}

func taskShow(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}
