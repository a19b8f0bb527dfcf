// Package gateway is the deployed shape on one machine: it reads the template,
// answers its API as API Gateway does, and runs its functions as Lambda does,
// with the table's stream and the schedule that feed the consumers. What it runs
// are the very bootstraps that are deployed.
//
// What it does as AWS and what it leaves out is told in docs/emulators.md.
package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/localstack/gateway/mapping"
	"github.com/gander-images/gander/localstack/lambda"
	"github.com/gander-images/gander/localstack/template"
)

// Config says what to run, and where what it needs is.
type Config struct {
	// Template is the template's file; Parameters and Names are as in
	// template.Options. A parameter PublicEndpoint that is not given is the
	// gateway's own URL.
	Template   string
	Parameters map[string]string
	Names      map[string]string

	// Functions is a folder with a bootstrap for each function, NAME/bootstrap or
	// NAME. Not set, CodeUri says where they are, from the template's folder.
	Functions string

	// Environ adds variables to a function's environment, and wins over the
	// template: endpoints, credentials. The name is that of its folder.
	Environ func(function string) []string

	// AWS is by what the gateway itself reads the stream.
	AWS aws.Config

	// Shape is the form of the events; the zero value is that of a REST API, as
	// in the template. Then the template's API is what a load balancer's rules or
	// an HTTP API's routes would say.
	Shape Shape

	// DataPlane is the URL of what serves image data, behind the paths that the
	// CDN would send there. Not set, all goes to functions.
	DataPlane string

	// Listener serves the API as its hostname would, StageListener as the API's
	// own URL does, below the stage. Not set, both are on free ports of loopback.
	Listener, StageListener net.Listener

	// NoStream and NoSchedule leave consumers unfed.
	NoStream, NoSchedule bool

	// Concurrency is how many processes one function may have; not set, 10.
	Concurrency int

	// Log gets what functions print, and a line for each invocation.
	Log io.Writer

	timeout time.Duration // 0: the shape's
}

// A Gateway is a template at work.
type Gateway struct {
	config    Config
	api       *api
	functions map[string]*lambda.Function // by the name of their folder
	timers    []timer
	log       *slog.Logger
	tally     tally
	url       string
	stageURL  string
	dataPlane *url.URL

	servers  []*http.Server
	mappings []feeding
	stop     context.CancelFunc
	running  sync.WaitGroup
	queued   sync.WaitGroup // messages on their way
}

// A feeding is a mapping and the function that it feeds.
type feeding struct {
	*mapping.Mapping
	function string
}

// Start reads the template and serves it.
func Start(c Config) (*Gateway, error) {
	g := &Gateway{config: c}
	output := &locked{to: c.Log}
	g.log = slog.New(slog.NewJSONHandler(output, nil)).With("source", "gateway")
	if err := g.listen(); err != nil {
		return nil, err
	}
	stack, err := g.read()
	if err == nil {
		err = g.build(stack, output)
	}
	if err != nil {
		_ = g.config.Listener.Close()
		_ = g.config.StageListener.Close()
		g.end()
		return nil, fmt.Errorf("gateway: %w", err)
	}
	g.serve(g.config.Listener, g.front(g.handler("")))
	g.serve(g.config.StageListener, g.belowStage())
	return g, nil
}

func (g *Gateway) listen() error {
	for _, at := range []*net.Listener{&g.config.Listener, &g.config.StageListener} {
		if *at != nil {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("gateway: %w", err)
		}
		*at = l
	}
	g.url = "http://" + g.config.Listener.Addr().String()
	return nil
}

func (g *Gateway) read() (*template.Stack, error) {
	o := template.Options{Parameters: g.config.Parameters, Names: g.config.Names, Defaults: map[string]string{"PublicEndpoint": g.url}}
	return template.Read(g.config.Template, o)
}

// build makes everything of the template that works here.
func (g *Gateway) build(s *template.Stack, output io.Writer) error {
	functions, err := readFunctions(s, g.config)
	if err != nil {
		return err
	}
	g.functions = make(map[string]*lambda.Function, len(functions))
	for _, f := range functions {
		f.spec.Log, f.spec.Concurrency = output, g.config.Concurrency
		g.functions[f.name] = lambda.New(f.spec)
	}
	if g.api, err = readAPI(s, functions); err != nil {
		return err
	}
	if g.dataPlane, err = readDataPlane(g.config); err != nil {
		return err
	}
	g.stageURL = "http://" + g.config.StageListener.Addr().String() + "/" + g.api.stage
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	if err := g.startMappings(ctx, s, functions); err != nil {
		return err
	}
	return g.startTimers(ctx, s, functions)
}

func (g *Gateway) serve(l net.Listener, h http.Handler) {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: time.Minute, MaxHeaderBytes: 64 << 10, DisableGeneralOptionsHandler: true,
		ErrorLog: slog.NewLogLogger(g.log.Handler(), slog.LevelWarn),
	}
	g.servers = append(g.servers, s)
	g.running.Go(func() { _ = s.Serve(l) }) // until Close
}

// URL is the API as callers reach it by its hostname.
func (g *Gateway) URL() string { return g.url }

// StageURL is the API's own URL, which names the stage. It has no CDN in front.
func (g *Gateway) StageURL() string { return g.stageURL }

// Failures are the messages in the failure destination of the stream mappings.
func (g *Gateway) Failures() []json.RawMessage {
	var all []json.RawMessage
	for _, m := range g.mappings {
		all = append(all, m.Failures()...)
	}
	return all
}

// PeakMemory is the most memory that a process of the function was seen to have.
func (g *Gateway) PeakMemory(function string) int64 {
	if f := g.functions[function]; f != nil {
		return f.PeakMemory()
	}
	return 0
}

// Functions lists the functions by the names of their folders.
func (g *Gateway) Functions() []string {
	names := make([]string, 0, len(g.functions))
	for name := range g.functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Close ends everything, running requests as well.
func (g *Gateway) Close() {
	for _, s := range g.servers {
		_ = s.Close()
	}
	g.end()
}

func (g *Gateway) end() {
	if g.stop != nil {
		g.stop()
	}
	for _, m := range g.mappings {
		m.Stop()
	}
	var all sync.WaitGroup
	for _, f := range g.functions {
		all.Go(f.Close)
	}
	all.Wait()
	g.queued.Wait()
	g.running.Wait()
}
