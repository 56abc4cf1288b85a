package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestSpace uses real disks of 8 MiB. It is skipped if mounting is not allowed.
func TestSpace(t *testing.T) {
	t.Parallel()
	o := newWorkspace(t)
	tells(t, o, "space for the lake", OK, "a run may need 64 MiB", "")
	lake := filepath.Join(o.Dir, "lake")
	must(t, os.Mkdir(lake, 0o777))
	for _, dir := range []string{lake, o.Scratch} {
		err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m")
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
			t.Skip("mounting a disk is not permitted here")
		}
		must(t, err)
		t.Cleanup(func() { must(t, syscall.Unmount(dir, 0)) })
	}
	tells(t, o, "space for the lake", Warn, "8 MiB free in "+lake+"; a run may need 64 MiB", "make room")
	tells(t, o, "space for queries", Warn, "8 MiB free in "+o.Scratch+"; an export may need 64 MiB", "TMPDIR")
}
