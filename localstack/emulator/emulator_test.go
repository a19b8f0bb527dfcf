package emulator_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/emulator"
)

// TestMain is also the engine of these tests: it serves where dynoxide would.
func TestMain(m *testing.M) {
	if len(os.Args) > 4 && os.Args[1] == "engine" {
		l, err := net.Listen("tcp", net.JoinHostPort(os.Args[3], os.Args[5]))
		if err != nil {
			os.Exit(1)
		}
		_ = http.Serve(l, http.NotFoundHandler())
	}
	os.Exit(m.Run())
}

// install puts a program in the place of an engine.
func install(t *testing.T, script string) string {
	t.Helper()
	build := t.TempDir()
	if err := os.Mkdir(filepath.Join(build, "tools"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(build, "tools", "dynoxide"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return build
}

func TestEnginesRunUntilTheyAreStopped(t *testing.T) {
	build := install(t, `exec "`+os.Args[0]+`" engine "$@"`)
	e, err := emulator.Start(t.Context(), emulator.Options{Build: build}, "dynoxide")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Stop()
	at := map[string]string{}
	for _, pair := range e.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		at[name] = value
	}
	address := strings.TrimPrefix(at["AWS_ENDPOINT_URL_DYNAMODB"], "http://")
	if address == "" || at["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] != "http://"+address || at["AWS_ENDPOINT_URL_S3"] != "" ||
		at["AWS_ACCESS_KEY_ID"] == "" || at["AWS_SECRET_ACCESS_KEY"] == "" || at["AWS_REGION"] != emulator.Region {
		t.Errorf("%v", at)
	}
	if !open(address) {
		t.Error("it does not answer")
	}
	e.Stop()
	if open(address) {
		t.Error("it answers after its end")
	}
}

func open(address string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

func TestWhyThereIsNoEngine(t *testing.T) {
	for _, test := range []struct {
		build, want string
		engines     []string
	}{
		{t.TempDir(), "make emulators", []string{"dynoxide"}},
		{t.TempDir(), "versitygw-https", []string{"kumo"}},
		{install(t, "exit 3"), "exit status 3", []string{"dynoxide"}},
		{install(t, `exec "`+os.Args[0]+`" engine "$@"`), "answered by another engine", []string{"dynoxide", "ministack"}},
	} {
		e, err := emulator.Start(t.Context(), emulator.Options{Build: test.build}, test.engines...)
		if err == nil {
			e.Stop()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v", test.engines, err)
		}
	}
}

func TestTheTemplateHasAShape(t *testing.T) {
	if _, err := emulator.ReadShape("../../template.yaml"); err != nil {
		t.Error(err)
	}
	empty := filepath.Join(t.TempDir(), "template.yaml")
	if err := os.WriteFile(empty, []byte("Resources: {Table: {Type: T}, Bucket: {Type: B}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := emulator.ReadShape(empty); err == nil {
		t.Error("a table without keys was taken")
	}
}
