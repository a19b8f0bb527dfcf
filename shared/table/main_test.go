package table_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain asks for more cases than rapid's hundred: these are cheap, and near
// misses are rare.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "5000"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
