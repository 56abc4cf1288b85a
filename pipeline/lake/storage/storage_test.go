package storage_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// each runs a test for every implementation, since the same rules apply to all.
func each(t *testing.T, test func(t *testing.T, st storage.Storage)) {
	t.Run("dir", func(t *testing.T) { t.Parallel(); test(t, storage.Dir(filepath.Join(t.TempDir(), "lake"))) })
	t.Run("sparing", func(t *testing.T) {
		t.Parallel()
		test(t, storage.Sparing(filepath.Join(t.TempDir(), "lake"), 2))
	})
	t.Run("mem", func(t *testing.T) { t.Parallel(); test(t, storage.NewMem()) })
	t.Run("faulty", func(t *testing.T) {
		t.Parallel()
		test(t, storage.Faulty(storage.Dir(t.TempDir()), storage.Plan{}))
	})
}

func put(t *testing.T, st storage.Storage, name, text string) {
	t.Helper()
	f, err := st.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if f.Name() != name {
		t.Errorf("Name() = %q, want %q", f.Name(), name)
	}
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, st storage.Storage, name string) string {
	t.Helper()
	f, err := st.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func names(t *testing.T, st storage.Storage, prefix string) []storage.Entry {
	t.Helper()
	entries, err := st.List(prefix)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// TestLinkedFolder lists a storage whose folder is a symbolic link, as for a lake on another disk.
func TestLinkedFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "disk"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("disk", filepath.Join(dir, "lake")); err != nil {
		t.Fatal(err)
	}
	st := storage.Dir(filepath.Join(dir, "lake"))
	put(t, st, "a/one", "1")
	put(t, st, "two", "22")
	want := []storage.Entry{{Name: "a/one", Size: 1}, {Name: "two", Size: 2}}
	if diff := cmp.Diff(want, names(t, st, "")); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
	if got := names(t, st, "two/"); len(got) != 0 {
		t.Errorf("below a file: %v", got)
	}
}

// TestFiles tests STO-2.
func TestFiles(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st storage.Storage) {
		if got := names(t, st, ""); len(got) != 0 {
			t.Fatalf("a new storage has %v", got)
		}
		put(t, st, "b/c/two", "22")
		put(t, st, "b/one", "1")
		put(t, st, "a", "")
		want := []storage.Entry{{Name: "a", Size: 0}, {Name: "b/c/two", Size: 2}, {Name: "b/one", Size: 1}}
		if diff := cmp.Diff(want, names(t, st, "")); diff != "" {
			t.Errorf("List (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want[1:2], names(t, st, "b/c")); diff != "" {
			t.Errorf("List b/c (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want[2:], names(t, st, "b/o")); diff != "" {
			t.Errorf("List b/o (-want +got):\n%s", diff)
		}
		if got := names(t, st, "nowhere/"); len(got) != 0 {
			t.Errorf("List nowhere/ = %v", got)
		}
		f, err := st.Open("b/c/two")
		if err != nil {
			t.Fatal(err)
		}
		if f.Size() != 2 {
			t.Errorf("Size = %d, want 2", f.Size())
		}
		var at [1]byte
		if _, err := f.ReadAt(at[:], 1); err != nil || at[0] != '2' {
			t.Errorf("ReadAt(1) = %q, %v", at, err)
		}
		put(t, st, "d/new", "replaced")
		if err := st.Rename("d/new", "b/c/two"); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(f); string(b) != "22" || err != nil {
			t.Errorf("STO-6: the open file reads %q, %v; want 22", b, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if got := get(t, st, "b/c/two"); got != "replaced" {
			t.Errorf("after rename: %q", got)
		}
	})
}

func TestFileErrors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st storage.Storage) {
		put(t, st, "a/b", "x")
		if _, err := st.Create("a/b"); !errors.Is(err, fs.ErrExist) {
			t.Errorf("STO-1: Create of a taken name: %v", err)
		}
		if _, err := st.Open("a/c"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open: %v", err)
		}
		if err := st.Remove("a/c"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("STO-5: Remove: %v", err)
		}
		if err := st.Rename("a/c", "a/d"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Rename: %v", err)
		}
		for _, bad := range []string{"", ".", "..", "../x", "/x", "a//b", "a/", "a/../b"} {
			if _, err := st.Create(bad); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("Create(%q): %v, want invalid", bad, err)
			}
			if _, err := st.Open(bad); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("Open(%q): %v, want invalid", bad, err)
			}
			if err := st.Remove(bad); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("Remove(%q): %v, want invalid", bad, err)
			}
			if err := st.Rename("a/b", bad); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("Rename(%q): %v, want invalid", bad, err)
			}
		}
		if err := st.SyncDir("../x"); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("SyncDir: %v", err)
		}
		if err := errors.Join(st.SyncDir("a"), st.SyncDir(""), st.SyncDir("gone/deep")); err != nil {
			t.Errorf("SyncDir: %v", err)
		}
	})
}

func TestRemoveTakesEmptyFolders(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	st := storage.Dir(root)
	put(t, st, "a/b/c/one", "1")
	put(t, st, "a/two", "2")
	if err := st.Remove("a/b/c/one"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "a/b")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a/b is still there: %v", err)
	}
	for _, dir := range []string{"mine/x/y", "theirs/x", "a/mine"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Prune(func(dir string) bool { return strings.Contains(dir, "mine") }); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{"mine": false, "theirs/x": true, "a/mine": false, "a": true} {
		if _, err := os.Stat(filepath.Join(root, dir)); (err == nil) != want {
			t.Errorf("%s there: %v, want %v", dir, err == nil, want)
		}
	}
}

// TestTogether creates and removes files in one folder from many goroutines. A removed folder must not make a Create
// fail.
func TestTogether(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st storage.Storage) {
		var all sync.WaitGroup
		for g := range 4 {
			all.Go(func() {
				for i := range 50 {
					name := fmt.Sprintf("tmp/%d-%d", g, i)
					put(t, st, name, "x")
					if err := errors.Join(st.Rename(name, "to/"+name), st.Remove("to/"+name)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if got := names(t, st, ""); len(got) != 0 {
			t.Errorf("left: %v", got)
		}
	})
}

// TestTogetherInProcesses is TestTogether with a separate Dir for each writer, as in processes that share the tasks of
// a run: none of them knows the folders of the others.
func TestTogetherInProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			st := storage.Dir(dir)
			for range 5000 {
				f, err := st.Create(fmt.Sprintf("tmp/a/b/c/d/%d", g))
				if err == nil {
					err = errors.Join(f.Close(), st.Remove(f.Name()))
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestLock tests STO-7.
func TestLock(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st storage.Storage) {
		lock, err := st.Lock()
		if err != nil {
			t.Fatal(err)
		}
		var locked *storage.LockedError
		if _, err := st.Lock(); !errors.As(err, &locked) {
			t.Fatalf("second Lock: %v, want *LockedError", err)
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
		if got := get(t, st, storage.LockName); got != "" {
			t.Errorf("LOCK after unlock holds %q", got)
		}
		lock, err = st.Lock()
		if err != nil {
			t.Fatalf("Lock after unlock: %v", err)
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestLostLock removes the file of a lock that is held. The next holder gets another file, and the first one is told
// (STO-7).
func TestLostLock(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st storage.Storage) {
		first, err := st.Lock()
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(first.Held(), st.Remove(storage.LockName)); err != nil {
			t.Fatal(err)
		}
		second, err := st.Lock()
		if err != nil {
			t.Fatal(err)
		}
		var lost *storage.LostLockError
		if err := first.Held(); !errors.As(err, &lost) {
			t.Errorf("Held: %v, want *LostLockError", err)
		}
		if err := errors.Join(second.Held(), first.Unlock(), second.Held(), second.Unlock()); err != nil {
			t.Error(err)
		}
	})
}

func TestLockedErrorNamesHolder(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	lock, err := storage.Dir(root).Lock()
	if err != nil {
		t.Fatal(err)
	}
	_, err = storage.Dir(root).Lock()
	want := fmt.Sprintf("held by pid %d on host ", os.Getpid())
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %q does not say %q", err, want)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestParsePlan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]storage.Plan{
		"":         {},
		"fail:17":  {Mode: storage.Fail, N: 17},
		"full:1":   {Mode: storage.Full, N: 1},
		"short:2":  {Mode: storage.Short, N: 2},
		"down:3":   {Mode: storage.Down, N: 3},
		"kill:400": {Mode: storage.Kill, N: 400},
		"read:7":   {Mode: storage.Read, N: 7},
		"files:9":  {Mode: storage.Files, N: 9},
		"stop:5":   {Mode: storage.Stop, N: 5},
	} {
		got, err := storage.ParsePlan(text)
		if err != nil || got.Mode != want.Mode || got.N != want.N {
			t.Errorf("ParsePlan(%q) = %v %d, %v", text, got.Mode, got.N, err)
		}
	}
	for _, bad := range []string{"fail", "fail:", "fail:0", "fail:-1", "fail:x", "burn:1", ":1", "fail:1:2", "fail: 1",
		" fail:1"} {
		if _, err := storage.ParsePlan(bad); err == nil || !strings.Contains(err.Error(), "want fail:N") {
			t.Errorf("ParsePlan(%q): %v", bad, err)
		}
	}
}

func FuzzParsePlan(f *testing.F) {
	for _, text := range []string{"", "fail:17", "kill:1", "short:9223372036854775808", "down:-1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		plan, err := storage.ParsePlan(text)
		if err == nil && text != "" && (plan.N < 1 || plan.Mode == storage.Off) {
			t.Errorf("ParsePlan(%q) = %v %d", text, plan.Mode, plan.N)
		}
	})
}

// steps performs eight mutating operations: create, write, sync, close, rename, syncdir, remove, prune.
func steps(st storage.Storage) error {
	f, err := st.Create("a/x")
	if err != nil {
		return err
	}
	if _, err := io.WriteString(f, "12345678"); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := st.Rename("a/x", "b/y"); err != nil {
		return err
	}
	if err := st.SyncDir("b"); err != nil {
		return err
	}
	if err := st.Remove("b/y"); err != nil {
		return err
	}
	return st.Prune(func(string) bool { return true })
}

func TestFaultyBreaksEachOperation(t *testing.T) {
	t.Parallel()
	kinds := []string{"create a/x", "write a/x", "sync a/x", "close a/x", "rename b/y", "syncdir b", "remove b/y",
		"prune "}
	for mode, cause := range map[storage.Mode]error{
		storage.Fail: syscall.EIO, storage.Full: syscall.ENOSPC, storage.Short: syscall.ENOSPC,
		storage.Down: syscall.EIO,
	} {
		for i, kind := range kinds {
			st := storage.Faulty(storage.NewMem(), storage.Plan{Mode: mode, N: int64(i + 1)})
			err := steps(st)
			var injected *storage.InjectedError
			if !errors.As(err, &injected) || !errors.Is(err, cause) {
				t.Fatalf("mode %d, n %d: %v", mode, i+1, err)
			}
			if got := injected.Op.Kind + " " + injected.Op.Name; got != kind || injected.Op.N != int64(i+1) {
				t.Errorf("mode %d: operation %d is %q, want %q", mode, injected.Op.N, got, kind)
			}
			if st.Injected() < 1 || mode != storage.Down && st.Injected() != 1 {
				t.Errorf("mode %d, n %d: injected %d", mode, i+1, st.Injected())
			}
		}
	}
	st := storage.Faulty(storage.NewMem(), storage.Plan{Mode: storage.Fail, N: 9})
	if err := steps(st); err != nil || st.Count() != 8 || st.Injected() != 0 {
		t.Errorf("undisturbed: %v, %d operations, %d injected", err, st.Count(), st.Injected())
	}
}

// TestFaultyBreaksReading checks that opening, listing and reading fail by a count of their own, and that write
// operations then do not fail.
func TestFaultyBreaksReading(t *testing.T) {
	t.Parallel()
	inner := storage.NewMem()
	put(t, inner, "a", "12")
	for n, want := range []string{"open a", "read a", "read a", "list "} {
		st := storage.Faulty(inner, storage.Plan{Mode: storage.Read, N: int64(n + 1)})
		err := func() error {
			f, err := st.Open("a")
			if err != nil {
				return err
			}
			defer f.Close()
			var b [1]byte
			if _, err := f.Read(b[:]); err != nil {
				return err
			}
			if _, err := f.ReadAt(b[:], 1); err != nil {
				return err
			}
			_, err = st.List("")
			return err
		}()
		var injected *storage.InjectedError
		if !errors.As(err, &injected) || !errors.Is(err, syscall.EIO) || injected.Op.Kind+" "+
			injected.Op.Name != want || st.Injected() != 1 {
			t.Errorf("n %d: %v, want %s", n+1, err, want)
		}
		if err := steps(st); err != nil {
			t.Errorf("n %d: what writes fails too: %v", n+1, err)
		}
	}
}

func TestFaultyCutsWrites(t *testing.T) {
	t.Parallel()
	for _, mode := range []storage.Mode{storage.Short, storage.Kill} {
		inner, killed := storage.NewMem(), 0
		plan := storage.Plan{Mode: mode, N: 2, Kill: func() { killed++ }}
		if err := steps(storage.Faulty(inner, plan)); err == nil {
			t.Fatal("no error")
		}
		if got := get(t, inner, "a/x"); got != "1234" {
			t.Errorf("mode %d left %q, want the first half", mode, got)
		}
		if (killed == 1) != (mode == storage.Kill) {
			t.Errorf("mode %d: killed %d times", mode, killed)
		}
	}
}

func TestPowerCutKeepsWhatWasSynced(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	put(t, m, "a/b/named", "1") // its content, its name and its folders are synced
	put(t, m, "a/c/lost", "2")  // its folder a/c is never synced into a
	put(t, m, "a/b/moved", "3") // renamed after its name was synced
	put(t, m, "a/b/gone", "4")  // removed after its name was synced
	if err := errors.Join(m.SyncDir("a/b"), m.SyncDir("")); err != nil {
		t.Fatal(err)
	}
	if got := m.PowerCut(nil); len(names(t, got, "")) != 0 {
		t.Errorf("the folder a/b was not synced into a, yet %v is left", names(t, got, ""))
	}
	if err := m.SyncDir("a"); err != nil {
		t.Fatal(err)
	}
	f, err := m.Create("a/b/unsynced")
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(f, "567")
	if err := errors.Join(err, m.SyncDir("a/b"), m.Rename("a/b/moved", "a/b/new"), m.Remove("a/b/gone")); err != nil {
		t.Fatal(err)
	}
	want := []storage.Entry{{Name: "a/b/gone", Size: 1}, {Name: "a/b/moved", Size: 1}, {Name: "a/b/named", Size: 1},
		{Name: "a/b/unsynced"}}
	if diff := cmp.Diff(want, names(t, m.PowerCut(nil), "")); diff != "" {
		t.Errorf("after a power cut (-want +got):\n%s", diff)
	}
	want = []storage.Entry{{Name: "a/b/named", Size: 1}, {Name: "a/b/new", Size: 1}, {Name: "a/b/unsynced", Size: 3},
		{Name: "a/c/lost", Size: 1}}
	if diff := cmp.Diff(want, names(t, m.Killed(), "")); diff != "" {
		t.Errorf("after a kill (-want +got):\n%s", diff)
	}
}

// TestOutOfDescriptors checks that every operation that opens a file or a folder fails from the n-th on, and that open
// files remain usable.
func TestOutOfDescriptors(t *testing.T) {
	t.Parallel()
	for n, want := range []string{"create a/x", "open a/x", "syncdir a", "list "} {
		st := storage.Faulty(storage.NewMem(), storage.Plan{Mode: storage.Files, N: int64(n + 1)})
		var got []string
		note := func(err error) {
			var injected *storage.InjectedError
			if errors.As(err, &injected) && errors.Is(err, syscall.EMFILE) {
				got = append(got, injected.Op.Kind+" "+injected.Op.Name)
			}
		}
		f, err := st.Create("a/x")
		if note(err); err == nil {
			if _, err := io.WriteString(f, "1"); errors.Join(err, f.Sync(), f.Close()) != nil {
				t.Errorf("files:%d: what is open fails: %v", n+1, err)
			}
		}
		_, err = st.Open("a/x")
		note(err)
		note(st.SyncDir("a"))
		_, err = st.List("")
		note(err)
		if len(got) != 4-n || got[0] != want {
			t.Errorf("files:%d: %q fail, want %q and all after it", n+1, got, want)
		}
	}
}

// TestStop checks that a process that was stopped at an operation performs it after it continues.
func TestStop(t *testing.T) {
	t.Parallel()
	stopped := 0
	st := storage.Faulty(storage.NewMem(), storage.Plan{Mode: storage.Stop, N: 3, Stop: func() { stopped++ }})
	if err := steps(st); err != nil || stopped != 1 || st.Injected() != 0 {
		t.Errorf("stop:3: %v, stopped %d times, injected %d", err, stopped, st.Injected())
	}
}
