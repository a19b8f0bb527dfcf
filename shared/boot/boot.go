// Package boot turns the environment into one running function. It alone reads
// environment variables and command lines, and only the mains under functions/
// import it.
//
// The same handler runs behind three doors: as a Lambda, as plain HTTP for one
// operation, and in one process with all the others.
package boot

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/shared/boot/account"
	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
)

// Serve runs one operation, as a Lambda where there is a Runtime API, and else
// as plain HTTP. It does not return.
func Serve(op httpapi.Operation) {
	os.Exit(newProcess().serve(op))
}

// Consume runs one consumer of events, likewise. Over HTTP it takes the JSON of
// an event by POST.
func Consume(c Consumer) {
	os.Exit(newProcess().consume(c))
}

// Standalone is the command gander: every operation and every consumer in one
// process, or one part of them. It does not return. Whoever starts it says how
// the process finds its account of AWS, should it need one.
func Standalone(find Account) {
	p := newProcess()
	p.account = find
	os.Exit(p.command())
}

// An Account tells what the clients of AWS have to know, and what is missing of
// it, as "NAME: ...". It calls nobody.
type Account func(environ []string) (aws.Config, []string)

// A process is what a start sees of the world.
type process struct {
	args    []string
	environ []string
	stdout  io.Writer
	stderr  io.Writer
	signals <-chan os.Signal

	patience patience
	account  Account
}

func newProcess() *process {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	return &process{os.Args[1:], os.Environ(), os.Stdout, os.Stderr, signals, usualPatience, account.FromEnvironment}
}

// read reads the settings that the uses call for, and, where they name the cloud
// mix, what its clients have to know besides.
func (p *process) read(from setting.Source) (v setting.Values, cfg aws.Config, err error) {
	from.Environ = p.environ
	from.Cloud = func() (faults []string) {
		cfg, faults = p.account(p.environ)
		return faults
	}
	v, err = setting.Read(from)
	return v, cfg, err
}

// env returns a variable that is not Gander's own.
func (p *process) env(name string) string {
	prefix := name + "="
	for _, pair := range p.environ {
		if len(pair) > len(prefix) && pair[:len(prefix)] == prefix {
			return pair[len(prefix):]
		}
	}
	return ""
}

// fail tells why the start came to nothing.
func (p *process) fail(name string, err error) int {
	fmt.Fprintf(p.stderr, "%s: cannot start: %v\n", name, err)
	return 1
}

func (p *process) serve(op httpapi.Operation) int {
	uses := answering(op)
	handler := func(s *services) http.Handler { return httpapi.Handler([]httpapi.Operation{op}, s.api) }
	if api := p.env("AWS_LAMBDA_RUNTIME_API"); api != "" {
		return p.lambda(op.Name, api, op.Needs, uses, func(s *services) lambdaHandler {
			return &gatewayHandler{handler: underBase(s.api.PublicEndpoint, handler(s)), log: s.log}
		})
	}
	return p.alone(op.Name, op.Needs, uses, handler)
}

func (p *process) consume(c Consumer) int {
	if api := p.env("AWS_LAMBDA_RUNTIME_API"); api != "" {
		return p.lambda(c.Name, api, c.Needs, c.uses, func(s *services) lambdaHandler {
			return eventHandler{consumer: c, services: s}
		})
	}
	return p.alone(c.Name, c.Needs, c.uses, func(s *services) http.Handler {
		return postHandler{consumer: c, services: s}
	})
}

// alone serves one function over HTTP until it is told to stop.
func (p *process) alone(name string, needs httpapi.Needs, uses setting.Use, handler func(*services) http.Handler) int {
	v, cfg, err := p.read(setting.Source{
		Flags: portFlag(p.env("PORT"), p.env("GANDER_TLS_ENDS_IN_FRONT"), p.env("GANDER_LISTEN")),
		Uses:  uses | setting.Listens,
	})
	if err != nil {
		return p.fail(name, err)
	}
	listener, err := listen("GANDER_LISTEN", v.Listen, v)
	if err != nil {
		return p.fail(name, err)
	}
	log := newLog(p.stderr, v)
	s, err := build(v, order{needs: needs, account: cfg, endpoint: endpointOf(v, listener), stall: p.patience.stall}, log)
	if err != nil {
		_ = listener.Close()
		return p.fail(name, err)
	}
	stop := p.followRules(s, v.PolicyReload)
	logStart(log, name, v, listener)
	err = p.serveHTTP(context.Background(), entries{{listener, underBase(s.api.PublicEndpoint, handler(s))}}, v, log)
	stop()
	return p.end(name, s, err)
}

// end closes what was built, after the last request, and says what went wrong.
func (p *process) end(name string, s *services, err error) int {
	if closing := s.close(); err == nil {
		err = closing
	}
	if err != nil {
		s.log.Error("stopped with an error", "function", name, "error", err)
		return 1
	}
	s.log.Info("stopped", "function", name)
	return 0
}

// portFlag turns the PORT of a container platform into a listen address: open to
// the network where TLS is said to end in front, and else to this machine alone.
func portFlag(port, inFront, listen string) map[string]string {
	if port == "" || listen != "" {
		return nil
	}
	host := "127.0.0.1"
	if inFront == "true" {
		host = "0.0.0.0"
	}
	return map[string]string{"GANDER_LISTEN": net.JoinHostPort(host, port)}
}
