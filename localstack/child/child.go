// Package child runs other programs for as long as this one lives: emulators,
// functions, servers. A child ends when it is told to, and on Linux also when
// this process dies without having told it.
package child

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// A Child is one running program.
type Child struct {
	command *exec.Cmd
	exited  chan struct{}
}

// Start starts the command in a process group of its own, so that a terminal's
// interrupt reaches this process alone, which then ends its children in order.
func Start(command *exec.Cmd) (*Child, error) {
	c := &Child{command: command, exited: make(chan struct{})}
	command.SysProcAttr = attributes()
	started := make(chan error)
	go c.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("child: %w", err)
	}
	return c, nil
}

// run starts the command and waits for it, all on one thread: Linux takes the
// end of the thread that started a child for the end of the parent.
func (c *Child) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := c.command.Start(); err != nil {
		started <- err
		return
	}
	close(started)
	_ = c.command.Wait() // how it ended is in its state
	close(c.exited)
}

// Pid is the process id of the child.
func (c *Child) Pid() int { return c.command.Process.Pid }

// Exited is closed when the child has ended.
func (c *Child) Exited() <-chan struct{} { return c.exited }

// State tells how the child ended. It waits for the end.
func (c *Child) State() *os.ProcessState {
	<-c.exited
	return c.command.ProcessState
}

// Kill ends the child at once, with whatever it started, and waits for its end.
func (c *Child) Kill() {
	c.signal(syscall.SIGKILL)
	<-c.exited
}

// Stop asks the child to end, and kills it when it has not after the grace.
func (c *Child) Stop(grace time.Duration) {
	c.signal(syscall.SIGTERM)
	select {
	case <-c.exited:
	case <-time.After(grace):
	}
	c.Kill()
}

// signal reaches the whole group. Once the child was waited for, its number may
// belong to another process, so then only what is left of the group is meant,
// which keeps the number from being used again.
func (c *Child) signal(s syscall.Signal) {
	_ = syscall.Kill(-c.Pid(), s) // it may be gone
}
