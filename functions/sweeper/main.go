// Command sweeper does, by a timer, whatever is due.
package main

import "github.com/gander-images/gander/shared/boot"

func main() { boot.Consume(boot.Sweeper) }
