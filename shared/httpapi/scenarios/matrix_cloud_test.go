//go:build cloud

package scenarios

import "testing"

// holdsRefusals: reading all that the matrix made, after each of its calls, would
// take hours here.
const holdsRefusals = false

// sharedMatrix is one world for all rows: the functions start once.
func sharedMatrix(t testing.TB) *matrix { return newMatrix(newWorld(t)) }
