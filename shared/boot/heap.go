package boot

import "sync"

// heapReserve is how many bytes the garbage collector takes for used that are
// not. What a service keeps is a few MiB; Go would collect whenever as much again
// was asked for, every few dozen requests. So it collects a fifth as often. The
// reserve is never touched, and so takes no memory; garbage may take as much,
// and no multiple of it when there is more to keep.
const heapReserve = 16 << 20

var reserveHeap = sync.OnceValue(func() []byte { return make([]byte, heapReserve) })
