package lake_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/lakeerr"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// block is the length of a block, as in docs/lake.md.
const block = 65536

// oneFile commits a data file and returns its entry, the state, and its path.
func oneFile(t testing.TB, content []byte) (manifest.FileEntry, *lake.Snapshot, string) {
	t.Helper()
	dir := t.TempDir()
	l := open(t, storage.Dir(dir))
	txn := begin(t, l)
	if err := replace(txn, dayKey("2026-09-01", 0), string(content)); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	snap, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	files, err := snap.Files(lakekey.Cycle("2026-09"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	return files[0], snap, filepath.Join(dir, filepath.FromSlash(files[0].Path))
}

// TestBlocks checks CRC-32C as in RFC 3720, whose check value is e3069283; the sums of 64 KiB of zeros and of the byte
// 1 are from a program in another language.
func TestBlocks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ content, want string }{
		{"123456789", "e3069283"},
		{strings.Repeat("\x00", block), "72c0c4a4"},
		{strings.Repeat("\x00", block) + "\x01", "72c0c4a4a016d052"},
	} {
		if e, _, _ := oneFile(t, []byte(c.content)); e.Blocks != c.want {
			t.Errorf("%d bytes: blocks %s, want %s", len(c.content), e.Blocks, c.want)
		}
	}
}

// TestReaderChecks tests LAKE-13: whatever part of a file is read is what was written, or an error names the file as
// damaged. A bit changes in one block: reads that touch the block fail, all others are right.
func TestReaderChecks(t *testing.T) {
	t.Parallel()
	content := make([]byte, 3*block+1000)
	for i := range content {
		content[i] = byte(i * 7 / 3)
	}
	e, snap, path := oneFile(t, content)
	rapid.Check(t, func(t *rapid.T) {
		bad := -1
		if rapid.Bool().Draw(t, "damaged") {
			bad = rapid.IntRange(0, len(content)-1).Draw(t, "byte")
			flipBit(t, path, bad)
			defer flipBit(t, path, bad)
		}
		f, err := snap.Open(e)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for range rapid.IntRange(1, 6).Draw(t, "reads") {
			from := rapid.IntRange(0, len(content)-1).Draw(t, "from")
			got := make([]byte, rapid.IntRange(1, 2*block).Draw(t, "bytes"))
			n, err := f.ReadAt(got, int64(from))
			end := min(from+len(got), len(content))
			touched := bad >= 0 && bad/block >= from/block && bad/block <= (end-1)/block
			var corrupt *lakeerr.CorruptError
			switch {
			case touched:
				if !errors.As(err, &corrupt) || corrupt.Name != e.Path || n != 0 {
					t.Fatalf("bytes %d to %d, bit at %d changed: %d, %v", from, end, bad, n, err)
				}
			case err != nil && (err != io.EOF || end-from == len(got)):
				t.Fatalf("bytes %d to %d: %v", from, end, err)
			case n != end-from || !bytes.Equal(got[:n], content[from:end]):
				t.Fatalf("bytes %d to %d are not what was written", from, end)
			}
		}
		if all, err := io.ReadAll(f); bad < 0 && (err != nil || !bytes.Equal(all, content)) || bad >= 0 && err == nil {
			t.Fatalf("read from front to end, bit at %d changed: %d bytes, %v", bad, len(all), err)
		}
	})
}

func flipBit(t *rapid.T, path string, at int) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	var b [1]byte
	_, err = f.ReadAt(b[:], int64(at))
	b[0] ^= 4
	if err == nil {
		_, err = f.WriteAt(b[:], int64(at))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestReaderOfOlderLakes checks that a list without checksums, as earlier builds wrote them, is read without checks;
// one with too few is damaged.
func TestReaderOfOlderLakes(t *testing.T) {
	t.Parallel()
	e, snap, _ := oneFile(t, []byte("123456789"))
	for blocks, ok := range map[string]bool{"": true, "e3069283": true, "e306928": false, "e3069283e3069283": false,
		"zzzzzzzz": false} {
		e.Blocks = blocks
		f, err := snap.Open(e)
		if err == nil {
			_, err = io.ReadAll(f)
			err = errors.Join(err, f.Close())
		}
		var corrupt *lakeerr.CorruptError
		if ok && err != nil || !ok && !errors.As(err, &corrupt) {
			t.Errorf("blocks %q: %v", blocks, err)
		}
	}
}

// BenchmarkReader measures reading a file of 32 MiB in pieces of 16 KiB, with checksums and without.
func BenchmarkReader(b *testing.B) {
	const size = 32 << 20
	e, snap, _ := oneFile(b, make([]byte, size))
	for _, c := range []struct{ name, blocks string }{{"checked", e.Blocks}, {"unchecked", ""}} {
		b.Run(c.name, func(b *testing.B) {
			e.Blocks = c.blocks
			piece := make([]byte, 16<<10)
			b.SetBytes(size)
			for b.Loop() {
				f, err := snap.Open(e)
				if err != nil {
					b.Fatal(err)
				}
				for at := int64(0); at < size; at += int64(len(piece)) {
					if _, err := f.ReadAt(piece, at); err != nil {
						b.Fatal(err)
					}
				}
				if err := f.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
