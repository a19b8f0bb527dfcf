//go:build clients && cloud

package main

// builtFronts are those of the functions that "make build" made.
var builtFronts = fronts
