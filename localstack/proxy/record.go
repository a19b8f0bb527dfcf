package proxy

import (
	"cmp"
	"maps"
	"slices"
)

// Uses are all that was done so far, each once, in order. What was refused is
// not among them; what a fault then kept from happening is.
func (p *Proxy) Uses() []Use { return p.sorted(p.uses) }

// Denied are what functions asked for and may not.
func (p *Proxy) Denied() []Use { return p.sorted(p.denied) }

func (p *Proxy) sorted(from map[Use]int) []Use {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.SortedFunc(maps.Keys(from), func(a, b Use) int {
		return cmp.Or(cmp.Compare(a.Function, b.Function), cmp.Compare(a.Action, b.Action), cmp.Compare(a.Resource, b.Resource))
	})
}
