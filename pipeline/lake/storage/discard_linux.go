package storage

import (
	"os"

	"golang.org/x/sys/unix"
)

// Discard implements Discarder. The system frees what it holds of the file in memory, and does not write to the disk
// what it has not yet written.
func (d *dirStorage) Discard(name string, off, n int64) {
	if n <= 0 || checkName("discard a part of", name) != nil {
		return
	}
	f, err := os.OpenFile(d.path(name), os.O_WRONLY, 0)
	if err != nil {
		return
	}
	_ = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	_ = f.Close() // nothing was written
}
