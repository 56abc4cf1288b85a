package inbox

import (
	"io/fs"
	"syscall"
)

// systemStamp is what the system knows of a file; not ok where the file system is none of the system's.
func systemStamp(info fs.FileInfo) (s stamp, ok bool) {
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{}, false
	}
	return stamp{size: sys.Size, mtime: sys.Mtim.Nano(), ctime: sys.Ctim.Nano(), inode: sys.Ino}, true
}
