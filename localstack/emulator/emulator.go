// Package emulator runs engines that stand in for AWS on this machine: DynamoDB
// with its streams, S3 and Secrets Manager. Each is a child process on a free loopback port, and
// is gone when its Engines are stopped, or when this process dies.
//
// "make emulators" installs what is started here below build/.
package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gander-images/gander/localstack/child"
)

// What every engine takes: LocalStack, when it checks signatures, takes no other
// key.
const (
	AccessKey = "test"
	SecretKey = "test"
	Region    = "us-east-1"
)

// Options say how engines run.
type Options struct {
	// Build is the folder in which "make emulators" put them; not set, it is
	// looked for from the working folder up.
	Build string

	// Log gets what the engines print; nil throws it away.
	Log io.Writer
}

// Engines are running engines.
type Engines struct {
	environ map[string]string
	folder  string // theirs, removed at the end
	running []*child.Child
}

// Start starts engines by name and waits until all of them answer. Names lists
// what there is. Two for the same service are an error.
func Start(ctx context.Context, o Options, names ...string) (*Engines, error) {
	build, err := o.build()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "emulator")
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	e := &Engines{folder: folder, environ: map[string]string{
		"AWS_ACCESS_KEY_ID": AccessKey, "AWS_SECRET_ACCESS_KEY": SecretKey, "AWS_REGION": Region,
		"AWS_EC2_METADATA_DISABLED": "true",
	}}
	for _, name := range names {
		if err := e.start(ctx, build, name, o.Log); err != nil {
			e.Stop()
			return nil, fmt.Errorf("emulator: %s: %w", name, err)
		}
	}
	return e, nil
}

// Environ returns what an SDK needs to reach the engines, as NAME=value.
func (e *Engines) Environ() []string {
	pairs := make([]string, 0, len(e.environ))
	for _, name := range slices.Sorted(maps.Keys(e.environ)) {
		pairs = append(pairs, name+"="+e.environ[name])
	}
	return pairs
}

// Stop ends the engines and removes what they kept.
func (e *Engines) Stop() {
	for _, c := range slices.Backward(e.running) {
		c.Stop(5 * time.Second)
	}
	_ = os.RemoveAll(e.folder) // a temporary folder
}

// Names lists the engines that can be started.
func Names() []string { return slices.Sorted(maps.Keys(engines)) }

// start tries another port when the one it was given is taken meanwhile.
func (e *Engines) start(ctx context.Context, build, name string, log io.Writer) error {
	kind, ok := engines[name]
	if !ok {
		return fmt.Errorf("there is no such engine; there are %s", strings.Join(Names(), ", "))
	}
	for _, variable := range kind.variables {
		if e.environ[variable] != "" {
			return fmt.Errorf("%s is answered by another engine already", variable)
		}
	}
	var failures []error
	for range 3 {
		err := e.try(ctx, build, kind, log)
		if err == nil {
			return nil
		}
		failures = append(failures, err)
		if ctx.Err() != nil || errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	return errors.Join(failures...)
}

func (e *Engines) try(ctx context.Context, build string, kind engine, log io.Writer) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(e.folder, "")
	if err != nil {
		return err
	}
	p := place{build: build, folder: folder, port: port}
	if kind.https {
		if p.certificate, err = makeCertificate(folder); err != nil {
			return err
		}
	}
	command, err := kind.command(p)
	if err != nil {
		return err
	}
	command.Stdout, command.Stderr, command.Dir = log, log, folder
	c, err := child.Start(command)
	if err != nil {
		return fmt.Errorf("%w; \"make emulators\" installs it", err)
	}
	if err := waitReady(ctx, c, kind, p); err != nil {
		c.Kill()
		return err
	}
	e.running = append(e.running, c)
	for _, variable := range kind.variables {
		e.environ[variable] = p.url(kind.https)
	}
	if kind.https {
		e.environ["AWS_CA_BUNDLE"] = p.certificate.authority
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	_, text, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

// build finds the folder build of this project.
func (o Options) build() (string, error) {
	if o.Build != "" {
		return filepath.Abs(o.Build)
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("emulator: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return filepath.Join(folder, "build"), nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("emulator: this is not below the project's folder; say where build/ is")
		}
		folder = parent
	}
}
