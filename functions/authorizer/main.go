// Command authorizer tells an API gateway who is asking.
package main

import "github.com/gander-images/gander/shared/boot"

func main() { boot.Consume(boot.Authorizer) }
