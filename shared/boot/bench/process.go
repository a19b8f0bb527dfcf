package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// A child is a server in a process of its own.
type child struct {
	cmd *exec.Cmd
	url string
}

// startChild runs a command that logs, as JSON, which address it listens on.
func startChild(ctx context.Context, cmd *exec.Cmd) (*child, error) {
	output, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			var started struct{ Msg, Listen string }
			if json.Unmarshal(lines.Bytes(), &started) == nil && started.Msg == "started" && started.Listen != "" {
				address <- started.Listen
			}
		}
		close(address)
	}()
	select {
	case a, ok := <-address:
		if !ok {
			return nil, fmt.Errorf("%s did not start: %w", cmd.Path, cmd.Wait())
		}
		return &child{cmd: cmd, url: "http://" + a}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	_ = c.cmd.Wait()
}

// cpu returns the processor time that the child has used, and false where the
// system does not tell.
//
// Source: proc_pid_stat(5), utime and stime, in hundredths of a second.
func (c *child) cpu() (time.Duration, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0, false
	}
	_, rest, _ := bytes.Cut(text, []byte(") ")) // after the command's name; state comes first
	fields := bytes.Fields(rest)
	if len(fields) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2) == nil
}

// memory returns a line of the child's status, in bytes.
//
// Source: proc_pid_status(5): VmHWM is the most that was ever resident, RssAnon
// what is now, without mapped files.
func (c *child) memory(name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(text, []byte("\n"+name+":"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0, fmt.Errorf("the kernel does not tell %s", name)
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	return kib << 10, err
}

// forgetPeak has VmHWM start anew.
//
// Source: proc_pid_clear_refs(5).
func (c *child) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", c.cmd.Process.Pid), []byte("5"), 0)
}
