package file

import "os"

// writebackStep is how many bytes are written between two nudges to the disk.
// The kernel holds at most two steps of an object that the disk has not seen, so
// that the sync of a large object does not take minutes.
const writebackStep = 32 << 20

// A writeback sends a file's bytes to the disk while it is still written.
type writeback struct {
	file  *os.File
	on    bool
	size  int64 // written
	begun int64 // handed to the disk
	seen  int64 // on the disk
}

// wrote counts n bytes more. Its errors are the disk's, and final: the kernel
// tells each only once, so that the sync at the end would not tell it again.
func (b *writeback) wrote(n int64) error {
	b.size += n
	if !b.on || b.size-b.begun < writebackStep {
		return nil
	}
	before := b.begun
	if err := startWriteback(b.file, b.begun, b.size-b.begun); err != nil {
		return err
	}
	b.begun = b.size
	if before == b.seen {
		return nil
	}
	if err := awaitWriteback(b.file, b.seen, before-b.seen); err != nil {
		return err
	}
	b.seen = before
	return nil
}
