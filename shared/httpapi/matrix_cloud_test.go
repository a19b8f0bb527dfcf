//go:build cloud

package httpapi

import "testing"

// everyKind leaves all but the first kind of image of each row to the local mix.
const everyKind = false

// sharedMatrix is one world for all rows: the functions start once.
func sharedMatrix(t testing.TB) *matrix { return newMatrix(newWorld(t)) }
