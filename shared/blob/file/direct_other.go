//go:build !linux

package file

import "os"

// Elsewhere all goes through the cache.
func setDirect(*os.File, bool) bool { return false }
