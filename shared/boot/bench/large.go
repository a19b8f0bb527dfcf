package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

const (
	starts    = 5
	startMost = 100 * time.Millisecond
	anonMost  = 60 << 20 // bytes
)

// large measures a catalogue of many images: how long a start takes, what lists
// cost beside those of few images, and how much memory it all takes.
func (b *bench) large(ctx context.Context) error {
	many, owner, ids, err := b.catalogueOf(ctx, "large", b.images)
	if err != nil {
		return fmt.Errorf("making %d images: %w", b.images, err)
	}
	few, fewOwner, _, err := b.catalogueOf(ctx, "small", page)
	if err != nil {
		return fmt.Errorf("making %d images: %w", page, err)
	}
	show := "/v2/images/" + ids[len(ids)/2]
	if err := b.starts(ctx, many, show, owner.token); err != nil {
		return err
	}
	server, err := serve(ctx, b.binary, many)
	if err != nil {
		return err
	}
	defer server.stop()
	yardstick, err := serve(ctx, b.binary, few)
	if err != nil {
		return err
	}
	defer yardstick.stop()
	admin, err := logIn(ctx, many, "gander-admin")
	if err != nil {
		return err
	}
	fewAdmin, err := logIn(ctx, few, "gander-admin")
	if err != nil {
		return err
	}
	deep := fmt.Sprintf("&marker=%s", ids[len(ids)/10]) // nine tenths down: the newest come first
	for _, c := range []struct {
		name, query     string
		token, fewToken string
	}{
		{"own, first page", "", owner.token, fewOwner.token},
		{"own, deep page", deep, owner.token, fewOwner.token},
		{"admin, first page", "", admin.token, fewAdmin.token},
		{"admin, deep page", deep, admin.token, fewAdmin.token},
	} {
		ours := request{method: http.MethodGet, url: server.url + listPath + c.query, token: c.token, want: http.StatusOK}
		theirs := request{method: http.MethodGet, url: yardstick.url + listPath, token: c.fewToken, want: http.StatusOK}
		if err := b.sameCost(ctx, c.name, server, yardstick, ours, theirs); err != nil {
			return err
		}
	}
	if _, err := load(ctx, server, b.time, readers, request{method: http.MethodGet, url: server.url + show, token: owner.token, want: http.StatusOK}); err != nil {
		return err
	}
	return b.anonymous(server)
}

var listPath = fmt.Sprintf("/v2/images?limit=%d", page)

// sameCost compares lists of the large catalogue with those of the small one.
func (b *bench) sameCost(ctx context.Context, name string, server, yardstick *child, ours, theirs request) error {
	var a, y []figure
	for range b.rounds {
		one, err := load(ctx, server, b.time/2, readers, ours)
		if err != nil {
			return err
		}
		other, err := load(ctx, yardstick, b.time/2, readers, theirs)
		if err != nil {
			return err
		}
		a, y = append(a, one), append(y, other)
	}
	mine, other := byCPU(a), byCPU(y)
	b.add(row{
		name: fmt.Sprintf("list of %d of %d, %s", page, b.images, name), figure: mine,
		beside: fmt.Sprintf("list of %d of %d", page, page), yardstick: other.rate, cpu: other.cpu,
		bar: bar("CPU ≤ 1.2 of its", float64(mine.cpu) <= 1.2*float64(other.cpu)),
	})
	return nil
}

// byCPU returns the figure whose processor time is in the middle.
func byCPU(figures []figure) figure {
	slices.SortFunc(figures, func(a, b figure) int { return int(a.cpu - b.cpu) })
	return figures[len(figures)/2]
}

// starts measures the time from the start of the process to its first answer,
// beside that of a server that has nothing to open.
func (b *bench) starts(ctx context.Context, data, show, token string) error {
	var ours, theirs []time.Duration
	for range starts {
		took, err := startToAnswer(ctx, func() (*child, error) { return serve(ctx, b.binary, data) },
			func(c *child) request {
				return request{method: http.MethodGet, url: c.url + show, token: token, want: http.StatusOK}
			})
		if err != nil {
			return err
		}
		other, err := startToAnswer(ctx, func() (*child, error) { return startYardstick(ctx, b.dir) },
			func(c *child) request {
				return request{method: http.MethodGet, url: c.url + "/bytes?n=600", want: http.StatusOK}
			})
		if err != nil {
			return err
		}
		ours, theirs = append(ours, took), append(theirs, other)
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	middle := ours[starts/2]
	b.tell(fact{
		what: fmt.Sprintf("start to the first show, %d images", b.images), value: short(middle),
		beside: "start of a server with nothing to open", yardstick: short(theirs[starts/2]), bar: bar("≤ "+short(startMost), middle <= startMost),
	})
	return nil
}

func startToAnswer(ctx context.Context, start func() (*child, error), ask func(*child) request) (time.Duration, error) {
	begin := time.Now()
	c, err := start()
	if err != nil {
		return 0, err
	}
	defer c.stop()
	_, err = ask(c).do(ctx)
	return time.Since(begin), err
}

// anonymous tells what the process holds after lists and shows, files apart.
func (b *bench) anonymous(server *child) error {
	ours, err := server.memory("RssAnon")
	if err != nil {
		return err
	}
	other, err := b.yardstick.memory("RssAnon")
	if err != nil {
		return err
	}
	b.tell(fact{
		what: fmt.Sprintf("RssAnon after lists and shows, %d images", b.images), value: mebibytes(ours),
		beside: "that of the empty server", yardstick: mebibytes(other), bar: bar("≤ 60 MiB", ours <= anonMost),
	})
	return nil
}
