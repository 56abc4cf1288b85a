package storage_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// TestDiscard checks that a discarded part of a file uses no space, that the rest of the file is unchanged, and that a
// missing file is not an error.
func TestDiscard(t *testing.T) {
	t.Parallel()
	const from, n, size = 1 << 20, 2 << 20, 4 << 20
	root := t.TempDir()
	st := storage.Dir(root)
	text := bytes.Repeat([]byte("rows of a bucket"), size/16)
	put(t, st, "tmp/run", string(text))
	disk, ok := st.(storage.Discarder)
	if !ok {
		t.Fatal("a folder is no Discarder")
	}
	before := blocks(t, filepath.Join(root, "tmp/run"))
	disk.Discard("tmp/run", from, n)
	disk.Discard("tmp/run", 0, 0)
	disk.Discard("tmp/none", 0, size)
	got := get(t, st, "tmp/run")
	if len(got) != size || got[:from] != string(text[:from]) || got[from+n:] != string(text[from+n:]) {
		t.Errorf("of %d bytes %d are left, or bytes outside [%d, %d) changed", size, len(got), from, from+n)
	}
	if after := blocks(t, filepath.Join(root, "tmp/run")); after > before-n*9/10 {
		t.Errorf("the file takes %d bytes, and %d before %d were discarded", after, before, n)
	}
}

// blocks returns the disk space of a file after it was synced.
func blocks(t *testing.T, path string) int64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var stat unix.Stat_t
	if err := unix.Fsync(int(f.Fd())); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fstat(int(f.Fd()), &stat); err != nil {
		t.Fatal(err)
	}
	return stat.Blocks * 512
}
