package storage

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// LockKind is the kind of a lock.
type LockKind int

// The kinds of locks.
const (
	SharedLock    LockKind = unix.LOCK_SH
	ExclusiveLock LockKind = unix.LOCK_EX
)

// ErrLocked is the error of TryLockFile if another open file has a lock that excludes the requested one.
var ErrLocked error = unix.EWOULDBLOCK

// LockFile locks a file (OSFILE-3). It waits until no lock excludes it.
func LockFile(f *os.File, kind LockKind) error { return flock(f, int(kind)) }

// TryLockFile is Lock without waiting: it returns ErrLocked instead.
func TryLockFile(f *os.File, kind LockKind) error { return flock(f, int(kind)|unix.LOCK_NB) }

// UnlockFile releases the lock of a file that stays open, or that a process that is being started inherited.
func UnlockFile(f *os.File) error { return flock(f, unix.LOCK_UN) }

func flock(f *os.File, how int) error {
	for {
		if err := unix.Flock(int(f.Fd()), how); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
