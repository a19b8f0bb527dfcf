package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
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
	for _, m := range []struct{ name, path string }{
		{"show", "/v2/images/" + id},
		{fmt.Sprintf("list, page of %d of %d", page, catalogue), fmt.Sprintf("/v2/images?limit=%d", page)},
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
		b.add(m.name, median(a), fmt.Sprintf("empty handler, %d bytes", size), median(y).rate, median(y).cpu)
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
		b.add(fmt.Sprintf("create, %d at once", clients), median(a), "4 KiB write and fsync, one by one", y[len(y)/2], -1)
	}
	return nil
}

const block = 1 << 20

// upload measures one upload beside what it is made of: the wire, the hashes,
// the disk. The slowest of these is the yardstick.
func (b *bench) upload(ctx context.Context) error {
	data := make([]byte, block)
	if _, err := rand.Read(data); err != nil {
		return err
	}
	body := func() io.Reader { return &repeat{data: data, left: b.size * block} }
	var ours, sink []figure
	var hashed, written []time.Duration
	for range b.rounds {
		id, err := b.newID(ctx)
		if err != nil {
			return err
		}
		put := b.call(http.MethodPut, "/v2/images/"+id+"/file", http.StatusNoContent)
		put.header = map[string]string{"Content-Type": "application/octet-stream"}
		put.body = body
		one, err := once(ctx, b.gander.child, put)
		if err != nil {
			return err
		}
		other, err := once(ctx, b.yardstick, request{method: http.MethodPut, url: b.yardstick.url + "/sink", want: http.StatusNoContent, body: body})
		if err != nil {
			return err
		}
		write, err := plainWrite(filepath.Join(b.dir, "plain"), data, b.size)
		if err != nil {
			return err
		}
		ours, sink = append(ours, one), append(sink, other)
		hashed, written = append(hashed, hashes(data, b.size)), append(written, write)
		if _, err := b.call(http.MethodDelete, "/v2/images/"+id, http.StatusNoContent).do(ctx); err != nil {
			return err
		}
	}
	slices.Sort(hashed)
	slices.Sort(written)
	name := fmt.Sprintf("upload of %d MiB", b.size)
	b.add(name, median(ours), "loopback sink", median(sink).rate, median(sink).cpu)
	b.add(name, median(ours), "MD5 and SHA-512 beside each other", 1/hashed[len(hashed)/2].Seconds(), -1)
	b.add(name, median(ours), "plain write and one fsync", 1/written[len(written)/2].Seconds(), -1)
	return nil
}

// download measures one download beside the same bytes from a plain Go file
// server.
func (b *bench) download(ctx context.Context) error {
	data := make([]byte, block)
	if _, err := rand.Read(data); err != nil {
		return err
	}
	if _, err := plainWrite(filepath.Join(b.dir, "plain"), data, b.size); err != nil {
		return err
	}
	id, err := b.newID(ctx)
	if err != nil {
		return err
	}
	put := b.call(http.MethodPut, "/v2/images/"+id+"/file", http.StatusNoContent)
	put.header = map[string]string{"Content-Type": "application/octet-stream"}
	put.body = func() io.Reader { return &repeat{data: data, left: b.size * block} }
	if _, err := put.do(ctx); err != nil {
		return err
	}
	var ours, plain []figure
	for range b.rounds {
		one, err := once(ctx, b.gander.child, b.call(http.MethodGet, "/v2/images/"+id+"/file", http.StatusOK))
		if err != nil {
			return err
		}
		other, err := once(ctx, b.yardstick, request{method: http.MethodGet, url: b.yardstick.url + "/files/plain", want: http.StatusOK})
		if err != nil {
			return err
		}
		ours, plain = append(ours, one), append(plain, other)
	}
	b.add(fmt.Sprintf("download of %d MiB", b.size), median(ours), "plain Go file server", median(plain).rate, median(plain).cpu)
	return nil
}

// once measures a single request.
func once(ctx context.Context, server *child, r request) (figure, error) {
	cpu, known := server.cpu()
	start := time.Now()
	if _, err := r.do(ctx); err != nil {
		return figure{}, err
	}
	took := time.Since(start)
	f := figure{rate: 1 / took.Seconds(), median: took, slow: took, cpu: -1}
	if after, ok := server.cpu(); ok && known {
		f.cpu = after - cpu
	}
	return f, nil
}

// A repeat reads the same block over and over, at no cost to speak of.
type repeat struct {
	data []byte
	at   int
	left int64
}

// Read implements io.Reader.
func (r *repeat) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.data[r.at:])
	n = int(min(int64(n), r.left))
	r.at = (r.at + n) % len(r.data)
	r.left -= int64(n)
	return n, nil
}
