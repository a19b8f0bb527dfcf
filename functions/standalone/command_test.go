package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asCommand makes the test binary be the command itself.
const asCommand = "TEST_AS_GANDER"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // ends when the test does, however it does
			os.Exit(3)
		}()
		main()
	}
	os.Exit(m.Run())
}

// patience is how long a test waits for what must come; no test's outcome
// depends on how soon it comes.
const patience = time.Minute

// A service is gander serve, running in a process of its own.
type service struct {
	t      *testing.T
	cmd    *exec.Cmd
	data   string
	url    string        // of the image API, no final slash
	ended  chan struct{} // closed when the process has ended
	err    error         // how it ended
	stdin  io.Closer
	logged logged
}

// logged is everything a process wrote to its two outputs.
type logged struct {
	mu    sync.Mutex
	text  strings.Builder
	ready chan string // takes the address when the service listens
}

func (l *logged) read(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		l.mu.Lock()
		l.text.WriteString(line)
		l.mu.Unlock()
		var started struct{ Msg, Listen string }
		if json.Unmarshal([]byte(line), &started) == nil && started.Msg == "started" && started.Listen != "" {
			l.ready <- started.Listen
		}
		if err != nil {
			return
		}
	}
}

// Write implements io.Writer, for what writes to the log beside the process.
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// startCommand runs a command that serves, over a folder if any, with these
// settings more, and stops it when the test ends.
func startCommand(t *testing.T, cmd *exec.Cmd, data string, settings ...string) *service {
	t.Helper()
	s := &service{t: t, cmd: cmd, data: data, ended: make(chan struct{})}
	s.logged.ready = make(chan string, 1)
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + os.TempDir(), "GORACE=" + os.Getenv("GORACE"),
		asCommand + "=1", "GANDER_LISTEN=127.0.0.1:0",
	}, settings...)
	if data != "" {
		cmd.Env = append(cmd.Env, "GANDER_DATA="+data)
	}
	output, input, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = input, input
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = input.Close()
	go func() {
		s.logged.read(output)
		_ = output.Close()
		s.err = cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(s.cleanUp)
	select {
	case address := <-s.logged.ready:
		s.url = "http://" + address
	case <-s.ended:
		t.Fatalf("the service ended at once: %v", s.err)
	case <-time.After(patience):
		t.Fatal("the service does not start")
	}
	return s
}

// cleanUp stops the service and holds it to a clean end.
func (s *service) cleanUp() {
	if err := s.stop(); err != nil {
		s.t.Errorf("the service ended with %v", err)
	}
	if s.t.Failed() {
		s.t.Logf("the service wrote:\n%s", tail(s.logged.String(), 16<<10))
	}
}

// stop asks the service to end, and waits until it has. A service that was
// killed, or has ended before, is no error.
func (s *service) stop() error {
	select {
	case <-s.ended:
		return nil
	default:
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.ended
		return errors.New("it had to be killed")
	}
	return s.err
}

func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return fmt.Sprintf("… %s", s[len(s)-n:])
}
