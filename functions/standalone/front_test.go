package main

import "testing"

// A front is one way in which callers reach the service. What is tested on each
// front runs on two mixes: the standalone process, and, with the tag cloud, the
// functions behind a gateway, with the data plane before them and without.
type front struct {
	name  string
	large int // bytes of an image that is large, and still goes through in one request
	start func(t *testing.T, settings ...string) *service
}

// eachFront runs a test on every front of the mix.
func eachFront(t *testing.T, test func(t *testing.T, f front)) {
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) { test(t, f) })
	}
}
