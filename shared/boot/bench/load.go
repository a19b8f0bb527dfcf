package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}

// A request makes one HTTP request, and says which status is right.
type request struct {
	method, url string
	token       string
	header      map[string]string
	body        func() io.Reader
	length      int64 // of the body; 0: not said beforehand
	want        int
}

func (r request) do(ctx context.Context) (bytes int64, err error) {
	var body io.Reader
	if r.body != nil {
		body = r.body()
	}
	q, err := http.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		return 0, err
	}
	if r.length > 0 {
		q.ContentLength = r.length
	}
	for name, value := range r.header {
		q.Header.Set(name, value)
	}
	if r.token != "" {
		q.Header.Set("X-Auth-Token", r.token)
	}
	a, err := client.Do(q)
	if err != nil {
		return 0, err
	}
	defer a.Body.Close()
	n, err := io.Copy(io.Discard, a.Body)
	if err == nil && a.StatusCode != r.want {
		err = fmt.Errorf("%s %s: %s, want %d", r.method, r.url, a.Status, r.want)
	}
	return n, err
}

// A figure is what a load came to.
type figure struct {
	rate   float64       // operations a second
	median time.Duration // of one operation
	slow   time.Duration // 99 of 100 are faster
	cpu    time.Duration // the server's, for each operation; below 0: unknown
}

// load repeats a request for a while, over some connections at once.
func load(ctx context.Context, server *child, d time.Duration, clients int, r request) (figure, error) {
	var mu sync.Mutex
	var times []time.Duration
	var failure error
	cpu, known := server.cpu()
	start := time.Now()
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			var mine []time.Duration
			for time.Since(start) < d {
				begin := time.Now()
				if _, err := r.do(ctx); err != nil {
					mu.Lock()
					failure = errors.Join(failure, err)
					mu.Unlock()
					return
				}
				mine = append(mine, time.Since(begin))
			}
			mu.Lock()
			times = append(times, mine...)
			mu.Unlock()
		})
	}
	wait.Wait()
	elapsed := time.Since(start)
	if failure != nil || len(times) == 0 {
		return figure{}, failure
	}
	slices.Sort(times)
	f := figure{
		rate:   float64(len(times)) / elapsed.Seconds(),
		median: times[len(times)/2], slow: times[len(times)*99/100], cpu: -1,
	}
	if after, ok := server.cpu(); ok && known {
		f.cpu = (after - cpu) / time.Duration(len(times))
	}
	return f, nil
}

// median returns the figure whose rate is in the middle.
func median(figures []figure) figure {
	slices.SortFunc(figures, func(a, b figure) int {
		switch {
		case a.rate < b.rate:
			return -1
		case a.rate > b.rate:
			return 1
		}
		return 0
	})
	return figures[len(figures)/2]
}
