package file

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

const (
	// directFrom is how many bytes of an object go through the system's cache,
	// for whoever reads a small image next. What follows goes past it: the cache
	// would take as much processor time as a hash, and the memory of everything
	// else on the machine.
	directFrom = 16 << 20

	// directGrain is what offset, length and memory of a write past the cache are
	// multiples of. Devices ask for 512 bytes or 4 KiB.
	directGrain = 4 << 10
)

// A direct says which writes of a file go past the system's cache.
type direct struct {
	file  *os.File
	from  int64
	grain int64
	on    bool // the file is open so
	never bool // it cannot be, or need no longer
}

// write writes p, which begins at offset at, to its end or to the first error.
func (d *direct) write(p []byte, at int64) (n int, err error) {
	if !d.takes(p, at) {
		d.leave()
		return d.file.Write(p)
	}
	n, err = d.file.Write(p)
	if errors.Is(err, syscall.EINVAL) { // the file system is stricter than we are, or cannot
		d.leave()
		var rest int
		rest, err = d.file.Write(p[n:])
		n += rest
	}
	return n, err
}

// takes reports whether p goes past the cache, and sees to it.
func (d *direct) takes(p []byte, at int64) bool {
	if d.never || at < d.from || len(p) == 0 {
		return false
	}
	memory := int64(uintptr(unsafe.Pointer(unsafe.SliceData(p))))
	if (at|int64(len(p))|memory)%d.grain != 0 {
		return false
	}
	if !d.on {
		d.on = setDirect(d.file, true)
		d.never = !d.on
	}
	return d.on
}

// leave has writes go through the cache again: for good, once some went past it.
func (d *direct) leave() {
	if d.on {
		setDirect(d.file, false)
		d.on, d.never = false, true
	}
}
