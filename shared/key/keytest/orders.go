package keytest

import (
	"strings"

	"github.com/gander-images/gander/shared/table"
)

// judgeOrders holds that each order stands once in a list, and each entry of those
// lists for an order.
func (w *world) judgeOrders() {
	listed := map[string]int{}
	for key, item := range w.items {
		if !strings.HasPrefix(key.Partition, "list#orders#") {
			continue
		}
		var id string
		if !w.read(item, &id) {
			continue
		}
		order := "order#" + table.Text(id, maxText)
		if _, there := w.items[table.Key{Partition: order, Sort: "order"}]; !there {
			w.fault("list %q has order %q, which is not there", key.Partition, id)
		}
		listed[order]++
	}
	for key := range w.items {
		if n := listed[key.Partition]; strings.HasPrefix(key.Partition, "order#") && n != 1 {
			w.fault("%q is in %d lists", key.Partition, n)
		}
	}
}
