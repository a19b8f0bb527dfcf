package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The rows of Go's benchmarks: one each, and one for all registered rules, which
// tells the slowest and whether any allocates.
func TestRowsOfGoResults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "benchmarks.txt")
	if err := os.WriteFile(file, []byte(`pkg: x
BenchmarkDefault/get_image-2     	1000	  90.5 ns/op	       0 B/op	       0 allocs/op
BenchmarkDefault/secret:get-2    	1000	 250.0 ns/op	       0 B/op	       0 allocs/op
BenchmarkDefault/get_task-2      	1000	  10.0 ns/op	      16 B/op	       1 allocs/op
BenchmarkDecide/get_image/rule-2 	1000	 301.0 ns/op	       0 B/op	       0 allocs/op
BenchmarkLoad/whole_file-2       	1000	2000000 ns/op	       5 B/op	       7 allocs/op
PASS
`), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bench
	if err := b.readGoResults(file); err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name, allocs, bar string
		median            time.Duration
	}{
		{"BenchmarkDecide/get_image/rule-2", "0", "≤ 300 ns, no allocation: missed", 301},
		{"BenchmarkLoad/whole_file-2", "7", "", 2 * time.Millisecond},
		{"slowest of 3 default rules, secret:get-2", "1", "≤ 300 ns, no allocation: missed", 250},
	}
	if len(b.rows) != len(want) {
		t.Fatalf("%d rows: %v", len(b.rows), b.rows)
	}
	for i, w := range want {
		if r := b.rows[i]; r.name != w.name || r.allocs != w.allocs || r.bar != w.bar || r.figure.median != w.median {
			t.Errorf("row %d is %q, %s allocations, %v, %q; want %+v", i, r.name, r.allocs, r.figure.median, r.bar, w)
		}
	}
}
