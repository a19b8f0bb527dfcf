//go:build cloud

package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/emulatortest"
	"github.com/gander-images/gander/localstack/gateway"
)

// fronts are the ways to reach the functions: what is large for the one is more
// than any gateway takes.
var fronts = []front{
	{name: "data plane", large: 24<<20 + 17, start: func(t *testing.T, settings ...string) *service { return behindGateway(t, true, settings) }},
	{name: "functions alone", large: 3<<20 + 17, start: func(t *testing.T, settings ...string) *service { return behindGateway(t, false, settings) }},
}

// behindGateway starts the template's functions behind the gateway, the
// development identity beside them, and, if wanted, the data plane in front.
func behindGateway(t *testing.T, dataPlane bool, settings []string) *service {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	identity := startPart(t, "identity", filepath.Join(t.TempDir(), "data"), append(settings, "GANDER_PUBLIC_ENDPOINT="+url)...)
	key, err := os.ReadFile(filepath.Join(identity.data, "identity.pub"))
	if err != nil {
		t.Fatal(err)
	}
	place, root := emulatortest.New(t), projectRoot(t)
	config := gateway.Config{
		Template:   filepath.Join(root, "template.yaml"),
		Parameters: map[string]string{"DevelopmentKey": strings.TrimSpace(string(key)), "DataPlane": "off", "Deployment": place.Table},
		Names:      map[string]string{"Table": place.Table, "Table.StreamArn": place.Stream, "Bucket": place.Bucket},
		Environ:    func(string) []string { return engines() },
		AWS:        place.Config, Listener: listener, Log: &identity.logged,
	}
	if dataPlane {
		config.DataPlane = startPart(t, "data", "", append(append(settings, engines()...),
			"GANDER_PUBLIC_ENDPOINT="+url, "GANDER_TABLE="+place.Table, "GANDER_BUCKET="+place.Bucket,
			"GANDER_DEVELOPMENT_KEY="+strings.TrimSpace(string(key)))...).url
	}
	g, err := gateway.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	identity.url = g.URL()
	return identity
}

// startPart runs one part of what gander serves.
func startPart(t *testing.T, name, data string, settings ...string) *service {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return startCommand(t, exec.Command(binary, "serve", "-only", name), data, settings...)
}

// engines are the variables by which processes find what stands in for AWS.
func engines() []string {
	var pairs []string
	for _, pair := range os.Environ() {
		if strings.HasPrefix(pair, "AWS_") {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

func projectRoot(t *testing.T) string {
	t.Helper()
	root, err := emulatortest.Root()
	if err != nil {
		t.Fatal(err)
	}
	return root
}
