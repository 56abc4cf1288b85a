package commands

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestInitThatFails checks that an init that fails, such as on a full disk, or was killed at any of its steps, is
// completed by the same command, and that nobody takes the folder for a workspace before.
func TestInitThatFails(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "new/billing"} {
		dir := filepath.Join(t.TempDir(), name)
		half := func(to string) error {
			return errors.Join(os.WriteFile(filepath.Join(to, "half"), nil, 0o600), syscall.ENOSPC)
		}
		if err := inNewFolder(dir, ".init-", half); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("error %v", err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v left: %v", left, err)
		}
		if err := errors.Join(os.Mkdir(filepath.Join(dir, ".init-.tmp"), 0o700), inNewFolder(dir, ".init-",
			writeEmpty)); err != nil {
			t.Error(err)
		}
		complete(t, dir)
	}
	dir := t.TempDir() // killed while the content is moved
	whole := filepath.Join(dir, ".init-")
	if err := errors.Join(os.Mkdir(whole, 0o700), writeEmpty(whole), os.Rename(filepath.Join(whole, "books"),
		filepath.Join(dir, "books"))); err != nil {
		t.Fatal(err)
	}
	if err := inNewFolder(dir, ".init-usage", writeEmpty); err == nil {
		t.Error("another init continues")
	}
	if err := inNewFolder(dir, ".init-", writeEmpty); err != nil {
		t.Error(err)
	}
	complete(t, dir)
}

// complete checks what an empty workspace has at the top.
func complete(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if len(names) != 3 || names[0] != "books" || names[1] != "inbox" || names[2] != "tollbook.yaml" {
		t.Errorf("the workspace has %q", names)
	}
}
