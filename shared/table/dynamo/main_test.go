package dynamo

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines that outlive their work. Idle connections to an
// engine do, and may.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}
