//go:build cloud

package dynamo_test

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/emulatortest"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/dynamo"
	"github.com/gander-images/gander/shared/table/tabletest"
)

// wrongIn tells what an engine is known to get wrong. See docs/emulators.md.
func wrongIn(t *testing.T) map[string]string {
	if ministack(t) {
		return map[string]string{
			"Limits/transaction bytes": "ministack holds the request's JSON, base64 and all, to 4 MB; DynamoDB the items",
		}
	}
	return nil
}

// ministack reports whether it is the engine that the environment names.
func ministack(t *testing.T) bool {
	t.Helper()
	endpoint := os.Getenv("AWS_ENDPOINT_URL_DYNAMODB")
	if endpoint == "" {
		endpoint = os.Getenv("AWS_ENDPOINT_URL")
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(endpoint, "/")+"/_ministack/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("asking what engine this is; localstack/emulate starts one: %v", err)
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func TestConformance(t *testing.T) {
	wrong := wrongIn(t)
	tabletest.Run(t, func(t *testing.T) tabletest.Store {
		s := open(emulatortest.NewStream(t))
		s.Wrong = wrong
		return s
	})
}

func open(p emulatortest.Place) tabletest.Store {
	d := dynamo.Open(p.Config, p.Table)
	return tabletest.Store{
		Table: d, Feed: dynamo.Follow(d, p.Config),
		Reopen: func(*testing.T) tabletest.Store { return open(p) },
	}
}

// TestNoTable asks real engines for a table that is not there.
func TestNoTable(t *testing.T) {
	place := emulatortest.NewTable(t)
	key := table.Key{Partition: "p", Sort: "s"}
	d := dynamo.Open(place.Config, "gander-is-not-here")
	_, get := d.Get(t.Context(), key)
	_, batch := d.Get(t.Context(), key, table.Key{Partition: "p", Sort: "t"})
	_, query := d.Query(t.Context(), table.Query{Partition: "p", Limit: 1})
	_, transact := d.Transact(t.Context(), table.Write{Kind: table.Put, Key: key, If: table.IfAbsent()})
	feed := dynamo.Follow(d, place.Config).Changes(t.Context(), "c", nil)
	streamless := dynamo.Follow(dynamo.Open(place.Config, place.Table), place.Config).Changes(t.Context(), "c", nil)
	for call, err := range map[string]error{
		"Get": get, "Get of two": batch, "Query": query, "Transact": transact, "Changes": feed, "Changes without a stream": streamless,
	} {
		if status, _ := problem.Status(err); !errors.Is(err, table.ErrUnusable) || status != http.StatusServiceUnavailable || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", call, err)
		}
	}
}
