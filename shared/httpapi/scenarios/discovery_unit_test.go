//go:build !cloud

package scenarios

import (
	"testing"

	"github.com/gander-images/gander/shared/image"
)

// TestInfoOfStores tells of stores and ways to import that no scenario has.
func TestInfoOfStores(t *testing.T) {
	w := newInside(t)
	w.services.ImportMethods = []string{"web-download"}
	w.call("GET /v2/info/import").says(`"value":["web-download"]`)

	w.services.Stores = []image.Store{
		{ID: "fast", Description: "quick one", Type: "file", Weight: 100},
		{ID: "old", Type: "s3", ReadOnly: true, Properties: map[string]any{"bucket": "b"}},
		{ID: "os_glance_staging_store", Type: "file"},
	}
	w.call("GET /v2/info/stores", as("nobody")).want(200).
		is(`{"stores":[{"id":"fast","description":"quick one","default":"true"},{"id":"old","read-only":"true"}]}`)
	w.call("GET /v2/info/stores/detail", as("admin")).
		is(`{"stores":[{"id":"fast","description":"quick one","default":"true","type":"file","properties":{},"weight":100},` +
			`{"id":"old","read-only":"true","type":"s3","properties":{"bucket":"b"},"weight":0}]}`)
}
