//go:build !cloud

package httpapi

import (
	"slices"
	"testing"
)

// Each version that is listed is a name under which the API is served.
func TestListedVersionsAreServed(t *testing.T) {
	for _, v := range minorVersions {
		if !slices.Contains(knownVersions, "v"+v) {
			t.Errorf("%s is listed and not served", v)
		}
	}
}
