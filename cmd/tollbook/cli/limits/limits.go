package limits

import (
	"errors"
	"syscall"
)

// Hint says what to do about an error of the operating system; "" = the error has another cause.
func Hint(err error) string {
	for _, h := range []struct {
		cause syscall.Errno
		text  string
	}{
		{syscall.ENOSPC, "make room on the disk of the file that is named, then run the command again"},
		{syscall.EDQUOT, "make room, or raise the quota of the user that runs tollbook, then run the command again"},
		{syscall.EMFILE, "raise the limit of open files, as with `ulimit -n 4096`, then run the command again"},
		{syscall.ENFILE, "raise the system's limit of open files, then run the command again"},
		{syscall.EFBIG, "raise the limit of file sizes, as with `ulimit -f unlimited`, then run the command again"},
		{syscall.EACCES, "give the user that runs tollbook the right to use the file or folder that is named, and to " +
			"write in the folder around it; if another user ran tollbook once, chown -R all folders of the workspace"},
		{syscall.ENOTDIR, "a part of the path that is named is a file: move it away, and put the folder back"},
		{syscall.EROFS, "mount the file system of the file that is named for writing, or use another folder"},
	} {
		if errors.Is(err, h.cause) {
			return h.text
		}
	}
	return ""
}
