package storage_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

var errTest = errors.New("test")

// write returns a function that writes a text.
func write(text string) func(*os.File) error {
	return func(f *os.File) error {
		_, err := f.WriteString(text)
		return err
	}
}

// durableContent returns the files of a folder with their texts.
func durableContent(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(text)
	}
	return out
}

// TestReplace tests OSFILE-1 and the mode of the file.
func TestReplace(t *testing.T) {
	t.Parallel()
	fails := func(string, string) error { return errTest }
	for _, c := range []struct {
		name  string
		o     storage.ReplaceOptions
		write func(*os.File) error
		mode  fs.FileMode // 0 = not checked
		err   error
		want  map[string]string
	}{
		{"unsynced", storage.ReplaceOptions{Temporary: ".a-*.tmp"}, write("new"), 0o600, nil,
			map[string]string{"a": "new"}},
		{"content", storage.ReplaceOptions{Temporary: ".a-*.tmp", Mode: 0o640, Durability: storage.Content},
			write("new"), 0o640,
			nil, map[string]string{"a": "new"}},
		{"name", storage.ReplaceOptions{Temporary: ".a-*", Mode: 0o644, Durability: storage.Name}, write("new"), 0o644,
			nil,
			map[string]string{"a": "new"}},
		{"fixed temporary name", storage.ReplaceOptions{Temporary: "a.tmp", Mode: 0o644}, write("new"), 0o644, nil,
			map[string]string{"a": "new"}},
		{"write fails", storage.ReplaceOptions{Temporary: ".a-*"}, func(*os.File) error { return errTest }, 0, errTest,
			map[string]string{"a": "old", "a.tmp": "left by a killed process"}},
		{"write closes", storage.ReplaceOptions{Temporary: ".a-*", Durability: storage.Content}, (*os.File).Close, 0,
			os.ErrClosed, map[string]string{"a": "old", "a.tmp": "left by a killed process"}},
		{"write fails, fixed temporary name", storage.ReplaceOptions{Temporary: "a.tmp"},
			func(*os.File) error { return errTest }, 0, errTest, map[string]string{"a": "old"}},
		{"publish fails", storage.ReplaceOptions{Temporary: ".a-*", Publish: fails}, write("new"), 0, errTest,
			map[string]string{"a": "old", "a.tmp": "left by a killed process"}},
		{"link", storage.ReplaceOptions{Temporary: ".a-*", Publish: os.Link}, write("new"), 0, fs.ErrExist,
			map[string]string{"a": "old", "a.tmp": "left by a killed process"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			name := filepath.Join(dir, "a")
			for file, text := range map[string]string{"a": "old", "a.tmp": "left by a killed process"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := storage.ReplaceFile(name, c.o, c.write); !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			got := durableContent(t, dir)
			if c.err == nil && c.o.Temporary != "a.tmp" {
				delete(got, "a.tmp")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if info, err := os.Stat(name); err != nil || c.mode != 0 && info.Mode() != c.mode {
				t.Errorf("mode %v, error %v, want %v", info.Mode(), err, c.mode)
			}
		})
	}
}

// TestReplaceCreates tests that Replace creates a file, with Publish and without, and reports a missing folder.
func TestReplaceCreates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	err := errors.Join(
		storage.ReplaceFile(filepath.Join(dir, "a"), storage.ReplaceOptions{Temporary: ".a-*"}, write("1")),
		storage.ReplaceFile(filepath.Join(dir, "b"), storage.ReplaceOptions{Temporary: ".b-*", Publish: os.Link},
			write("2")))
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "b": "2"}, durableContent(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	err = storage.ReplaceFile(filepath.Join(dir, "none", "a"), storage.ReplaceOptions{Temporary: ".a-*"}, write("1"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one of a missing folder", err)
	}
}

// TestReplaceOpen tests that the file stays open and locked under its final name.
func TestReplaceOpen(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "a")
	o := storage.ReplaceOptions{Temporary: ".a-*", Mode: 0o644, Durability: storage.Content}
	f, err := storage.ReplaceOpenFile(name, o, func(f *os.File) error {
		return errors.Join(storage.TryLockFile(f, storage.ExclusiveLock), write("new")(f))
	})
	if err != nil {
		t.Fatal(err)
	}
	other := open(t, name)
	if err := storage.TryLockFile(other, storage.SharedLock); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("error %v, want ErrLocked", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := storage.TryLockFile(other, storage.SharedLock); err != nil {
		t.Error(err)
	}
	var failed *os.File
	f, err = storage.ReplaceOpenFile(name, o, func(f *os.File) error {
		failed = f
		return errTest
	})
	if f != nil || !errors.Is(err, errTest) || !errors.Is(failed.Close(), os.ErrClosed) {
		t.Errorf("file %v, error %v, want a closed file", f, err)
	}
	if diff := cmp.Diff(map[string]string{"a": "new"}, durableContent(t, filepath.Dir(name))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// open opens a file until the end of a test.
func open(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestLockFile tests which locks exclude each other, and OSFILE-3.
func TestLockFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first, second storage.LockKind
		want          error
	}{
		{storage.SharedLock, storage.SharedLock, nil},
		{storage.SharedLock, storage.ExclusiveLock, storage.ErrLocked},
		{storage.ExclusiveLock, storage.SharedLock, storage.ErrLocked},
		{storage.ExclusiveLock, storage.ExclusiveLock, storage.ErrLocked},
	} {
		dir := t.TempDir() // a folder can be locked too
		first, second := open(t, dir), open(t, dir)
		if err := storage.LockFile(first, c.first); err != nil {
			t.Error(err)
		}
		if err := storage.TryLockFile(second, c.second); !errors.Is(err, c.want) {
			t.Errorf("kinds %d and %d: error %v, want %v", c.first, c.second, err, c.want)
		}
		if err := errors.Join(storage.UnlockFile(first), storage.TryLockFile(second, c.second)); err != nil {
			t.Error(err)
		}
	}
}

// TestLockWaits tests that Lock waits for the holder.
func TestLockWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := open(t, dir), open(t, dir)
	if err := storage.LockFile(first, storage.ExclusiveLock); err != nil {
		t.Fatal(err)
	}
	events := make(chan string, 2)
	done := make(chan error)
	go func() {
		err := storage.LockFile(second, storage.ExclusiveLock)
		events <- "locked"
		done <- err
	}()
	events <- "released"
	if err := errors.Join(storage.UnlockFile(first), <-done); err != nil {
		t.Error(err)
	}
	if got := []string{<-events, <-events}; !slices.Equal(got, []string{"released", "locked"}) {
		t.Errorf("order %q", got)
	}
}

// TestMakeDir tests which folders can be made (OSFILE-4). That they are durable is tested by TestPowerCut in
// fixtures/campaign.
func TestMakeDir(t *testing.T) {
	t.Parallel()
	for _, durability := range []storage.Durability{storage.Unsynced, storage.Name} {
		dir := t.TempDir()
		name := filepath.Join(dir, "a", "b")
		for range 2 { // the second time it exists
			if err := storage.MakeDir(name, 0o700, durability); err != nil {
				t.Error(err)
			}
		}
		if info, err := os.Stat(name); err != nil || info.Mode() != fs.ModeDir|0o700 {
			t.Errorf("made %v, %v", info, err)
		}
		file := filepath.Join(dir, "file")
		if err := storage.ReplaceFile(file, storage.ReplaceOptions{Temporary: "file.tmp"}, write("x")); err != nil {
			t.Fatal(err)
		}
		link, toFolder := filepath.Join(dir, "link"), filepath.Join(dir, "folder")
		if err := errors.Join(os.Symlink("nowhere", link), os.Symlink("a", toFolder)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{file, filepath.Join(file, "a"), link} {
			if err := storage.MakeDir(name, 0o700, durability); err == nil {
				t.Errorf("%s is a folder", name)
			}
		}
		if err := storage.MakeDir(filepath.Join(toFolder, "c"), 0o700, durability); err != nil {
			t.Error(err)
		}
	}
}

// TestSyncDir tests that a missing folder is reported as such.
func TestSyncDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := storage.SyncDir(dir); err != nil {
		t.Error(err)
	}
	if err := storage.SyncDir(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one of a missing folder", err)
	}
}
