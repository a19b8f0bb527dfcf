package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// An Upstream is one engine behind the proxy.
type Upstream struct {
	Endpoint    string          // http or https, no path
	Credentials aws.Credentials // what the engine wants requests signed with
}

// A Config says what a Proxy stands in front of.
type Config struct {
	DynamoDB Upstream // its streams, too
	S3       Upstream
	Secrets  Upstream

	// Account is where everything lives that an engine does not place itself, in
	// the ARNs of what is recorded; not set, 000000000000.
	Account string

	// Shards is into how many shards the change stream's each shard is dealt, by
	// item; 0 and 1 leave it whole.
	Shards int

	// Transport reaches the engines; nil: one of the proxy's own, without
	// compression.
	Transport http.RoundTripper
}

// A Function is one caller that the proxy knows, by its access key.
type Function struct {
	Name        string
	Credentials aws.Credentials
	// Permissions are all that the function may do; nil: everything.
	Permissions []Permission
}

// A Proxy is an http.Handler that takes the requests of DynamoDB, its streams,
// S3 (path style) and Secrets Manager at one address.
type Proxy struct {
	config Config
	signer *v4.Signer
	now    func() time.Time

	mu        sync.Mutex
	functions map[string]Function // by access key id
	uses      map[Use]int
	denied    map[Use]int
	rules     []*Injection
	iterators int              // handed out so far
	spoilt    map[string]Fault // iterators that are of no use any more
}

// New makes a proxy that knows no function yet.
func New(config Config) *Proxy {
	if config.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DisableCompression = true
		transport.Proxy = nil
		transport.MaxIdleConnsPerHost = 64
		config.Transport = transport
	}
	if config.Account == "" {
		config.Account = "000000000000"
	}
	return &Proxy{
		config: config, signer: v4.NewSigner(), now: time.Now,
		functions: map[string]Function{}, uses: map[Use]int{}, denied: map[Use]int{}, spoilt: map[string]Fault{},
	}
}

// Add makes a function known, in place of one with the same access key.
func (p *Proxy) Add(f Function) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.functions[f.Credentials.AccessKeyID] = f
}

func (p *Proxy) function(accessKey string) (Function, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, ok := p.functions[accessKey]
	return f, ok
}

// Start serves the proxy on a free port of the loopback. stop ends it and cuts
// what still runs.
func (p *Proxy) Start() (endpoint string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("proxy: %w", err)
	}
	server := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends by stop
	}()
	return "http://" + listener.Addr().String(), func() {
		_ = server.Close() // nothing is left to do about it
		<-done
	}, nil
}

// An exchange is one request on its way through.
type exchange struct {
	call     Call
	in       *http.Request
	function Function
	payload  string // the hash of the body as the caller signed it
	fault    Fault
	struck   *Injection // by which rule; nil: none
}

// ServeHTTP passes one request on, or answers it as AWS would.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, err := p.admit(r)
	if err == nil {
		err = p.pass(w, x)
	}
	var refusal *refusal
	switch {
	case err == nil:
	case errors.As(err, &refusal):
		refusal.write(w, r, x.call.Service)
	case errors.Is(err, errCut), r.Context().Err() != nil:
		panic(http.ErrAbortHandler) // closes the connection, and says nothing
	default:
		unreachable(err).write(w, r, x.call.Service)
	}
}

// admit finds out what is asked, by whom, and whether it may be done.
func (p *Proxy) admit(r *http.Request) (*exchange, error) {
	x := &exchange{in: r, call: Call{Service: serviceOf(r)}}
	f, payload, err := p.verify(r)
	if err != nil {
		return x, err
	}
	x.function, x.payload = f, payload
	call, err := p.read(r, payload)
	if err != nil {
		return x, err
	}
	x.call = call
	x.call.Function = f.Name
	return x, p.permit(x)
}

// permit records what the call uses, and refuses what the function may not.
func (p *Proxy) permit(x *exchange) error {
	for _, u := range x.call.Uses {
		if err := p.use(x.function, u); err != nil {
			return err
		}
	}
	return nil
}

func (p *Proxy) use(f Function, u Use) error {
	u.Function = f.Name
	allowed := f.may(u)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !allowed {
		p.denied[u]++
		return denied(u)
	}
	p.uses[u]++
	return nil
}

// pass does the call, with the fault that a rule wants.
func (p *Proxy) pass(w http.ResponseWriter, x *exchange) error {
	if x.struck = p.strike(x.call); x.struck != nil {
		x.fault = x.struck.rule.Fault
	}
	x.fault = p.sour(x.call, x.fault)
	if err := p.before(x); err != nil {
		drain(x.in)
		return err
	}
	ctx, cancel := context.WithCancel(x.in.Context())
	defer cancel()
	if x.fault == AnswerLost || x.fault == AnswerSilent || x.fault == FailedAfter {
		// The engine is to finish, whatever the caller does meanwhile.
		ctx = context.WithoutCancel(ctx)
	}
	answer, err := p.forward(ctx, x)
	switch {
	case err != nil && x.fault == CutUpload:
		return errCut
	case err != nil:
		return err
	}
	defer answer.Body.Close()
	return p.after(w, x, answer)
}
