//go:build cloud

package scenarios

import "testing"

// holdsRefusals: reading all that the matrix made, after each of its calls, would
// take hours here.
const holdsRefusals = false

// sharedMatrix is one world for all rows: the functions start once.
func sharedMatrix(t testing.TB) *matrix { return newMatrix(newWorld(t)) }

// matrixImages are the images that a row is played on: all behind one gateway, with
// and without an authorizer; behind the others, which decide nothing about images,
// the first of each row.
func matrixImages(images []string) []string {
	if *shape == "rest" || *shape == "authorizer" {
		return images
	}
	return images[:min(1, len(images))]
}
