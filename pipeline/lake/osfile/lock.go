package osfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Kind is the kind of a lock.
type Kind int

// The kinds of locks.
const (
	Shared    Kind = unix.LOCK_SH
	Exclusive Kind = unix.LOCK_EX
)

// ErrLocked is the error of TryLock if another open file has a lock that excludes the requested one.
var ErrLocked error = unix.EWOULDBLOCK

// Lock locks a file (OSFILE-3). It waits until no lock excludes it.
func Lock(f *os.File, kind Kind) error { return flock(f, int(kind)) }

// TryLock is Lock without waiting: it returns ErrLocked instead.
func TryLock(f *os.File, kind Kind) error { return flock(f, int(kind)|unix.LOCK_NB) }

// Unlock releases the lock of a file that stays open, or that a process that is being started inherited.
func Unlock(f *os.File) error { return flock(f, unix.LOCK_UN) }

func flock(f *os.File, how int) error {
	for {
		if err := unix.Flock(int(f.Fd()), how); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
