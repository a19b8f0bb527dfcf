package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"time"
)

const block = 1 << 20

// upload measures one upload beside what it is made of: the wire, the hashes,
// the disk. The slowest of these is the yardstick.
func (b *bench) upload(ctx context.Context) error {
	data, err := randomBlock()
	if err != nil {
		return err
	}
	body := func() io.Reader { return &repeat{data: data, left: b.size * block} }
	sink := request{method: http.MethodPut, url: b.yardstick.url + "/sink", want: http.StatusNoContent, body: body, length: b.size * block}
	var ours, sunk []figure
	var hashed, written []time.Duration
	for range b.rounds {
		one, err := b.uploadOnce(ctx, body, b.size*block)
		if err != nil {
			return err
		}
		other, err := once(ctx, b.yardstick, sink)
		if err != nil {
			return err
		}
		write, err := plainWrite(filepath.Join(b.dir, "plain"), data, b.size)
		if err != nil {
			return err
		}
		ours, sunk = append(ours, one), append(sunk, other)
		hashed, written = append(hashed, hashes(data, b.size)), append(written, write)
	}
	slices.Sort(hashed)
	slices.Sort(written)
	name, mine := fmt.Sprintf("upload of %d MiB", b.size), median(ours)
	yardsticks := []row{
		{beside: "MD5 and SHA-512 beside each other", yardstick: 1 / hashed[len(hashed)/2].Seconds(), cpu: -1},
		{beside: "plain write and one fsync", yardstick: 1 / written[len(written)/2].Seconds(), cpu: -1},
		{beside: "loopback sink", yardstick: median(sunk).rate, cpu: median(sunk).cpu},
	}
	slices.SortFunc(yardsticks, func(a, b row) int { return cmp.Compare(a.yardstick, b.yardstick) })
	yardsticks[0].bar = bar("0.85 of the least", mine.rate >= 0.85*yardsticks[0].yardstick)
	for _, r := range yardsticks {
		r.name, r.figure = name, mine
		b.add(r)
	}
	return nil
}

func randomBlock() ([]byte, error) {
	data := make([]byte, block)
	_, err := rand.Read(data)
	return data, err
}

// uploadOnce uploads an image, and deletes it again.
func (b *bench) uploadOnce(ctx context.Context, body func() io.Reader, length int64) (figure, error) {
	id, err := b.newID(ctx)
	if err != nil {
		return figure{}, err
	}
	one, err := once(ctx, b.gander.child, b.put(id, body, length))
	if err != nil {
		return figure{}, err
	}
	_, err = b.call(http.MethodDelete, "/v2/images/"+id, http.StatusNoContent).do(ctx)
	return one, err
}

func (b *bench) put(id string, body func() io.Reader, length int64) request {
	r := b.call(http.MethodPut, "/v2/images/"+id+"/file", http.StatusNoContent)
	r.header = map[string]string{"Content-Type": "application/octet-stream"}
	r.body, r.length = body, length
	return r
}

const (
	smallUpload = 8 << 20
	largeUpload = 4 << 30
	mayAdd      = 64 << 20 // bytes of memory, for the large one
)

// uploadMemory tells how much more memory a large upload takes than a small one.
func (b *bench) uploadMemory(ctx context.Context) error {
	data, err := randomBlock()
	if err != nil {
		return err
	}
	var peaks [2]int64
	for i, size := range []int64{smallUpload, largeUpload} {
		if err := b.gander.forgetPeak(); err != nil {
			return err
		}
		if _, err := b.uploadOnce(ctx, func() io.Reader { return &repeat{data: data, left: size} }, size); err != nil {
			return err
		}
		if peaks[i], err = b.gander.memory("VmHWM"); err != nil {
			return err
		}
	}
	added := peaks[1] - peaks[0]
	b.tell(fact{
		what: "memory that an upload of 4 GiB adds", value: mebibytes(added), beside: "at most in an upload of 8 MiB", yardstick: mebibytes(peaks[0]),
		bar: bar("less than 64 MiB", added < mayAdd),
	})
	return nil
}

// download measures one download beside the same bytes from a plain Go file
// server.
func (b *bench) download(ctx context.Context) error {
	data, err := randomBlock()
	if err != nil {
		return err
	}
	if _, err := plainWrite(filepath.Join(b.dir, "plain"), data, b.size); err != nil {
		return err
	}
	id, err := b.newID(ctx)
	if err != nil {
		return err
	}
	if _, err := b.put(id, func() io.Reader { return &repeat{data: data, left: b.size * block} }, b.size*block).do(ctx); err != nil {
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
	mine, other := median(ours), median(plain)
	b.add(row{
		name: fmt.Sprintf("download of %d MiB", b.size), figure: mine, beside: "plain Go file server", yardstick: other.rate, cpu: other.cpu,
		bar: bar("0.8 of it", mine.rate >= 0.8*other.rate),
	})
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
