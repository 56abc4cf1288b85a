package workspacecmd

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestInitThatFails checks that an init that fails, such as on a full disk, leaves the folder as it was, so that the
// same command can be run again.
func TestInitThatFails(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "new/billing"} {
		dir := filepath.Join(t.TempDir(), name)
		err := inNewFolder(dir, func() error {
			return errors.Join(writeEmpty(dir), syscall.ENOSPC)
		})
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("error %v", err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v left: %v", left, err)
		}
		if err := inNewFolder(dir, func() error { return writeEmpty(dir) }); err != nil {
			t.Error(err)
		}
	}
}
