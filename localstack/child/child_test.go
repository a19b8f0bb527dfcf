//go:build unix

package child_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/child"
)

// TestMain is also the parent that dies: it starts a child, says which, and
// waits to be killed.
func TestMain(m *testing.M) {
	if os.Getenv("CHILD_TEST") == "parent" {
		c, err := child.Start(exec.Command("sleep", "60"))
		if err != nil {
			os.Exit(1)
		}
		fmt.Println(c.Pid())
		select {}
	}
	os.Exit(m.Run())
}

func start(t *testing.T, script string, out io.Writer) *child.Child {
	t.Helper()
	command := exec.Command("sh", "-c", script)
	command.Stdout = out
	c, err := child.Start(command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return c
}

func TestStopLetsAChildEnd(t *testing.T) {
	read, write := io.Pipe()
	c := start(t, `trap 'exit 7' TERM; echo ready; while :; do sleep 0.02; done`, write)
	if line, err := bufio.NewReader(read).ReadString('\n'); line != "ready\n" {
		t.Fatal(line, err)
	}
	c.Stop(time.Minute)
	if code := c.State().ExitCode(); code != 7 {
		t.Errorf("ended with %d", code)
	}
}

// TestStopKillsWhatDoesNotEnd: the grandchild holds the pipe open for as long as
// it lives.
func TestStopKillsWhatDoesNotEnd(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := start(t, `trap '' TERM; sleep 60 & echo ready; wait`, write)
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(read)
	if line, err := lines.ReadString('\n'); line != "ready\n" {
		t.Fatal(line, err)
	}
	c.Stop(10 * time.Millisecond)
	if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
		t.Error(rest, err)
	}
	if c.State().Success() {
		t.Error("it ended well")
	}
}

func TestNoSuchProgram(t *testing.T) {
	if _, err := child.Start(exec.Command("/does/not/exist")); err == nil {
		t.Error("started")
	}
}

// TestChildrenDieWithTheirParent kills a parent, which then can stop nothing.
func TestChildrenDieWithTheirParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a child of its parent's death")
	}
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "CHILD_TEST=parent")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, parseErr := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || parseErr != nil {
		t.Fatal(line, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	for range 500 {
		if gone(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d lives", pid)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// gone reports whether a process ended; one that nobody waited for is there as
// a zombie.
func gone(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(text), ") Z ")
}
