package protect

import "sync"

// maxPlaces bounds the names that are remembered. Callers make names up, so
// there is no end to them.
const maxPlaces = 4096

// places remember which section each name belongs to, so that a list does not
// look for the same name in every image anew.
type places struct {
	mutex sync.RWMutex
	known map[string]int
}

// of returns the place of the name, found once.
func (p *places) of(name string, find func() int) int {
	p.mutex.RLock()
	at, ok := p.known[name]
	p.mutex.RUnlock()
	if ok {
		return at
	}
	at = find()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.known == nil || len(p.known) >= maxPlaces { // full of names that nobody may ask for again
		p.known = make(map[string]int)
	}
	p.known[name] = at
	return at
}
