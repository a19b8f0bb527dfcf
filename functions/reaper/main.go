// Command reaper follows the table's change stream and does what became due.
package main

import "github.com/gander-images/gander/shared/boot"

func main() { boot.Consume(boot.Reaper) }
