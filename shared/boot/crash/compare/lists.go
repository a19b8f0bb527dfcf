package main

import (
	"context"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/boot/outside"
)

// A view is one list, and which images it must show: no others, and none twice.
type view struct {
	by    *outside.User
	name  string
	query string
	shows func(image) bool
}

// views are the lists of three people: the owner of all images, somebody they are
// shared with, and an admin.
func (c *comparison) views() []view {
	is := func(i image, visibility string) bool { return i.text("visibility") == visibility }
	as := func(status string) func(image) bool {
		return func(i image) bool {
			now, shared := c.members[i.text("id")][c.service.other.Project]
			return shared && (status == "all" || now == status)
		}
	}
	s := c.service
	views := []view{
		{s.member, "owner", "", func(image) bool { return true }},
		{s.member, "owner", "visibility=private", func(i image) bool { return is(i, "private") }},
		{s.other, "other", "", func(i image) bool { return is(i, "public") || as("accepted")(i) }},
		{s.other, "other", "visibility=community", func(i image) bool { return is(i, "community") }},
		{s.admin, "admin", "", func(i image) bool { return !is(i, "community") }},
		{s.admin, "admin", "visibility=all", func(image) bool { return true }},
		{s.admin, "admin", "visibility=public", func(i image) bool { return is(i, "public") }},
	}
	for _, status := range []string{"pending", "accepted", "rejected", "all"} {
		views = append(views, view{s.other, "member", "visibility=shared&member_status=" + status, as(status)})
	}
	return views
}

var orders = []string{"created_at:desc", "created_at:asc", "name:desc", "name:asc"}

// allLists reads every view in every order, with and without what is hidden.
func (c *comparison) allLists(ctx context.Context) error {
	type task struct {
		view
		hidden bool
	}
	var tasks []task
	for _, v := range c.views() {
		tasks = append(tasks, task{v, false}, task{v, true})
	}
	return each(tasks, func(t task) error { return c.view(ctx, t.view, t.hidden) })
}

func (c *comparison) view(ctx context.Context, v view, hidden bool) error {
	query := v.query
	if hidden {
		query += "&os_hidden=true"
	}
	var want []string
	for id, i := range c.images {
		if i["os_hidden"] == hidden && v.shows(i) {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	found := map[string][]string{}
	for n, order := range orders {
		limit := []string{"1000", "97"}[n%2]
		images, err := list(ctx, v.by, query+"&limit="+limit+"&sort="+order)
		if err != nil {
			return err
		}
		c.inOrder(v, query, order, images)
		for _, i := range images {
			found[order] = append(found[order], i.text("id"))
		}
		c.same(v, query, order, found[order], want)
	}
	for _, key := range []string{"created_at", "name"} {
		up := slices.Clone(found[key+":asc"])
		slices.Reverse(up)
		if !slices.Equal(up, found[key+":desc"]) {
			c.fault("the %s's list %q by %s is another one backwards", v.name, query, key)
		}
	}
	return nil
}

// same wants a list to hold these images, each once.
func (c *comparison) same(v view, query, order string, found, want []string) {
	c.mu.Lock()
	c.lists++
	c.mu.Unlock()
	sorted := slices.Sorted(slices.Values(found))
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			c.fault("the %s's list %q by %s has image %s twice", v.name, query, order, sorted[i])
		}
	}
	for _, id := range want {
		if _, ok := slices.BinarySearch(sorted, id); !ok {
			c.fault("the %s's list %q by %s lacks image %s", v.name, query, order, id)
		}
	}
	for _, id := range sorted {
		if _, ok := slices.BinarySearch(want, id); !ok {
			c.fault("the %s's list %q by %s has image %s, which does not belong there", v.name, query, order, id)
		}
	}
}

// inOrder wants a list to be sorted, and each item to be what a show tells.
func (c *comparison) inOrder(v view, query, order string, images []image) {
	key, direction, _ := strings.Cut(order, ":")
	for n := 1; n < len(images); n++ {
		before := strings.Compare(images[n-1].text(key), images[n].text(key))
		if direction == "desc" {
			before = -before
		}
		if before > 0 {
			c.fault("the %s's list %q by %s has image %s too late", v.name, query, order, images[n].text("id"))
		}
	}
}
