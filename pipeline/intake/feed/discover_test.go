package feed

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/schemas/period"
)

func TestDiscover(t *testing.T) {
	t.Parallel()
	const at = period.Instant(1_800_000_000_000_000)
	files := fstest.MapFS{}
	for _, name := range []string{"usage/b.csv", "usage/a/z.ndjson.gz", "usage/a.parquet", "usage/a/y/x.csv.zst", "usage/a-1.csv.gz",
		"usage/c.ndjson", "usage/c.ndjson.zst", "usage/.hidden.csv", "usage/.git/a.csv", "usage/d.csv.tmp", "usage/d.csv.part", "usage/d.csv.partial", "usage/d.csv.filepart",
		"usage/readme.txt", "usage/a/e.parquet.gz", "usage/UPPER.CSV", "usage/.csv", "bandwidth/a.csv"} {
		files[name] = &fstest.MapFile{Data: []byte(name), ModTime: time.UnixMicro(int64(at))}
	}
	got, unknown, err := Discover(files, "usage")
	if err != nil {
		t.Fatal(err)
	}
	want := []FileRef{{Name: "usage/a-1.csv.gz", Size: 16, Changed: at}, {Name: "usage/a.parquet", Size: 15, Changed: at}, {Name: "usage/a/y/x.csv.zst", Size: 19, Changed: at}, {Name: "usage/a/z.ndjson.gz", Size: 19, Changed: at},
		{Name: "usage/b.csv", Size: 11, Changed: at}, {Name: "usage/c.ndjson", Size: 14, Changed: at}, {Name: "usage/c.ndjson.zst", Size: 18, Changed: at}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"usage/UPPER.CSV", "usage/a/e.parquet.gz", "usage/readme.txt"}, unknown); d != "" {
		t.Error(d)
	}
	if got, unknown, err := Discover(files, "orders"); len(got)+len(unknown) != 0 || err != nil {
		t.Error(got, unknown, err)
	}
}

// TestHash: known sums of SHA-256, cut to 128 bits.
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
