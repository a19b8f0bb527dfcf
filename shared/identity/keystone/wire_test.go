package keystone

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/problem"
)

// TestCertificates holds that a Keystone must prove who it is.
func TestCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body("")) }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for name, c := range map[string]struct {
		roots *x509.CertPool
		good  bool
	}{"its own": {roots, true}, "the system's": {nil, false}} {
		v := New(Options{URL: server.URL, Transport: Transport(c.roots)})
		_, err := v.Validate(t.Context(), "user-token", identity.Ask{})
		if (err == nil) != c.good || err != nil && problem.CodeOf(err) != problem.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestConnections tries once more when one breaks, and not a third time.
func TestConnections(t *testing.T) {
	for broken, good := range map[int64]bool{0: true, 1: true, 2: false} {
		var tries atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if tries.Add(1) > broken {
				fmt.Fprint(w, body(""))
				return
			}
			connection, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				err = connection.Close()
			}
			if err != nil {
				t.Error(err)
			}
		}))
		v := New(Options{URL: server.URL})
		_, err := v.Validate(t.Context(), "user-token", identity.Ask{})
		if (err == nil) != good || err != nil && problem.CodeOf(err) != problem.Internal || tries.Load() != min(broken+1, 2) {
			t.Errorf("%d broken: %v after %d tries", broken, err, tries.Load())
		}
		server.Close()
	}
}

// TestNobodyListens is nobody's fault but Keystone's.
func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = New(Options{URL: "http://" + address}).Validate(t.Context(), "user-token", identity.Ask{})
	if err == nil || problem.CodeOf(err) != problem.Internal {
		t.Errorf("%v", err)
	}
}
