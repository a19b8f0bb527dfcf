//go:build nethttpomithttp2

package boot

// protocols are those that a listener with TLS offers: functions are built
// without version 2.
var protocols = []string{"http/1.1"}
