//go:build !nethttpomithttp2

package boot

// protocols are those that a listener with TLS offers, the best first.
var protocols = []string{"h2", "http/1.1"}
