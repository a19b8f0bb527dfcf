// Package outside runs the service as a process and speaks to it as any client
// would: by HTTP, with what stands in clouds.yaml. It is for programs that judge
// the service from outside, and uses none of its code.
package outside

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// A Process is a running service.
type Process struct {
	URL   string        // of the image API, no final slash
	Ended chan struct{} // closed when the process has ended
	Err   error         // how it ended; read it after Ended

	cmd   *exec.Cmd
	ready chan string
}

// Launch starts a command that will serve, and does not wait until it does. What
// the service logs goes to log.
func Launch(cmd *exec.Cmd, log io.Writer) (*Process, error) {
	output, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	p := &Process{Ended: make(chan struct{}), cmd: cmd, ready: make(chan string, 1)}
	go func() {
		p.read(output, log)
		p.Err = cmd.Wait()
		close(p.Ended)
	}()
	return p, nil
}

// read passes the log on, and looks in it for the address.
func (p *Process) read(output io.Reader, log io.Writer) {
	lines := bufio.NewReader(output)
	for {
		line, err := lines.ReadBytes('\n')
		_, _ = log.Write(line) // a log that cannot be kept is no reason to stop
		var started struct{ Msg, Listen string }
		if json.Unmarshal(line, &started) == nil && started.Msg == "started" && started.Listen != "" {
			p.ready <- started.Listen
		}
		if err != nil {
			return
		}
	}
}

// Serves waits until the service listens.
func (p *Process) Serves(ctx context.Context) error {
	select {
	case address := <-p.ready:
		p.URL = "http://" + address
		return nil
	case <-p.Ended:
		return fmt.Errorf("%s ended before it served: %w", p.cmd.Path, p.Err)
	case <-ctx.Done():
		return fmt.Errorf("waiting for %s to serve: %w", p.cmd.Path, ctx.Err())
	}
}

// Start is Launch and Serves.
func Start(ctx context.Context, cmd *exec.Cmd, log io.Writer) (*Process, error) {
	p, err := Launch(cmd, log)
	if err != nil {
		return nil, err
	}
	if err := p.Serves(ctx); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// Kill ends the process as a crash would, and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.Ended
}

// Stop asks the process to end, and returns how it did.
func (p *Process) Stop(ctx context.Context) error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.Ended:
		return p.Err
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("%s had to be killed: %w", p.cmd.Path, ctx.Err())
	}
}
