//go:build !cloud

package scenarios

import "testing"

// holdsRefusals says that the matrix holds what is refused to changing nothing.
const holdsRefusals = true

// sharedMatrix is none: each row has a world of its own, which is soon read.
func sharedMatrix(testing.TB) *matrix { return nil }

// matrixImages are the images that a row is played on: all of them.
func matrixImages(images []string) []string { return images }
