package inbox

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/schemas/period"
)

func TestDiscover(t *testing.T) {
	t.Parallel()
	const at = period.Instant(1_800_000_000_000_000)
	files := fstest.MapFS{}
	for _, name := range []string{"usage/b.csv", "usage/a/z.ndjson.gz", "usage/a.parquet", "usage/a/y/x.csv.zst",
		"usage/a-1.csv.gz",
		"usage/c.ndjson", "usage/c.ndjson.zst", "usage/.hidden.csv", "usage/.git/a.csv", "usage/d.csv.tmp",
		"usage/d.csv.part", "usage/d.csv.partial", "usage/d.csv.filepart",
		"usage/readme.txt", "usage/a/e.parquet.gz", "usage/UPPER.CSV", "usage/.csv", "bandwidth/a.csv",
		"usage/_SUCCESS", "usage/_temporary/0/a.parquet", "usage/_x.csv", "usage/a/b.csv.crc", "usage/a.csv.metadata",
		"usage/y_$folder$", "usage/a/Thumbs.db", "usage/desktop.ini"} {
		files[name] = &fstest.MapFile{Data: []byte(name), ModTime: time.UnixMicro(int64(at))}
	}
	found, err := Discover(files, "usage")
	if err != nil {
		t.Fatal(err)
	}
	want := []FileRef{{Name: "usage/a-1.csv.gz", Size: 16, Changed: at},
		{Name: "usage/a.parquet", Size: 15, Changed: at}, {Name: "usage/a/y/x.csv.zst", Size: 19, Changed: at},
		{Name: "usage/a/z.ndjson.gz", Size: 19, Changed: at},
		{Name: "usage/b.csv", Size: 11, Changed: at}, {Name: "usage/c.ndjson", Size: 14, Changed: at},
		{Name: "usage/c.ndjson.zst", Size: 18, Changed: at}}
	if d := cmp.Diff(want, found.Files); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"usage/UPPER.CSV", "usage/a/e.parquet.gz", "usage/readme.txt"}, found.Unknown); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"usage/.csv", "usage/.git", "usage/.hidden.csv", "usage/_SUCCESS", "usage/_temporary",
		"usage/_x.csv", "usage/a.csv.metadata", "usage/a/Thumbs.db", "usage/a/b.csv.crc", "usage/desktop.ini",
		"usage/y_$folder$"}, found.Left); d != "" {
		t.Error(d)
	}
	if found, err := Discover(files, "orders"); len(found.Files)+len(found.Unknown)+len(found.Passed) != 0 ||
		err != nil {
		t.Error(found, err)
	}
}

// forbidden is a file system in which access to some names is denied and others fail.
type forbidden struct {
	fstest.MapFS
	errs map[string]error
}

func (f forbidden) Open(name string) (fs.File, error) {
	if err := f.errs[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f.MapFS.Open(name)
}

func (f forbidden) Stat(name string) (fs.FileInfo, error) {
	if err := f.errs["stat "+name]; err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return f.MapFS.Stat(name)
}

func (f forbidden) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.errs[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f.MapFS.ReadDir(name)
}

// TestDiscoverForbidden checks that a file or folder without read permission is skipped (invariant 3), and that an
// error of the disk is an error.
func TestDiscoverForbidden(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"usage/a.csv": {}, "usage/b/c.csv": {}, "usage/d.csv": {}, "usage/e\xff.csv": {},
		"usage/f\xff/g.csv": {}, "usage/h\n.csv": {}}
	found, err := Discover(forbidden{files, map[string]error{"usage/b": syscall.EACCES,
		"stat usage/d.csv": syscall.EPERM}}, "usage")
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Files) != 2 || found.Files[0].Name != "usage/a.csv" || found.Files[1].Name != "usage/h\n.csv" {
		t.Errorf("files %+v", found.Files)
	}
	var said []string
	for i := range found.Passed {
		said = append(said, found.Passed[i].Error())
	}
	want := []string{`inbox/"usage/e\xff.csv" has a name that is not UTF-8`,
		`inbox/"usage/f\xff" has a name that is not UTF-8`,
		"inbox/usage/b cannot be read: permission denied", "inbox/usage/d.csv cannot be read: permission denied"}
	if d := cmp.Diff(want, said); d != "" {
		t.Error(d)
	}
	found, err = Discover(forbidden{files, map[string]error{"usage": syscall.EACCES}}, "usage")
	if err != nil || len(found.Files) != 0 || len(found.Passed) != 1 || found.Passed[0].Name != "usage" {
		t.Errorf("a feed's folder: %+v, %v", found, err)
	}
	for _, name := range []string{"usage", "usage/b", "stat usage/d.csv"} {
		if _, err := Discover(forbidden{files, map[string]error{name: syscall.EIO}}, "usage"); !errors.Is(err,
			syscall.EIO) {
			t.Errorf("%s fails: %v", name, err)
		}
	}
}

// TestShown checks that names that would break a line or change a terminal are quoted.
func TestShown(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"usage/a b.csv": "usage/a b.csv", "usage/größe.csv": "usage/größe.csv",
		"usage/a\nb.csv":    `"usage/a\nb.csv"`,
		"usage/\x1b[2J.csv": `"usage/\x1b[2J.csv"`, "usage/\xff.csv": `"usage/\xff.csv"`} {
		if got := feed.ShownName(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// TestHash checks known SHA-256 hashes, truncated to 128 bits.
func TestHash(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"usage/a.csv": {Data: []byte("abc")}, "usage/b.csv": {}}
	for name, want := range map[string]string{
		"usage/a.csv": "ba7816bf8f01cfea414140de5dae2223",
		"usage/b.csv": "e3b0c44298fc1c149afbf4c8996fb924",
	} {
		got, size, err := Hash(files, name)
		if err != nil || got != want || size != int64(len(files[name].Data)) {
			t.Errorf("%s: %s, %d, %v; want %s", name, got, size, err, want)
		}
	}
	if _, _, err := Hash(files, "usage/c.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
