// Command standalone is gander: every operation and every consumer in one
// process.
package main

import "github.com/gander-images/gander/shared/boot"

func main() { boot.Standalone() }
