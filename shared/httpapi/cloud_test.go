//go:build cloud

package httpapi

import (
	"context"
	"flag"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/emulatortest"
	"github.com/gander-images/gander/localstack/gateway"
	"github.com/gander-images/gander/shared/blob/s3"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/table/dynamo"
)

// shape chooses the kind of gateway; the template's is a REST API.
var shape = flag.String("shape", "rest", "kind of gateway in front of the functions: rest, http, alb or albmulti")

var shapes = map[string]gateway.Shape{"rest": gateway.REST, "http": gateway.HTTP, "alb": gateway.ALB, "albmulti": gateway.ALBMulti}

// openMix starts the template's functions behind the gateway, over a table and a
// bucket of their own.
func openMix(t testing.TB, settings []string) *mix {
	t.Helper()
	all, err := issued()
	if err != nil {
		t.Fatal(err)
	}
	root, err := emulatortest.Root()
	if err != nil {
		t.Fatal(err)
	}
	place, logs := emulatortest.New(t), &lockedBuffer{}
	kind, ok := shapes[*shape]
	if !ok {
		t.Fatalf("there is no shape %q", *shape)
	}
	g, err := gateway.Start(gateway.Config{
		Template: filepath.Join(root, "template.yaml"),
		Parameters: map[string]string{
			"PublicEndpoint": publicEndpoint, "DevelopmentKey": all.key, "Retention": "1h", "DataPlane": "off",
		},
		Names:   map[string]string{"Table": place.Table, "Table.StreamArn": place.Stream, "Bucket": place.Bucket},
		Environ: environ(settings),
		AWS:     place.Config, Shape: kind, Log: logs,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Close()
		reached.add(g.Functions(), g.Tally())
		if t.Failed() {
			t.Logf("the functions wrote:\n%s", logs)
		}
	})
	at, err := url.Parse(g.URL())
	if err != nil {
		t.Fatal(err)
	}
	tab := dynamo.Open(place.Config, place.Table)
	return &mix{
		url: at, client: &http.Client{CheckRedirect: toTheBytes}, store: "s3", table: tab,
		source: imagetest.Through(tab, place.Keys), blobs: s3.Open(place.Config, place.Bucket), logged: logs.String,
		sweep:   func() error { return g.Sweep(context.Background()) },
		differs: met.behind(*shape, t.Name()),
	}
}

// readers are the functions that read what a scenario may set.
var readers = map[string]string{"GANDER_IMAGE_SIZE_CAP": ImageDataUpload.Name, "GANDER_RETENTION": ImageDelete.Name}

// environ is how functions find the engines, and what a scenario sets for them.
func environ(settings []string) func(function string) []string {
	return func(function string) []string {
		var pairs []string
		for _, pair := range os.Environ() {
			if strings.HasPrefix(pair, "AWS_") {
				pairs = append(pairs, pair)
			}
		}
		for _, pair := range settings {
			if name, _, _ := strings.Cut(pair, "="); readers[name] == function {
				pairs = append(pairs, pair)
			}
		}
		return pairs
	}
}

// toTheBytes follows the redirect of a download, and no other.
func toTheBytes(next *http.Request, via []*http.Request) error {
	from := via[len(via)-1]
	if next.Response.StatusCode == http.StatusFound && strings.HasSuffix(from.URL.Path, "/file") && len(via) == 1 {
		return nil
	}
	return http.ErrUseLastResponse
}
