package s3

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/gander-images/gander/shared/blob/blobtest"
)

// TestMain looks for goroutines that outlive their work. Connections may: the
// transport keeps them for the next request.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(
		m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreAnyFunction("net/http.(*http2ClientConn).readLoop"),
	)
}

// TestSuiteOnTheFake holds the adapter to its port without an engine, and the
// fake to what the other tests here take from it.
func TestSuiteOnTheFake(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Store {
		f := newFake(t)
		f.page = 7
		return f.open()
	})
}

func (f *fake) open() blobtest.Store {
	s := f.store()
	return blobtest.Store{
		Blobs: s, Large: 9<<20 + 3, Many: 20,
		Reopen: func(t *testing.T) blobtest.Store {
			t.Helper()
			s.flights.Wait()
			return f.open()
		},
	}
}
