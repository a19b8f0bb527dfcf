package boot

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/boot/setting"
)

// patience is how long a client may leave the server waiting. Bodies and answers
// have no time-out as a whole: an upload takes as long as it takes while it moves.
type patience struct {
	header time.Duration // for all of a header, for a TLS handshake, and for what is left of a body
	idle   time.Duration // between two requests
	stall  time.Duration // for the next piece of a body or of an answer
}

var usualPatience = patience{header: 10 * time.Second, idle: 2 * time.Minute, stall: time.Minute}

// maxHeaderBytes is the most that a request's header may have; more is answered
// 431. Tokens and a request line fit in many times over.
const maxHeaderBytes = 64 << 10

// listen opens the address that a setting names.
func listen(name, address string, v setting.Values) (net.Listener, error) {
	var config *tls.Config
	if v.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(v.TLSCert, v.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("GANDER_TLS_CERT, GANDER_TLS_KEY: %w", err)
		}
		config = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: protocols}
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if config != nil {
		return tls.NewListener(listener, config), nil
	}
	return listener, nil
}

// endpointOf is the URL under which callers reach the listener.
func endpointOf(v setting.Values, listener net.Listener) string {
	return endpointAt(v.PublicEndpoint, v.Listen, v, listener)
}

// endpointAt is what the operator says, or else made from the address.
func endpointAt(said, address string, v setting.Values, listener net.Listener) string {
	if said != "" {
		return said
	}
	scheme := "http"
	if v.TLSCert != "" {
		scheme = "https"
	}
	host, _, _ := net.SplitHostPort(address)
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return scheme + "://" + net.JoinHostPort(host, port)
}

// underBase takes the path of the public endpoint off requests whose proxy or
// gateway left it on.
func underBase(endpoint string, next http.Handler) http.Handler {
	u, err := url.Parse(endpoint)
	if err != nil || u.Path == "" || u.Path == "/" {
		return next
	}
	base := strings.TrimRight(u.EscapedPath(), "/")
	stripped := http.StripPrefix(base, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.EscapedPath(), base+"/") {
			stripped.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// forsakenBodies limits how long a client may take for a body that no handler
// watches, or that none reads: the server looks for the rest of one before it
// answers. Without a limit, a client that sends no more would keep the
// connection for ever. Handlers that watch a body move the deadline along.
func forsakenBodies(next http.Handler, limit time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(limit)) // every server has one
		}
		next.ServeHTTP(w, r)
	})
}

// serveHTTP serves until a signal comes, then lets running requests end. A
// second signal, or the time that GANDER_STOP_TIMEOUT gives, ends them at once.
func (p *process) serveHTTP(ctx context.Context, e entries, v setting.Values, log *slog.Logger) error {
	gate := newGate(http.HandlerFunc(throughEntries), log)
	server := p.server(gate, log)
	if err := p.untilSignal(server, e, v, log); err != nil {
		return err
	}
	return p.shutDown(ctx, server, gate, v.StopTimeout)
}

func (p *process) server(handler http.Handler, log *slog.Logger) *http.Server {
	reserveHeap()
	return &http.Server{
		Handler:           forsakenBodies(handler, p.patience.header),
		ReadHeaderTimeout: p.patience.header,
		IdleTimeout:       p.patience.idle,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),

		DisableGeneralOptionsHandler: true,
	}
}

// untilSignal serves, and returns without an error when a signal came.
func (p *process) untilSignal(server *http.Server, e entries, v setting.Values, log *slog.Logger) error {
	server.BaseContext = e.enter
	served := make(chan error, len(e))
	for _, one := range e {
		go func() { served <- server.Serve(one.listener) }()
	}
	select {
	case err := <-served:
		return errors.Join(err, server.Close()) // one address alone is no service
	case sig := <-p.signals:
		log.Info("stopping; running requests may end, a second signal stops them", "signal", sig.String(), "at_most", v.StopTimeout.String())
		return nil
	}
}

func (p *process) shutDown(ctx context.Context, server *http.Server, gate *gate, timeout time.Duration) error {
	ctx, cancel := p.withPatience(ctx, timeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return p.cutOff(server, gate)
	}
	return err
}

// withPatience ends with the timeout, or with another signal.
func (p *process) withPatience(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	go func() {
		select {
		case <-p.signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func logStart(log *slog.Logger, name string, v setting.Values, listener net.Listener) {
	attributes := []any{"function", name, "version", Version()}
	switch {
	case v.Cloud():
		attributes = append(attributes, "mix", "cloud", "table", v.Table, "bucket", v.Bucket)
	case v.Data != "":
		attributes = append(attributes, "mix", "local", "data", v.Data)
	}
	if listener != nil {
		attributes = append(attributes, "listen", listener.Addr().String(), "tls", v.TLSCert != "")
	}
	log.Info("started", attributes...)
}
