package identity

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// A key names a token in the cache without keeping it.
type key [sha256.Size]byte

func keyOf(token string) key { return sha256.Sum256([]byte(token)) }

type entry struct {
	key     key
	verdict Verdict
	version uint64
	until   time.Time // the first moment at which it must be asked for anew
}

// A cache remembers valid tokens; when it is full the one used longest ago goes.
type cache struct {
	size int

	mu     sync.Mutex
	byKey  map[key]*list.Element
	recent *list.List // of entry, the latest used first
}

func newCache(size int) *cache {
	return &cache{size: size, byKey: make(map[key]*list.Element), recent: list.New()}
}

func (c *cache) get(k key, version uint64, now time.Time) (Verdict, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, found := c.byKey[k]
	if !found {
		return Verdict{}, false
	}
	e := element.Value.(entry)
	if e.version != version || !now.Before(e.until) {
		c.remove(element)
		return Verdict{}, false
	}
	c.recent.MoveToFront(element)
	return e.verdict, true
}

func (c *cache) put(k key, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, found := c.byKey[k]; found {
		c.remove(old)
	}
	for c.recent.Len() >= c.size {
		c.remove(c.recent.Back())
	}
	e.key = k
	c.byKey[k] = c.recent.PushFront(e)
}

func (c *cache) remove(element *list.Element) {
	delete(c.byKey, element.Value.(entry).key)
	c.recent.Remove(element)
}
