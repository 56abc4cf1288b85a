package storage_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// TestUnlockInSpiteOfAChild checks that a released lock is free even if a child process, between fork and exec, has its
// parent's files open, including that of the lock.
func TestUnlockInSpiteOfAChild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	st := storage.Dir(dir)
	lock, err := st.Lock()
	if err != nil {
		t.Fatal(err)
	}
	child := inherited(t, filepath.Join(dir, storage.LockName))
	defer unix.Close(child)
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if lock, err = st.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
}

// inherited opens again a file that this process has open, as a child process would have it.
func inherited(t *testing.T, name string) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range open {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err != nil || to != name {
			continue
		}
		fd, err := strconv.Atoi(e.Name())
		if err == nil {
			fd, err = unix.Dup(fd)
		}
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	t.Fatalf("%s is not open", name)
	return -1
}
