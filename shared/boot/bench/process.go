package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"
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

// A gander is the service with a member's token.
type gander struct {
	*child
	token string
}

func startGander(ctx context.Context, binary, dir string) (*gander, error) {
	data := filepath.Join(dir, "data")
	cmd := exec.CommandContext(ctx, binary, "serve")
	cmd.Env = append(os.Environ(), "GANDER_DATA="+data, "GANDER_LISTEN=127.0.0.1:0", "GANDER_LOG_FORMAT=json", "GANDER_RETENTION=0s")
	c, err := startChild(ctx, cmd)
	if err != nil {
		return nil, err
	}
	g := &gander{child: c}
	if g.token, err = login(ctx, filepath.Join(data, "clouds.yaml"), "gander"); err != nil {
		c.stop()
		return nil, fmt.Errorf("logging in: %w", err)
	}
	return g, nil
}

// login gets a token for a cloud of clouds.yaml.
func login(ctx context.Context, path, cloud string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var file struct {
		Clouds map[string]struct {
			Auth struct {
				URL      string `yaml:"auth_url"`
				Username string `yaml:"username"`
				Password string `yaml:"password"`
				Project  string `yaml:"project_name"`
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return "", err
	}
	auth := file.Clouds[cloud].Auth
	domain := map[string]string{"id": "default"}
	body, err := json.Marshal(map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{
			"user": map[string]any{"name": auth.Username, "password": auth.Password, "domain": domain},
		}},
		"scope": map[string]any{"project": map[string]any{"name": auth.Project, "domain": domain}},
	}})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, auth.URL+"/auth/tokens", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	token := response.Header.Get("X-Subject-Token")
	if token == "" {
		return "", fmt.Errorf("%s", response.Status)
	}
	return token, nil
}
