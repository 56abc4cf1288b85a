package inbox

import (
	"io/fs"
	"syscall"
)

// systemStamp returns what the system knows of a file; ok is false if it is not a file of the system.
func systemStamp(info fs.FileInfo) (s stamp, ok bool) {
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{}, false
	}
	return stamp{size: sys.Size, mtime: sys.Mtim.Nano(), ctime: sys.Ctim.Nano(), inode: sys.Ino}, true
}
