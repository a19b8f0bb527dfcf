package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	readers   = 4    // connections of the reading loads
	catalogue = 1000 // images while reads are measured
	page      = 25
)

const newImage = `{"name": "bench", "disk_format": "raw", "container_format": "bare", "os_distro": "debian", "os_version": "13", "hw_disk_bus": "virtio"}`

func (b *bench) call(method, path string, want int) request {
	return request{method: method, url: b.gander.url + path, token: b.gander.token, want: want}
}

func (b *bench) create() request {
	r := b.call(http.MethodPost, "/v2/images", http.StatusCreated)
	r.header = map[string]string{"Content-Type": "application/json"}
	r.body = func() io.Reader { return bytes.NewReader([]byte(newImage)) }
	return r
}

// newID creates an image and returns its id.
func (b *bench) newID(ctx context.Context) (string, error) {
	r := b.create()
	q, err := http.NewRequestWithContext(ctx, r.method, r.url, r.body())
	if err != nil {
		return "", err
	}
	q.Header.Set("X-Auth-Token", r.token)
	a, err := client.Do(q)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	var img struct{ ID string }
	if err := json.NewDecoder(a.Body).Decode(&img); err != nil || img.ID == "" {
		return "", fmt.Errorf("creating an image: %s: %w", a.Status, err)
	}
	return img.ID, nil
}

// fill makes the catalogue that reads are measured on.
func (b *bench) fill(ctx context.Context) (string, error) {
	var wait sync.WaitGroup
	failures := make(chan error, 16)
	for range 16 {
		wait.Go(func() {
			for range catalogue / 16 {
				if _, err := b.create().do(ctx); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	wait.Wait()
	select {
	case err := <-failures:
		return "", err
	default:
		return b.newID(ctx)
	}
}

// reads measures show and list beside an empty handler that answers as many
// bytes.
func (b *bench) reads(ctx context.Context) error {
	id, err := b.fill(ctx)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		name, path string
		most       time.Duration
	}{
		{"show", "/v2/images/" + id, 60 * time.Microsecond},
		{fmt.Sprintf("list, page of %d of %d", page, catalogue), fmt.Sprintf("/v2/images?limit=%d", page), 150 * time.Microsecond},
	} {
		ours := b.call(http.MethodGet, m.path, http.StatusOK)
		size, err := ours.do(ctx)
		if err != nil {
			return err
		}
		empty := request{method: http.MethodGet, url: fmt.Sprintf("%s/bytes?n=%d", b.yardstick.url, size), want: http.StatusOK}
		var a, y []figure
		for range b.rounds {
			one, err := load(ctx, b.gander.child, b.time, readers, ours)
			if err != nil {
				return err
			}
			other, err := load(ctx, b.yardstick, b.time, readers, empty)
			if err != nil {
				return err
			}
			a, y = append(a, one), append(y, other)
		}
		mine, other := median(a), median(y)
		b.add(row{
			name: m.name, figure: mine, beside: fmt.Sprintf("empty handler, %d bytes", size), yardstick: other.rate, cpu: other.cpu,
			bar: bar("CPU ≤ "+short(m.most), mine.cpu <= m.most),
		})
	}
	return nil
}

// creates measures create by one client and by sixteen, beside the rate at which
// the disk syncs.
func (b *bench) creates(ctx context.Context) error {
	for _, clients := range []int{1, 16} {
		var a []figure
		var y []float64
		for range b.rounds {
			one, err := load(ctx, b.gander.child, b.time, clients, b.create())
			if err != nil {
				return err
			}
			rate, err := syncs(b.dir, b.time/2)
			if err != nil {
				return err
			}
			a, y = append(a, one), append(y, rate)
		}
		slices.Sort(y)
		b.add(row{
			name: fmt.Sprintf("create, %d at once", clients), figure: median(a), beside: "4 KiB write and fsync, one by one", yardstick: y[len(y)/2], cpu: -1,
		})
	}
	return nil
}
