package problem

import "syscall"

// systemHint says what to do when the operating system refuses an operation for lack of room, files or rights; "" =
// the error has another cause. The message of the error names the file.
func systemHint(cause syscall.Errno) string {
	switch cause {
	case syscall.ENOSPC:
		return "make room on the disk of the file that is named, then run the command again"
	case syscall.EDQUOT:
		return "make room, or raise the quota of the user that runs tollbook, then run the command again"
	case syscall.EMFILE:
		return "raise the limit of open files, as with `ulimit -n 4096`, then run the command again"
	case syscall.ENFILE:
		return "raise the system's limit of open files, then run the command again"
	case syscall.EFBIG:
		return "raise the limit of file sizes, as with `ulimit -f unlimited`, then run the command again"
	case syscall.EACCES:
		return "give the user that runs tollbook the right to use the file or folder that is named, and to " +
			"write in the folder around it; if another user ran tollbook once, chown -R all folders of the workspace"
	case syscall.ENOTDIR:
		return "a part of the path that is named is a file: move it away, and put the folder back"
	case syscall.EROFS:
		return "mount the file system of the file that is named for writing, or use another folder"
	default:
		return ""
	}
}
