package feed

import (
	"io/fs"
	"syscall"
)

// stampOf asks the system for a file's stamp; not ok where the file system is none of the system's.
func stampOf(fsys fs.FS, name string) (s stamp, ok bool) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return stamp{}, false
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{}, false
	}
	return stamp{size: sys.Size, mtime: sys.Mtim.Nano(), ctime: sys.Ctim.Nano(), inode: sys.Ino}, true
}
