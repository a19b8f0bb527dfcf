//go:build !cloud

package httpapi

import "testing"

// everyKind says that each kind of image of a row is tried, and that refusals
// are held to changing nothing.
const everyKind = true

// sharedMatrix is none: each row has a world of its own.
func sharedMatrix(testing.TB) *matrix { return nil }
