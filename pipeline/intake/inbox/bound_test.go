package inbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRememberedIsBounded checks the limits of stored files: the oldest are removed, files with other names never.
func TestRememberedIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name string, size int, age time.Duration) {
		t.Helper()
		at := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC).Add(-age)
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, make([]byte, size), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	put("inbox-00000000000000aa", 10, 3*time.Hour)
	put("stamps-00000000000000aa", 10, 2*time.Hour)
	put("inbox-00000000000000bb-123.tmp", 10, 4*time.Hour) // left by a process that was killed
	put("inbox-00000000000000cc", 10, time.Hour)
	put("notes", 1000, 9*time.Hour)
	put("inbox-README", 1000, 9*time.Hour)
	own := filepath.Join(dir, "inbox-00000000000000dd")
	put(filepath.Base(own), 10, 0)
	check := func(maxFiles int, maxBytes int64, want ...string) {
		t.Helper()
		bound(own, maxFiles, maxBytes)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		want = append(want, "inbox-00000000000000dd", "inbox-README", "notes")
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("bound(%d, %d) left %v, want %v", maxFiles, maxBytes, got, want)
		}
	}
	check(5, 50, "inbox-00000000000000aa", "inbox-00000000000000bb-123.tmp", "inbox-00000000000000cc",
		"stamps-00000000000000aa")
	check(4, 50, "inbox-00000000000000aa", "inbox-00000000000000cc", "stamps-00000000000000aa")
	check(9, 35, "inbox-00000000000000cc", "stamps-00000000000000aa")
	check(9, 5)
}

// TestReplaceFileIsBounded checks the limit of stored workspaces per user, and a file that is too large.
func TestReplaceFileIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 3 * maxRemembered {
		if err := ReplaceFile(filepath.Join(dir, fmt.Sprintf("inbox-%032x", i)), "remembered"); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != maxRemembered {
		t.Errorf("%d files, want %d: %v", len(entries), maxRemembered, err)
	}
	large := filepath.Join(dir, "inbox-ffffffffffffffff")
	if err := ReplaceFile(large, strings.Repeat("x", maxRememberedBytes+1)); err == nil {
		t.Error("a file over the bound was written")
	}
	if _, err := os.Stat(large); err == nil {
		t.Error("it is there")
	}
}
