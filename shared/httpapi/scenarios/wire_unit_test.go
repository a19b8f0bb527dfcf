//go:build !cloud

package scenarios

import "time"

// What the service may spend, as its callers are promised.
const (
	retries    = 5                     // of a write that lost to others
	firstPause = 20 * time.Millisecond // at most, before the first of them
	maxPiece   = 256 << 10             // bytes of a list of members that are made before they are sent
)
