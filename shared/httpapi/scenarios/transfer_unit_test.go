//go:build !cloud

package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// pieceSize is how much the kernel is asked to copy at once, in bytes.
const pieceSize = 256 << 10

// kernel is a server's writer that counts the files that it is asked to copy.
type kernel struct {
	*httptest.ResponseRecorder
	files int
}

func (k *kernel) ReadFrom(src io.Reader) (int64, error) {
	if limited, ok := src.(*io.LimitedReader); ok {
		if _, ok := limited.R.(*os.File); ok {
			k.files++
		}
	}
	return io.Copy(k.ResponseRecorder, src)
}

// A download hands the store's file itself to the server's writer.
func TestDownloadsReachTheKernel(t *testing.T) {
	w := newInside(t)
	id := w.filled("0123456789")
	k := &kernel{ResponseRecorder: httptest.NewRecorder()}
	r := httptest.NewRequest(http.MethodGet, "/v2/images/"+id+"/file", nil)
	as("member")(r)
	header("Range", "bytes=3-5")(r)
	w.handler.ServeHTTP(k, r)
	if k.files != 1 || k.Body.String() != "345" {
		t.Errorf("a download gave %d files to the kernel, and %q", k.files, k.Body)
	}
}

// piped joins a client and a server of one operation by a pipe, in a bubble
// whose clock runs only when both wait.
func piped(t *testing.T, body httpapi.BodyKind, serve func(*httpapi.Request) (*httpapi.Response, error)) net.Conn {
	t.Helper()
	rules, err := policy.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	op := httpapi.Operation{
		Name: "image-data-upload", Methods: []string{"PUT"}, Paths: []string{"/v2/images/{image_id}/file"}, Body: body,
		Serve: func(_ context.Context, _ *httpapi.Services, r *httpapi.Request) (*httpapi.Response, error) {
			return serve(r)
		},
	}
	services := &httpapi.Services{Policy: rules, Identity: anybody{}, Log: slog.New(slog.DiscardHandler), StallTimeout: time.Minute}
	client, server := net.Pipe()
	s := &http.Server{Handler: httpapi.Handler([]httpapi.Operation{op}, services)}
	go func() { _ = s.Serve(&oneConn{conn: server, done: make(chan struct{})}) }()
	t.Cleanup(func() {
		_ = client.Close()
		_ = s.Close()
	})
	return client
}

const putLine = "PUT /v2/images/x/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: u:p:member\r\n"

type oneConn struct {
	conn  net.Conn
	taken sync.Once
	done  chan struct{}
	once  sync.Once
}

func (l *oneConn) Accept() (conn net.Conn, err error) {
	l.taken.Do(func() { conn = l.conn })
	if conn != nil {
		return conn, nil
	}
	<-l.done
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }

// A client that stops sending is cut off after the stall timeout; one that is
// slow is not, however long it takes.
func TestSlowUploads(t *testing.T) {
	for _, pieces := range [][]string{{"ab"}, {"ab", "c", "d", "e"}, {}} {
		size, stops := 5, len(pieces) == 1
		if len(pieces) == 0 {
			size = 0
		}
		synctest.Test(t, func(t *testing.T) {
			client := piped(t, httpapi.RawBody, func(r *httpapi.Request) (*httpapi.Response, error) {
				got, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, problem.Because(err, problem.Invalid, "only %d bytes came", len(got))
				}
				_, _ = r.Body.Read(make([]byte, 1)) // some look twice for the end
				time.Sleep(time.Hour)               // the bytes are put away; the client waits
				if err := r.Context().Err(); err != nil {
					return nil, err
				}
				return &httpapi.Response{Status: 204}, nil
			})
			began := time.Now()
			send(t, client, fmt.Sprintf("%sContent-Length: %d\r\n\r\n", putLine, size))
			for _, piece := range pieces {
				send(t, client, piece)
				if !stops {
					time.Sleep(50 * time.Second) // the bubble's clock: nobody waits
				}
			}
			answer, err := io.ReadAll(io.LimitReader(client, 12))
			took := time.Since(began)
			if stops && (string(answer) != "HTTP/1.1 400" || took != time.Minute) {
				t.Errorf("stopped: answered %q after %s, %v", answer, took, err)
			}
			if !stops && string(answer) != "HTTP/1.1 204" {
				t.Errorf("slow, %d bytes: answered %q after %s, %v", size, answer, took, err)
			}
		})
	}
}

// A body that is refused unread does not hold the connection for ever.
func TestRefusedUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := piped(t, httpapi.RawBody, func(*httpapi.Request) (*httpapi.Response, error) { return nil, problem.New(problem.Conflict, "") })
		began := time.Now()
		send(t, client, putLine+"Content-Length: 5000\r\n\r\nab")
		answer, _ := io.ReadAll(client)
		if took := time.Since(began); took > 10*time.Second || !strings.HasPrefix(string(answer), "HTTP/1.1 409") {
			t.Errorf("answered %q after %s", answer, took)
		}
	})
}

// A JSON body has to come within one stall timeout, however it trickles.
func TestSlowJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := piped(t, httpapi.JSONBody, func(*httpapi.Request) (*httpapi.Response, error) { return nil, errors.New("never reached") })
		send(t, client, putLine+"Content-Length: 100\r\n\r\n{")
		gone := make(chan struct{})
		defer func() {
			_ = client.Close()
			<-gone
		}()
		go func() {
			defer close(gone)
			for {
				time.Sleep(20 * time.Second)
				if _, err := client.Write([]byte(" ")); err != nil {
					return
				}
			}
		}()
		began := time.Now()
		answer, _ := io.ReadAll(io.LimitReader(client, 12))
		if took := time.Since(began); string(answer) != "HTTP/1.1 400" || took > time.Minute {
			t.Errorf("answered %q after %s", answer, took)
		}
	})
}

// A client that stops reading is cut off after the stall timeout; one that is
// slow gets all.
func TestSlowDownloads(t *testing.T) {
	data := strings.Repeat("0123456789", pieceSize/2) // five pieces
	for _, c := range []struct{ stops, writes bool }{{true, true}, {true, false}, {false, true}, {false, false}} {
		stops := c.stops
		synctest.Test(t, func(t *testing.T) {
			client := piped(t, httpapi.Ignored, func(*httpapi.Request) (*httpapi.Response, error) {
				stream := io.NopCloser(strings.NewReader(data)) // writes itself, all at once
				if !c.writes {
					stream = io.NopCloser(struct{ io.Reader }{stream})
				}
				return &httpapi.Response{Status: 200, Stream: stream, Length: int64(len(data))}, nil
			})
			send(t, client, putLine+"Connection: close\r\n\r\n")
			if stops {
				time.Sleep(2 * time.Minute) // the bubble's clock: nobody waits
			}
			var got bytes.Buffer
			buffer := make([]byte, 64<<10)
			for {
				n, err := client.Read(buffer)
				got.Write(buffer[:n])
				if err != nil {
					break
				}
				if !stops {
					time.Sleep(4 * time.Second) // less than a minute for a piece, minutes in all
				}
			}
			if whole := strings.HasSuffix(got.String(), data); whole == stops {
				t.Errorf("%+v: %d bytes came", c, got.Len())
			}
		})
	}
}

func send(t testing.TB, to io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(to, text); err != nil {
		t.Fatal(err)
	}
}

// An answer whose bytes end early, or cannot be read, breaks off: no client
// takes it for the whole.
func TestBrokenStreams(t *testing.T) {
	for name, stream := range map[string]io.Reader{
		"short":  strings.NewReader("abc"),
		"broken": io.MultiReader(strings.NewReader("abc"), broken{}),
	} {
		w := newInside(t)
		op := httpapi.Operation{
			Name: "image-data-download", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}/file"},
			Serve: func(context.Context, *httpapi.Services, *httpapi.Request) (*httpapi.Response, error) {
				return &httpapi.Response{Status: 200, Stream: io.NopCloser(stream), Length: 10}, nil
			},
		}
		server := httptest.NewServer(breaks(t, httpapi.Handler([]httpapi.Operation{op}, w.services)))
		r, _ := http.NewRequest(http.MethodGet, server.URL+"/v2/images/x/file", nil)
		as("member")(r)
		response, err := server.Client().Do(r)
		if err == nil {
			_, err = io.ReadAll(response.Body)
			_ = response.Body.Close()
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			t.Errorf("%s: the client took it for whole: %v", name, err)
		}
		server.Close() // waits for the request, and so for its line
		if lines := w.lines(); len(lines) != 1 || lines[0]["level"] != "ERROR" || lines[0]["error"] == nil || lines[0]["bytes"] != 3.0 {
			t.Errorf("%s: logged %v", name, lines)
		}
	}
}

// breaks lets a handler through that must end by breaking its connection, and
// not only by saying too little.
func breaks(t *testing.T, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause != http.ErrAbortHandler {
				t.Errorf("ended with %v", cause)
			}
			panic(http.ErrAbortHandler)
		}()
		next.ServeHTTP(w, r)
	})
}
