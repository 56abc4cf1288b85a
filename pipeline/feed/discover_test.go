package feed

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestDiscover(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	for _, name := range []string{"usage/b.csv", "usage/a/z.ndjson.gz", "usage/a.parquet", "usage/a/y/x.csv.zst", "usage/a-1.csv.gz",
		"usage/c.ndjson", "usage/c.ndjson.zst", "usage/.hidden.csv", "usage/.git/a.csv", "usage/d.csv.tmp", "usage/d.csv.part",
		"usage/readme.txt", "usage/a/e.parquet.gz", "usage/UPPER.CSV", "usage/.csv", "bandwidth/a.csv"} {
		files[name] = &fstest.MapFile{Data: []byte(name)}
	}
	got, unknown, err := Discover(files, "usage")
	if err != nil {
		t.Fatal(err)
	}
	want := []FileRef{{"usage/a-1.csv.gz", 16}, {"usage/a.parquet", 15}, {"usage/a/y/x.csv.zst", 19}, {"usage/a/z.ndjson.gz", 19},
		{"usage/b.csv", 11}, {"usage/c.ndjson", 14}, {"usage/c.ndjson.zst", 18}}
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
