package lambda

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// watchMemory kills the process when it has more memory of its own than the
// function may. The kernel would do that to the byte; this looks ten times a
// second, which finds what grows with what a function works on.
//
// A limit that the kernel keeps would have to be one on addresses, of which a Go
// program reserves far more than it uses.
func (p *Process) watchMemory(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		used, _, known := memoryOf(p.child.Pid())
		if !known {
			return
		}
		if used > int64(p.spec.Memory)<<20 {
			p.tooMuch.Store(true)
			p.child.Kill()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// peak is the most memory that the process was seen to have.
func (p *Process) peak() int64 {
	if _, most, known := memoryOf(p.child.Pid()); known {
		p.most.Store(max(p.most.Load(), most))
	}
	return p.most.Load()
}

// memoryOf reads what Linux says of a process: memory of its own now, and the
// most with that of files that it ever had.
func memoryOf(pid int) (used, most int64, known bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, false
	}
	used, known = kilobytes(text, "RssAnon:")
	most, _ = kilobytes(text, "VmHWM:")
	return used << 10, most << 10, known
}

func kilobytes(text []byte, name string) (int64, bool) {
	_, after, found := bytes.Cut(text, []byte(name))
	if !found {
		return 0, false
	}
	line, _, _ := bytes.Cut(after, []byte(" kB"))
	n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
	return n, err == nil
}
