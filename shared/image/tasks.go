package image

import (
	"context"
	"slices"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/task"
)

// Tasks returns the image's tasks that c may read and that have not expired, the
// oldest first. g is the grant of get_image.
//
// Source: glance/db/sqlalchemy/api.py, tasks_get_by_image.
func (s *Service) Tasks(ctx context.Context, g policy.Grant, c caller.Caller, img *Image) ([]task.Task, error) {
	if err := g.Permits(policy.GetImage); err != nil {
		return nil, err
	}
	tasks, err := task.OfImage(ctx, s.Table, img.ID, s.now())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(tasks, func(t task.Task) bool { return !readable(&t, c) }), nil
}

// Task returns the task with the id. g is the grant of tasks_api_access.
//
// Errors: NotFound, also for one that has expired or is another project's.
//
// Source: glance/db/sqlalchemy/api.py, task_get.
func (s *Service) Task(ctx context.Context, g policy.Grant, c caller.Caller, id string) (*task.Task, error) {
	if err := g.Permits(policy.TasksAPIAccess); err != nil {
		return nil, err
	}
	var t *task.Task
	if IsID(id) { // no task has another
		var err error
		if t, err = task.Get(ctx, s.Table, id, s.now()); err != nil {
			return nil, err
		}
	}
	if t == nil || !readable(t, c) {
		return nil, problem.New(problem.NotFound, "Could not find task %s", id)
	}
	return t, nil
}

// readable says whether the caller may read the task: that of its own project,
// or of none.
//
// Source: glance/db/sqlalchemy/api.py, _is_task_visible.
func readable(t *task.Task, c caller.Caller) bool {
	return c.Admin || t.Owner == "" || t.Owner == c.ProjectID
}
