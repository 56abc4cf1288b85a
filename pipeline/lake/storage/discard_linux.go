package storage

import (
	"os"

	"golang.org/x/sys/unix"
)

// Discard implements Discarder. The system frees the memory of that part of the file, and does not write unwritten
// bytes of it to the disk.
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
