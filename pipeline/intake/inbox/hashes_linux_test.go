package inbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// aged is a real folder that reports times of its files one hour earlier, because ctime cannot be set. It records the
// files that are opened.
type aged struct {
	fs.FS
	by     time.Duration
	opened []string
	open   func(name string) // called after a file was opened, unless nil
}

type agedInfo struct {
	fs.FileInfo
	sys *syscall.Stat_t
}

func (i agedInfo) Sys() any { return i.sys }

func (a *aged) Open(name string) (fs.File, error) {
	f, err := a.FS.Open(name)
	a.opened = append(a.opened, name)
	if a.open != nil {
		a.open(name)
	}
	return f, err
}

func (a *aged) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(a.FS, name)
	if err != nil {
		return nil, err
	}
	sys := *info.Sys().(*syscall.Stat_t)
	sys.Ctim = syscall.NsecToTimespec(sys.Ctim.Nano() - a.by.Nanoseconds())
	return agedInfo{info, &sys}, nil
}

// yard is an inbox with its stored hashes.
type yard struct {
	*testing.T
	dir, cache string
	by         time.Duration
}

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{T: t, dir: t.TempDir(), cache: filepath.Join(t.TempDir(), ".cache", "tollbook", "inbox-1"),
		by: time.Hour}
	y.lay("a.csv", "abc")
	y.lay("b.csv", "")
	return y
}

var longAgo = time.Date(2020, 5, 17, 4, 0, 0, 123456789, time.UTC)

// lay writes a file with an old mtime and a ctime that differs from the previous one.
func (y *yard) lay(name, text string) {
	y.Helper()
	path := filepath.Join(y.dir, name)
	before := y.ctime(path)
	y.must(os.WriteFile(path, []byte(text), 0o644))
	y.settle(path, before)
}

// settle sets a file's mtime until its ctime differs, because the clock of the file system advances in steps.
func (y *yard) settle(path string, before int64) {
	y.Helper()
	for {
		y.must(os.Chtimes(path, longAgo, longAgo))
		if y.ctime(path) != before {
			return
		}
	}
}

func (y *yard) ctime(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Sys().(*syscall.Stat_t).Ctim.Nano()
}

func (y *yard) must(err error) {
	y.Helper()
	if err != nil {
		y.Fatal(err)
	}
}

// run hashes every file as a run does. loaded and saved are errors that a run only logs.
func (y *yard) run() (hashes map[string]string, opened []string, loaded, saved error) {
	y.Helper()
	fsys := &aged{FS: os.DirFS(y.dir), by: y.by}
	h, loaded := LoadHashes(y.cache)
	entries, err := os.ReadDir(y.dir)
	y.must(err)
	hashes = make(map[string]string)
	for _, e := range entries {
		hash, size, err := h.Hash(fsys, e.Name())
		y.must(err)
		if info, err := os.Stat(filepath.Join(y.dir, e.Name())); err != nil || info.Size() != size {
			y.Errorf("%s: size %d", e.Name(), size)
		}
		hashes[e.Name()] = hash
	}
	return hashes, fsys.opened, loaded, h.Save()
}

// expect runs and checks that exactly these files are opened, and that all hashes are correct.
func (y *yard) expect(opened ...string) {
	y.Helper()
	got, read, loaded, saved := y.run()
	if err := errors.Join(loaded, saved); err != nil {
		y.Error(err)
	}
	slices.Sort(read)
	if !slices.Equal(read, opened) {
		y.Errorf("opened %q, want %q", read, opened)
	}
	if diff := cmp.Diff(y.truth(), got); diff != "" {
		y.Error(diff)
	}
}

func (y *yard) truth() map[string]string {
	y.Helper()
	want := make(map[string]string)
	entries, err := os.ReadDir(y.dir)
	y.must(err)
	for _, e := range entries {
		hash, _, err := Hash(os.DirFS(y.dir), e.Name())
		y.must(err)
		want[e.Name()] = hash
	}
	return want
}

// TestHashesRemember checks that the second run opens no file and writes nothing.
func TestHashesRemember(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.expect("a.csv", "b.csv")
	first, err := os.Stat(y.cache)
	y.must(err)
	y.expect()
	second, err := os.Stat(y.cache)
	y.must(err)
	if !os.SameFile(first, second) || !first.ModTime().Equal(second.ModTime()) {
		t.Error("written again with nothing new")
	}
	if mode := second.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o", mode)
	}
	y.lay("c.csv", "new")
	y.expect("c.csv")
	y.expect()
}

// TestHashesSeeChanges checks that a.csv is read again after any change, even if its size and mtime are unchanged.
func TestHashesSeeChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(y *yard, path string)
		opened []string
	}{
		{"nothing", func(*yard, string) {}, nil},
		{"longer", func(y *yard, _ string) { y.lay("a.csv", "abcd") }, []string{"a.csv"}},
		{"same size and mtime, in place", func(y *yard, _ string) { y.lay("a.csv", "xyz") }, []string{"a.csv"}},
		{"same size and mtime, renamed over it", func(y *yard, path string) {
			y.must(os.WriteFile(path+".tmp", []byte("xyz"), 0o644))
			y.settle(path+".tmp", 0)
			y.must(os.Rename(path+".tmp", path))
		}, []string{"a.csv"}},
		{"same size and mtime, deleted first", func(y *yard, path string) {
			before := y.ctime(path)
			y.must(os.Remove(path))
			y.must(os.WriteFile(path, []byte("xyz"), 0o644))
			y.settle(path, before)
		}, []string{"a.csv"}},
		{"touched", func(y *yard, path string) {
			y.must(os.Chtimes(path, longAgo, longAgo.Add(1)))
		}, []string{"a.csv"}},
		{"other rights", func(y *yard, path string) {
			before := y.ctime(path)
			for y.ctime(path) == before {
				y.must(os.Chmod(path, 0o600))
			}
		}, []string{"a.csv"}},
		{"names exchanged", func(y *yard, path string) {
			y.must(os.Rename(path, path+".tmp"))
			y.must(os.Rename(filepath.Join(y.dir, "b.csv"), path))
			y.must(os.Rename(path+".tmp", filepath.Join(y.dir, "b.csv")))
		}, []string{"a.csv", "b.csv"}},
		{"a link to another file", func(y *yard, path string) {
			y.must(os.Remove(path))
			y.must(os.Symlink("b.csv", path))
		}, []string{"a.csv"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			y.expect("a.csv", "b.csv")
			c.change(y, filepath.Join(y.dir, "a.csv"))
			y.expect(c.opened...)
			y.expect()
		})
	}
}

// TestHashesYoung checks that a file that changed less than two seconds before the run is read again by the next run,
// whatever its mtime is.
func TestHashesYoung(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.by = -time.Hour // in the future, so that the speed of the test does not matter
	for range 2 {
		y.expect("a.csv", "b.csv")
	}
	y.by = time.Hour
	y.must(os.Chtimes(filepath.Join(y.dir, "a.csv"), longAgo, longAgo.AddDate(200, 0, 0)))
	y.expect("a.csv", "b.csv")
	y.expect("a.csv")
}

// TestHashesChangedMeanwhile checks that a file that changes while it is read gets no hash and is read again by the
// next run.
func TestHashesChangedMeanwhile(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	fsys := &aged{FS: os.DirFS(y.dir), by: y.by, open: func(name string) { y.lay(name, "xyz") }}
	h, err := LoadHashes(y.cache)
	y.must(err)
	var changed *ChangedError
	if _, _, err = h.Hash(fsys, "a.csv"); !errors.As(err, &changed) || changed.How != "was written to" {
		t.Errorf("%v, want that it was written to", err)
	}
	y.must(h.Save())
	y.expect("a.csv", "b.csv")
	y.expect()
}

// TestHashesForget checks that a deleted file is dropped at the next write, and is read again when it is restored.
func TestHashesForget(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.expect("a.csv", "b.csv")
	from, aside := filepath.Join(y.dir, "a.csv"), filepath.Join(y.TempDir(), "a.csv")
	y.must(os.Rename(from, aside))
	y.expect()
	text, err := os.ReadFile(y.cache)
	y.must(err)
	files, err := parseHashes(string(text))
	if len(files) != 1 || files["b.csv"].hash != "e3b0c44298fc1c149afbf4c8996fb924" || err != nil {
		t.Error(files, err)
	}
	y.must(os.Rename(aside, from))
	y.expect("a.csv")
}

// TestHashesMend checks that a damaged file of hashes is ignored and replaced.
func TestHashesMend(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.expect("a.csv", "b.csv")
	y.must(os.Truncate(y.cache, 100))
	got, opened, loaded, saved := y.run()
	if loaded == nil || saved != nil || len(opened) != 2 || !cmp.Equal(got, y.truth()) {
		t.Error(got, opened, loaded, saved)
	}
	y.expect()
}

// TestHashesNowhere checks that without a place for the hashes all files are read each time, and nothing is written.
func TestHashesNowhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		make func(y *yard, top string) // the hashes are in top/.cache/tollbook/inbox-1
	}{
		{"no home", func(*yard, string) {}},
		{"a file for a folder", func(y *yard, top string) {
			y.must(os.Mkdir(top, 0o700))
			y.must(os.WriteFile(filepath.Join(top, ".cache"), nil, 0o600))
		}},
		{"a folder for the file", func(y *yard, top string) {
			y.must(os.MkdirAll(filepath.Join(top, ".cache", "tollbook", "inbox-1"), 0o700))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			top := filepath.Join(y.TempDir(), "home")
			c.make(y, top)
			y.cache = filepath.Join(top, ".cache", "tollbook", "inbox-1")
			before := tree(y, top)
			for range 2 {
				got, opened, _, saved := y.run()
				if saved == nil || len(opened) != 2 || !cmp.Equal(got, y.truth()) {
					t.Error(got, opened, saved)
				}
			}
			if diff := cmp.Diff(before, tree(y, top)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestHashesReadOnly checks that stored hashes are used even if nothing can be written.
func TestHashesReadOnly(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.expect("a.csv", "b.csv")
	dir := filepath.Dir(y.cache)
	y.must(os.Chmod(dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // allows the folder of the test to be removed
	if probe, err := os.CreateTemp(dir, "probe"); err == nil {
		_ = probe.Close()
		t.Skip("this user may write to folders that are read-only")
	}
	y.expect()
	y.lay("c.csv", "new")
	for range 2 {
		got, opened, loaded, saved := y.run()
		if loaded != nil || saved == nil || !slices.Equal(opened, []string{"c.csv"}) || !cmp.Equal(got, y.truth()) {
			t.Error(got, opened, loaded, saved)
		}
	}
}

// TestHashesTogether checks that runs that write at the same time leave one complete file and no other file.
func TestHashesTogether(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.expect("a.csv", "b.csv")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				h, err := LoadHashes(y.cache)
				if err == nil {
					_, _, err = h.Hash(&aged{FS: os.DirFS(y.dir), by: y.by}, []string{"a.csv", "b.csv"}[i%2])
				}
				if err = errors.Join(err, h.Save()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := tree(y, filepath.Dir(y.cache)); !slices.Equal(got, []string{".", "inbox-1"}) {
		t.Error(got)
	}
	if _, _, loaded, saved := y.run(); loaded != nil || saved != nil {
		t.Error(loaded, saved)
	}
	y.expect()
}

func tree(y *yard, dir string) (names []string) {
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, _ fs.DirEntry, err error) error {
		if err == nil {
			names = append(names, name)
		}
		return nil
	})
	y.must(err)
	return names
}

// BenchmarkHashes measures looking up the stored hash of a file.
func BenchmarkHashes(b *testing.B) {
	const files = 1000
	dir := b.TempDir()
	for i := range files {
		path := filepath.Join(dir, fmt.Sprint(i, ".csv"))
		if err := errors.Join(os.WriteFile(path, []byte("abc"), 0o644),
			os.Chtimes(path, longAgo, longAgo)); err != nil {
			b.Fatal(err)
		}
	}
	y := &yard{dir: dir, cache: filepath.Join(b.TempDir(), "a", "b")}
	fsys := &aged{FS: os.DirFS(dir), by: time.Hour}
	look := func() {
		h, err := LoadHashes(y.cache)
		if err != nil {
			b.Fatal(err)
		}
		for i := range files {
			if _, _, err := h.Hash(fsys, fmt.Sprint(i, ".csv")); err != nil {
				b.Fatal(err)
			}
		}
		if err := h.Save(); err != nil {
			b.Fatal(err)
		}
	}
	look()
	fsys.opened = nil
	for b.Loop() {
		look()
	}
	if len(fsys.opened) > 0 {
		b.Errorf("opened %d", len(fsys.opened))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*files), "ns/file")
}
