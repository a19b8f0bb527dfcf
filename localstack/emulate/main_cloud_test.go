//go:build cloud

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCommandsRunOverEngines: a command finds the engines by its environment, and
// its end is ours.
func TestCommandsRunOverEngines(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	code := run([]string{"dynoxide,versitygw-https,secrets", "--", "sh", "-c", `env >"$1"; test -s "$AWS_CA_BUNDLE" && exit 7`, "sh", out})
	text, err := os.ReadFile(out)
	if code != 7 || err != nil {
		t.Fatalf("%d, %v", code, err)
	}
	for _, want := range []string{"AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS=http://127.0.0.1:", "AWS_ENDPOINT_URL_S3=https://127.0.0.1:", "AWS_ENDPOINT_URL_SECRETS_MANAGER=http://127.0.0.1:", "AWS_REGION="} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// TestACommandIsToldToEnd when this process is.
func TestACommandIsToldToEnd(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if code := follow(ctx, []string{"sh", "-c", `trap 'exit 5' TERM; while :; do sleep 0.02; done`}, nil); code != 5 {
		t.Errorf("ended with %d", code)
	}
	if code := follow(t.Context(), []string{"/does/not/exist"}, nil); code != 1 {
		t.Errorf("a command that is not there: %d", code)
	}
}
