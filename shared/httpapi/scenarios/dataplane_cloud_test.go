//go:build cloud

package scenarios

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/child"
	"github.com/gander-images/gander/localstack/emulatortest"
)

// startDataPlane runs what takes image data past the gateway, and returns its
// URL. "make build" makes the program.
func startDataPlane(t testing.TB, place emulatortest.Place, settings []string, logs *lockedBuffer) string {
	t.Helper()
	root, err := emulatortest.Root()
	if err != nil {
		t.Fatal(err)
	}
	all, err := issued()
	if err != nil {
		t.Fatal(err)
	}
	output := &announced{logs: logs, address: make(chan string, 1)}
	command := exec.Command(filepath.Join(root, "build", "gander"), "serve", "-only", "data")
	command.Stdout, command.Stderr = output, output
	command.Env = append(settings, "GANDER_LISTEN=127.0.0.1:0", "GANDER_PUBLIC_ENDPOINT="+publicEndpoint, "GANDER_TABLE="+place.Table,
		"GANDER_BUCKET="+place.Bucket, "GANDER_DEVELOPMENT_KEY="+all.key)
	for _, pair := range os.Environ() {
		if strings.HasPrefix(pair, "AWS_") {
			command.Env = append(command.Env, pair)
		}
	}
	c, err := child.Start(command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop(longWait) })
	select {
	case address := <-output.address:
		return "http://" + address
	case <-c.Exited():
		t.Fatalf("the data plane ended at its start: %s", logs)
	case <-time.After(longWait):
		t.Fatal("the data plane does not start")
	}
	return ""
}

// announced passes a log on, and looks for the address in it that is served.
type announced struct {
	logs    *lockedBuffer
	address chan string
}

func (a *announced) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		var started struct{ Msg, Listen string }
		if json.Unmarshal(line, &started) == nil && started.Msg == "started" && started.Listen != "" {
			a.address <- started.Listen
		}
	}
	return a.logs.Write(p)
}
