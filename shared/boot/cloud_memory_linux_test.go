//go:build cloud && !race

package boot

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// zeros is a body of so many bytes.
type zeros int64

func (z *zeros) Read(p []byte) (int, error) {
	n := min(int64(len(p)), int64(*z))
	if n == 0 {
		return 0, io.EOF
	}
	clear(p[:n])
	*z -= zeros(n)
	return int(n), nil
}

// peak is the most memory that a process ever had.
//
// Source: proc_pid_status(5), VmHWM.
func peak(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatal("the kernel does not tell")
	}
	kib, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// TestP11TheDataPlaneStaysSmall: the compiled data plane moves 320 MiB to S3 and
// back, of unknown length, in the memory that it takes for 48 MiB, when both parts
// of 16 MiB that a writer holds are in use. The rest is for a lazy collector.
func TestP11TheDataPlaneStaysSmall(t *testing.T) {
	const growth = 40 << 20
	d, _ := inCloud(t)
	small, large := d.image(), d.image()
	logs := &logBuffer{listen: make(chan string, 1)}
	command := d.command("standalone", "GANDER_LISTEN=127.0.0.1:0")
	command.Args, command.Stderr = append(command.Args, "serve", "-only", "data"), logs
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			t.Errorf("%v: %s", err, logs)
		}
	}()
	var address string
	select {
	case address = <-logs.listen:
	case <-time.After(longWait):
		t.Fatalf("it does not start: %s", logs)
	}
	move := func(path string, size zeros) {
		body := size
		put, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+address+path+"/file", io.MultiReader(&body))
		put.Header.Set("Content-Type", "application/octet-stream")
		get, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path+"/file", nil)
		for _, r := range []*http.Request{put, get} {
			r.Header.Set("X-Auth-Token", d.tokens["gander"])
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			if err != nil || answer.StatusCode/100 != 2 || r == get && n != int64(size) {
				t.Fatalf("%s: %s, %d bytes, %v", r.Method, answer.Status, n, err)
			}
		}
	}
	move(small, 48<<20)
	before := peak(t, command.Process.Pid)
	move(large, 320<<20)
	after := peak(t, command.Process.Pid)
	t.Logf("peak %d MiB after 48 MiB, %d MiB after 320 MiB", before>>20, after>>20)
	if after > before+growth {
		t.Errorf("320 MiB took the data plane from %d to %d MiB", before>>20, after>>20)
	}
}
