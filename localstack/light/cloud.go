package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/localstack/child"
	"github.com/gander-images/gander/localstack/emulator"
	"github.com/gander-images/gander/localstack/gateway"
)

type options struct {
	listen, identity, stage string // addresses
	data, root              string // folders
}

// A cloud is all that runs.
type cloud struct {
	options options
	log     *os.File
	engines *emulator.Engines
	parts   []*child.Child // gander serve -only ...
	gateway *gateway.Gateway
}

const (
	table  = "gander"
	bucket = "gander"
)

// start starts everything, each when what it needs is there.
func start(ctx context.Context, o options) (*cloud, error) {
	c := &cloud{options: o}
	if err := c.start(ctx); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *cloud) start(ctx context.Context) (err error) {
	if err := os.MkdirAll(c.options.data, 0o700); err != nil {
		return err
	}
	if c.log, err = os.Create(filepath.Join(c.options.data, "log")); err != nil {
		return err
	}
	listener, stage, err := c.listen()
	if err != nil {
		return err
	}
	endpoint := "http://" + listener.Addr().String()
	key, err := c.startIdentity(ctx, endpoint)
	if err != nil {
		return err
	}
	config := gateway.Config{
		Template: filepath.Join(c.options.root, "template.yaml"), Listener: listener, StageListener: stage, Log: c.log,
		Parameters: map[string]string{"DevelopmentKey": key, "PublicEndpoint": endpoint, "DataDomainName": listener.Addr().String()},
	}
	if err := c.startEngines(ctx, &config); err != nil {
		return err
	}
	if config.DataPlane, err = c.startDataPlane(ctx, endpoint, key); err != nil {
		return err
	}
	c.gateway, err = gateway.Start(config)
	return err
}

func (c *cloud) listen() (api, stage net.Listener, err error) {
	if api, err = net.Listen("tcp", c.options.listen); err != nil {
		return nil, nil, err
	}
	if stage, err = net.Listen("tcp", c.options.stage); err != nil {
		return nil, nil, errors.Join(err, api.Close())
	}
	return api, stage, nil
}

// startEngines starts them, and makes the table and the bucket.
func (c *cloud) startEngines(ctx context.Context, g *gateway.Config) (err error) {
	build := filepath.Join(c.options.root, "build")
	if c.engines, err = emulator.Start(ctx, emulator.Options{Build: build, Log: c.log}, "dynoxide", "versitygw", "secrets"); err != nil {
		return err
	}
	shape, err := emulator.ReadShape(g.Template)
	if err != nil {
		return err
	}
	if g.AWS, err = c.engines.AWS(ctx); err != nil {
		return err
	}
	stream, err := shape.MakeTable(ctx, g.AWS, table)
	if err != nil {
		return err
	}
	g.Names = map[string]string{"Table": table, "Bucket": bucket, "Table.StreamArn": stream}
	g.Environ = func(string) []string { return c.engines.Environ() }
	return shape.MakeBucket(ctx, g.AWS, bucket)
}

// startIdentity starts the development identity, whose catalogue names the API,
// and returns its public key.
func (c *cloud) startIdentity(ctx context.Context, endpoint string) (key string, err error) {
	err = c.serve(ctx, "identity", c.options.identity, nil, "-data", c.options.data, "-public-endpoint", endpoint)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(c.options.data, "identity.pub"))
	return strings.TrimSpace(string(text)), err
}

// startDataPlane starts what takes image data of any size.
func (c *cloud) startDataPlane(ctx context.Context, endpoint, key string) (url string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return "", err
	}
	err = c.serve(ctx, "data", address, c.engines.Environ(),
		"-table", table, "-bucket", bucket, "-public-endpoint", endpoint, "-development-key", key)
	return "http://" + address, err
}

// serve starts a part of gander and waits until it answers.
func (c *cloud) serve(ctx context.Context, part, address string, environ []string, flags ...string) error {
	args := append([]string{"serve", "-only", part, "-listen", address}, flags...)
	command := exec.Command(filepath.Join(c.options.root, "build", "gander"), args...)
	command.Env = append(withoutSettings(os.Environ()), environ...)
	command.Stdout, command.Stderr = c.log, c.log
	p, err := child.Start(command)
	if err != nil {
		return err
	}
	c.parts = append(c.parts, p)
	for {
		if answers(ctx, "http://"+address+"/") {
			return nil
		}
		select {
		case <-p.Exited():
			return fmt.Errorf("gander serve -only %s ended: %v; %s tells why", part, p.State(), c.log.Name())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// answers reports whether there is an answer, whatever it is.
func answers(ctx context.Context, url string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil
}

// withoutSettings leaves out what the caller's shell says of another Gander.
func withoutSettings(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(pair string) bool {
		return strings.HasPrefix(pair, "GANDER_") || strings.HasPrefix(pair, "AWS_")
	})
}

// wait returns when the context ends, or when a part does by itself.
func (c *cloud) wait(ctx context.Context) error {
	ended := make(chan error, len(c.parts))
	for _, p := range c.parts {
		go func() {
			<-p.Exited()
			ended <- fmt.Errorf("a part ended: %v; %s tells why", p.State(), c.log.Name())
		}()
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close ends everything, what others need last.
func (c *cloud) close() {
	if c.gateway != nil {
		c.gateway.Close()
	}
	for _, p := range slices.Backward(c.parts) {
		p.Stop(10 * time.Second)
	}
	if c.engines != nil {
		c.engines.Stop()
	}
	if c.log != nil {
		_ = c.log.Close()
	}
}
