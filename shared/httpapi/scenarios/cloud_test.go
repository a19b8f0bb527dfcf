//go:build cloud

package scenarios

import (
	"context"
	"flag"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/emulatortest"
	"github.com/gander-images/gander/localstack/gateway"
	"github.com/gander-images/gander/localstack/grants"
	"github.com/gander-images/gander/localstack/template"
	"github.com/gander-images/gander/shared/blob/s3"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/table/dynamo"
)

// shape chooses the kind of gateway; the template's is a REST API, below a host
// name or, as "stage", at its own URL, whose path begins with the stage. With
// "data" the data plane stands before it, as in a deployment that has one; with
// "authorizer" an authorizer is asked who is asking, and the functions ask nobody.
var shape = flag.String("shape", "rest", "kind of gateway in front of the functions: rest, stage, data, authorizer, http, alb or albmulti")

var shapes = map[string]gateway.Shape{
	"rest": gateway.REST, "stage": gateway.REST, "data": gateway.REST, "authorizer": gateway.REST, "http": gateway.HTTP, "alb": gateway.ALB, "albmulti": gateway.ALBMulti,
}

// openMix starts the template's functions behind the gateway, over a table and a
// bucket of their own. Each signs with a key of its own, and may do what its role
// grants.
func openMix(t testing.TB, settings []string) *mix {
	t.Helper()
	return openStack(t, emulatortest.New(t), settings, nil)
}

// openStack does so over a place that is there, with more parameters than those of
// every stack.
func openStack(t testing.TB, place emulatortest.Place, settings []string, more map[string]string) *mix {
	t.Helper()
	all, err := issued()
	if err != nil {
		t.Fatal(err)
	}
	root, err := emulatortest.Root()
	if err != nil {
		t.Fatal(err)
	}
	logs := &lockedBuffer{}
	kind, ok := shapes[*shape]
	if !ok {
		t.Fatalf("there is no shape %q", *shape)
	}
	stack, parameters := filepath.Join(root, "template.yaml"), map[string]string{
		"PublicEndpoint": publicEndpoint, "DevelopmentKey": all.key, "Retention": "1h", "DataPlane": "off",
		// The engines are shared: a deployment of its own is secrets of its own.
		"Deployment": place.Table,
	}
	if *shape == "authorizer" {
		parameters["Authorizer"] = "on"
	}
	maps.Copy(parameters, more)
	guard := openGuard(t, place, stack, parameters)
	config := gateway.Config{
		Template: stack, Parameters: parameters, Names: place.Names(), Environ: environ(guard, settings),
		AWS: place.Config, Shape: kind, Log: logs,
	}
	if *shape == "data" {
		config.DataPlane = startDataPlane(t, place, settings, logs)
	}
	g, err := gateway.Start(config)
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
	reach := g.URL()
	if *shape == "stage" {
		reach = g.StageURL()
	}
	at, err := url.Parse(reach)
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

// openGuard starts what holds the functions to their grants.
func openGuard(t testing.TB, place emulatortest.Place, stack string, parameters map[string]string) *grants.Guard {
	t.Helper()
	engines, err := place.Engines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	roles, err := grants.Read(stack, template.Options{Parameters: parameters, Names: place.Names()})
	if err != nil {
		t.Fatal(err)
	}
	guard, err := grants.NewGuard(roles, engines)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, u := range guard.Denied() {
			t.Errorf("%s may not do %s on %s, and did", u.Function, u.Action, u.Resource)
		}
		guard.Close()
	})
	return guard
}

// environ is how functions find the engines, and what a scenario sets: each reads
// what it has a use for.
func environ(guard *grants.Guard, settings []string) func(function string) []string {
	return func(function string) []string { return append(guard.Environ(function), settings...) }
}

// toTheBytes follows the redirect of a download, and no other.
func toTheBytes(next *http.Request, via []*http.Request) error {
	from := via[len(via)-1]
	ofBytes := strings.HasSuffix(from.URL.Path, "/file") || strings.Contains(from.URL.Path, "/v1/images/")
	if next.Response.StatusCode == http.StatusFound && ofBytes && len(via) == 1 {
		return nil
	}
	return http.ErrUseLastResponse
}
