package blobtest

import (
	"bytes"
	"errors"
	"io"
	"math"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/problem"
)

var readTests = map[string]func(*world){
	"ranges": func(w *world) {
		data := noise(8, w.Large)
		o, size := w.put("a", data), int64(w.Large)
		for _, r := range [][2]int64{
			{0, -1},
			{0, size},
			{0, 1},
			{0, 0},
			{1, -1},
			{1, 1},
			{7, 4096},
			{8<<20 - 1, 2},
			{8 << 20, 1 << 20},
			{size / 2, 0},
			{size - 1, -1},
			{size - 1, 1},
			{size - 1, 0},
			{size - 4097, 4097},
			{3, math.MinInt64},
		} {
			want := data[r[0]:]
			if r[1] >= 0 {
				want = want[:r[1]]
			}
			if got := w.read(o, r[0], r[1]); !bytes.Equal(got, want) {
				w.Errorf("from %d, %d bytes: %d bytes came, or others; want %d", r[0], r[1], len(got), len(want))
			}
		}
		w.wantBadRanges(o, [][2]int64{
			{-1, 1},
			{-1, -1},
			{math.MinInt64, 1},
			{size, -1},
			{size, 0},
			{size, 1},
			{size + 1, -1},
			{size + 1, 0},
			{0, size + 1},
			{size - 1, 2},
			{1, math.MaxInt64},
			{math.MaxInt64, 1},
			{math.MaxInt64, math.MaxInt64},
		})
	},
	"ranges of an empty object": func(w *world) {
		o := w.put("a", nil)
		for _, length := range []int64{-1, 0} {
			if got := w.read(o, 0, length); len(got) != 0 {
				w.Errorf("%d bytes came of none", len(got))
			}
		}
		w.wantBadRanges(o, [][2]int64{{0, 1}, {1, 0}, {1, -1}, {-1, 0}})
	},
	"WriteTo gives what Read gives": func(w *world) {
		data := noise(9, w.Large)
		o := w.put("a", data)
		r, err := w.Blobs.Open(w.ctx, o.Name, o.Version, 5, int64(w.Large)-9)
		if err != nil {
			w.Fatal(err)
		}
		head := make([]byte, 100)
		if _, err := io.ReadFull(r, head); err != nil {
			w.Fatal(err)
		}
		got := bytes.NewBuffer(head)
		n, err := io.Copy(got, r) // by WriteTo, where there is one
		if err := errors.Join(err, r.Close()); err != nil || n != int64(w.Large)-109 {
			w.Errorf("%d bytes were copied, %v", n, err)
		}
		if !bytes.Equal(got.Bytes(), data[5:len(data)-4]) {
			w.Error("other bytes came")
		}
	},
	"a reader may be closed early": func(w *world) {
		o := w.put("a", noise(10, w.Large))
		r, err := w.Blobs.Open(w.ctx, o.Name, o.Version, 0, -1)
		if err != nil {
			w.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
			w.Error(err)
		}
		if err := r.Close(); err != nil {
			w.Error(err)
		}
	},
	"another version is not found": func(w *world) {
		first := w.put("a", []byte("bytes"))
		if err := w.Blobs.Delete(w.ctx, first.Name, first.Version); err != nil {
			w.Fatal(err)
		}
		second := w.put("a", []byte("bytes"))
		if second.Version == first.Version {
			w.Errorf("two objects have the version %s", first.Version)
		}
		foreign := w.put("b", []byte("bytes"))
		for _, version := range []string{
			first.Version, foreign.Version, "", "null", "x", "../" + second.Version, second.Version + "/", "./" + second.Version, second.Version + "0",
		} {
			w.wantMissing(blob.Object{Name: second.Name, Version: version})
			if _, err := w.Blobs.Copy(w.ctx, second.Name, version, w.name("c")); !errors.Is(err, blob.ErrNotFound) {
				w.Errorf("copying version %q: error %v, want ErrNotFound", version, err)
			}
		}
		w.wantHeld(second, []byte("bytes"))
	},
	"what is not there is not found": func(w *world) {
		o := w.put("a/b", []byte("bytes"))
		for _, rest := range []string{"a", "a/b/c", "b", "a/", "A/B"} {
			name := w.name(rest)
			if rest == "a/" {
				name = w.base
			}
			if _, err := w.Blobs.Stat(w.ctx, name); !errors.Is(err, blob.ErrNotFound) {
				w.Errorf("Stat(%s): error %v, want ErrNotFound", name, err)
			}
			w.wantMissing(blob.Object{Name: name, Version: o.Version})
		}
	},
	"a copy is an object of its own": func(w *world) {
		for _, size := range []int{0, 1, w.Large} {
			data := noise(11, size)
			o := w.put("from", data)
			c, err := w.Blobs.Copy(w.ctx, o.Name, o.Version, w.name("to"))
			if err != nil {
				w.Fatal(err)
			}
			if c.Name != w.name("to") || c.Version == o.Version {
				w.Errorf("the copy is told as %+v, of %+v", c, o)
			}
			w.wantHeld(o, data)
			w.wantHeld(c, data)
			if err := w.Blobs.Delete(w.ctx, o.Name, o.Version); err != nil {
				w.Fatal(err)
			}
			w.wantHeld(c, data)
			if err := w.Blobs.Delete(w.ctx, c.Name, c.Version); err != nil {
				w.Fatal(err)
			}
			w.wantNothing()
		}
	},
}

func (w *world) wantBadRanges(o blob.Object, ranges [][2]int64) {
	w.Helper()
	for _, r := range ranges {
		reader, err := w.Blobs.Open(w.ctx, o.Name, o.Version, r[0], r[1])
		if !problem.Is(err, problem.BadRange) {
			w.Errorf("from %d, %d bytes of %d: error %v, want problem.BadRange", r[0], r[1], o.Size, err)
		}
		if err == nil {
			_ = reader.Close()
		}
	}
}
