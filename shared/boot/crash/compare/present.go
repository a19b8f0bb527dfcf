package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

// A service is the one that is held to the journal, as three people see it.
type service struct {
	member, other, admin *outside.User
}

// An image is what an answer shows of one.
type image map[string]any

func (i image) text(key string) string {
	s, _ := i[key].(string)
	return s
}

// list reads all pages of a list.
func list(ctx context.Context, u *outside.User, query string) ([]image, error) {
	var all []image
	for next := "/v2/images?" + query; next != ""; {
		var page struct {
			Images []image
			Next   string
		}
		if err := u.JSON(ctx, http.MethodGet, next, nil, &page, http.StatusOK); err != nil {
			return nil, err
		}
		if len(page.Images) == 0 && page.Next != "" {
			return nil, fmt.Errorf("GET %s is an empty page with a next one", next)
		}
		all = append(all, page.Images...)
		next = page.Next
	}
	return all, nil
}

// settle waits until no image is in a passing state, and returns every image that
// an admin sees. What still passes when patience ends is returned, too.
func (s *service) settle(ctx context.Context, patience time.Duration) (all []image, stuck []string, err error) {
	for end := time.Now().Add(patience); ; {
		all, stuck = nil, nil
		for _, query := range []string{"visibility=all&limit=1000", "visibility=all&os_hidden=true&limit=1000"} {
			images, err := list(ctx, s.admin, query)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, images...)
		}
		for _, i := range all {
			switch i.text("status") {
			case "queued", "active", "deactivated":
			default:
				stuck = append(stuck, i.text("id")+" is "+i.text("status"))
			}
		}
		if len(stuck) == 0 || time.Now().After(end) {
			return all, stuck, nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// show returns an image, nil where there is none.
func (s *service) show(ctx context.Context, id string) (image, error) {
	a, err := s.admin.Do(ctx, outside.Call{Method: http.MethodGet, Path: "/v2/images/" + id})
	if err != nil {
		return nil, err
	}
	if a.Status == http.StatusNotFound {
		return nil, nil
	}
	var i image
	return i, s.admin.JSON(ctx, http.MethodGet, "/v2/images/"+id, nil, &i, http.StatusOK)
}

// members returns the projects that an image is shared with, and their status.
func (s *service) members(ctx context.Context, id string) (map[string]string, error) {
	var body struct {
		Members []struct {
			Project string `json:"member_id"`
			Status  string
		}
	}
	if err := s.member.JSON(ctx, http.MethodGet, "/v2/images/"+id+"/members", nil, &body, http.StatusOK); err != nil {
		return nil, err
	}
	members := map[string]string{}
	for _, m := range body.Members {
		members[m.Project] = m.Status
	}
	return members, nil
}

// base are the attributes of an image that are no properties of its own.
var base = map[string]bool{
	"id": true, "name": true, "status": true, "visibility": true, "protected": true, "os_hidden": true, "owner": true,
	"container_format": true, "disk_format": true, "min_ram": true, "min_disk": true, "size": true, "virtual_size": true,
	"checksum": true, "os_hash_algo": true, "os_hash_value": true, "created_at": true, "updated_at": true, "tags": true,
	"self": true, "file": true, "schema": true, "stores": true,
}

// things turns an image into what the journal has words for.
func things(i image, members map[string]string, data string) map[string]string {
	seen := map[string]string{
		journal.Exists: journal.Yes, journal.Data: data, journal.Name: i.text("name"),
		journal.Visibility: i.text("visibility"), journal.Hidden: fmt.Sprint(i["os_hidden"]),
	}
	if i.text("status") == "deactivated" {
		seen[journal.Blocked] = journal.Yes
	}
	for key := range i {
		if !base[key] && !isLock(key) {
			seen[journal.Property+key] = i.text(key)
		}
	}
	tags, _ := i["tags"].([]any)
	for _, tag := range tags {
		seen[journal.Tag+fmt.Sprint(tag)] = journal.Yes
	}
	for project, status := range members {
		seen[journal.Member+project] = status
	}
	return seen
}

func isMember(key string) bool { return strings.HasPrefix(key, journal.Member) }

// each does something for all of them, a few at a time.
func each[T any](all []T, do func(T) error) error {
	var wait sync.WaitGroup
	var once sync.Once
	var failure error
	work := make(chan T)
	for range 4 {
		wait.Go(func() {
			for one := range work {
				if err := do(one); err != nil {
					once.Do(func() { failure = err })
				}
			}
		})
	}
	for _, one := range all {
		work <- one
	}
	close(work)
	wait.Wait()
	return failure
}
