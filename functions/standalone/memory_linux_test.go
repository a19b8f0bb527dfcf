//go:build !race && !cloud

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// memory returns a line of the process's status, in bytes.
//
// Source: proc_pid_status(5): VmHWM is the most that was ever resident, RssAnon
// what is now, without mapped files.
func (s *service) memory(name string) int64 {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		s.t.Fatalf("the kernel does not tell %s", name)
	}
	kib, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return kib << 10
}

// growth is what a large image may cost beyond a small one: less than a thirtieth
// of the image below. Measured was 1 MiB; the rest is for a garbage collector
// that lets the heap grow to twice what lives, and for other machines.
const growth = 20 << 20

// TestP11MemoryDoesNotGrowWithTheImage moves 640 MiB in and out, chunked, after
// a small image went the same way.
func TestP11MemoryDoesNotGrowWithTheImage(t *testing.T) {
	t.Parallel()
	s := start(t)
	u := s.as("gander")
	move := func(size int64) {
		id := u.create("large")
		body := zeros(size)
		u.call("PUT /v2/images/"+id+"/file", io.MultiReader(&body)).want(http.StatusNoContent)
		response, err := u.open("GET /v2/images/"+id+"/file", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if n, err := io.Copy(io.Discard, response.Body); err != nil || n != size {
			t.Fatalf("%d of %d bytes came back: %v", n, size, err)
		}
		u.call("DELETE /v2/images/"+id, nil).want(http.StatusNoContent)
	}
	move(8 << 20)
	before := s.memory("VmHWM")
	move(640 << 20)
	after := s.memory("VmHWM")
	t.Logf("peak %d MiB after 8 MiB, %d MiB after 640 MiB", before>>20, after>>20)
	if after > before+growth {
		t.Errorf("640 MiB took the service from %d to %d MiB", before>>20, after>>20)
	}
}

// TestP11MemoryDoesNotGrowWithTheCatalogue lists through 200 MiB of records, in
// small pages and in the largest, after a start that has seen none of them. A
// page ends at 4 MB, and is there several times while it is made and until it is
// collected: 50 to 70 MiB were measured. Who holds the catalogue has more than
// bound.
func TestP11MemoryDoesNotGrowWithTheCatalogue(t *testing.T) {
	t.Parallel()
	const writers, each, bound = 8, 256, 128 << 20
	first := start(t)
	var wait sync.WaitGroup
	for range writers {
		u := first.as("gander")
		wait.Go(func() {
			body := fmt.Sprintf(`{"name": "one of many", "long": %q}`, strings.Repeat("long ", 20<<10))
			for range each {
				a, err := u.try("POST /v2/images", strings.NewReader(body))
				if err != nil || a.status != http.StatusCreated {
					t.Errorf("create: %v, %v", a, err)
					return
				}
			}
		})
	}
	wait.Wait()
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	s := startOver(t, first.data)
	u := s.as("gander")
	u.call("GET /v2/images?limit=25", nil).want(http.StatusOK)
	before, most := s.memory("RssAnon"), int64(0)
	for _, limit := range []int{25, 1000} {
		count := 0
		for next := fmt.Sprintf("/v2/images?limit=%d", limit); next != ""; {
			page := u.call("GET "+next, nil).want(http.StatusOK).image()
			count += len(page["images"].([]any))
			next, _ = page["next"].(string)
			most = max(most, s.memory("RssAnon"))
		}
		if count != writers*each {
			t.Errorf("%d of %d images were listed", count, writers*each)
		}
	}
	t.Logf("%d MiB after one small page, %d MiB at most after all", before>>20, most>>20)
	if most > bound {
		t.Errorf("listing %d images took the service from %d to %d MiB", writers*each, before>>20, most>>20)
	}
}
