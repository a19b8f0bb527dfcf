package main

import (
	"context"
	"net/http"
)

// readReasons wants every task of an image to have ended, and every one that
// failed to tell the image's owner why.
func (c *comparison) readReasons(ctx context.Context, id string) error {
	var body struct {
		Tasks []struct{ ID, Type, Status, Message string }
	}
	if err := c.service.member.JSON(ctx, http.MethodGet, "/v2/images/"+id+"/tasks", nil, &body, http.StatusOK); err != nil {
		return err
	}
	for _, t := range body.Tasks {
		switch {
		case t.Status != "success" && t.Status != "failure":
			c.fault("image %s has task %s, %s, which is %s and stays so", id, t.ID, t.Type, t.Status)
		case t.Status == "failure" && t.Message == "":
			c.fault("image %s has task %s, %s, which failed and does not say why", id, t.ID, t.Type)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reasons += len(body.Tasks)
	return nil
}
