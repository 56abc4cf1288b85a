package lake_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// block is the size of a block in bytes, as in docs/lake.md.
const block = 65536

// oneFile commits a data file and returns its entry, the state and its path.
func oneFile(t testing.TB, content []byte) (lake.FileEntry, *lake.Snapshot, string) {
	t.Helper()
	return committed(t, func(txn *lake.Txn) error { return replace(txn, dayKey("2026-09-01", 0), string(content)) })
}

// largeFile is oneFile for a file in which the checksums of its blocks are between two parts of the content.
func largeFile(t testing.TB, head, tail []byte) (lake.FileEntry, *lake.Snapshot, string) {
	t.Helper()
	return committed(t, func(txn *lake.Txn) error {
		w, err := txn.SubTxn.Create(dayKey("2026-09-01", 0))
		if err != nil {
			return err
		}
		_, err = w.Write(head)
		if err == nil {
			_, err = w.Write(w.Checksums())
		}
		if err == nil {
			_, err = w.Write(tail)
		}
		if err != nil {
			return errors.Join(err, w.Abort())
		}
		e, err := w.Finish(1, nil)
		if err != nil {
			return err
		}
		return txn.Next().Entries.Replace(e.FileKey, e)
	})
}

// committed commits the file that write creates.
func committed(t testing.TB, write func(*lake.Txn) error) (lake.FileEntry, *lake.Snapshot, string) {
	t.Helper()
	dir := t.TempDir()
	l := open(t, storage.Dir(dir))
	txn := begin(t, l)
	if err := write(txn); err != nil {
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

// TestBlocks checks the CRC-32C of RFC 3720, whose check value is e3069283. The checksums of 64 KiB of zeros and of the
// byte 1 were computed by another program.
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

// TestChecksumsInFile checks that a file of 16 complete blocks or more has their checksums where Checksums was called
// and that its list has only those of the later blocks. The list has all checksums of a smaller file (LAKE-18).
func TestChecksumsInFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ head, in int }{
		{16*block - 1, 0}, {16 * block, 16}, {16*block + 5, 16}, {40*block - 1, 39},
	} {
		head, tail := patterned(c.head), patterned(2*block+9)
		e, _, path := largeFile(t, head, tail)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var table []byte
		for b := range c.in {
			table = binary.LittleEndian.AppendUint32(table, crc32.Checksum(head[b*block:][:block],
				crc32.MakeTable(crc32.Castagnoli)))
		}
		if want := slices.Concat(head, table, tail); !bytes.Equal(content, want) {
			t.Errorf("%d bytes before the checksums: the file is not these, those of %d blocks and the rest", c.head,
				c.in)
		}
		var at int64
		if c.in > 0 {
			at = int64(c.head)
		}
		if blocks := (len(content) + block - 1) / block; e.BlocksAt != at || len(e.Blocks) != 8*(blocks-c.in) {
			t.Errorf("%d bytes before the checksums: %d digits, checksums at %d; want those of %d blocks, and %d",
				c.head, len(e.Blocks), e.BlocksAt, blocks-c.in, at)
		}
	}
}

// patterned returns n bytes of a pattern.
func patterned(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i * 7 / 3)
	}
	return out
}

// TestReaderChecks tests LAKE-13: every read returns what was written, or an error that names the file as damaged. One
// bit changes in one block: reads that touch the block fail, and all others succeed.
func TestReaderChecks(t *testing.T) {
	t.Parallel()
	e, snap, path := oneFile(t, patterned(3*block+1000))
	readsChecked(t, e, snap, path)
}

// TestReaderChecksLargeFile is TestReaderChecks for a file that contains checksums of its blocks. If the block with the
// checksums is damaged, reads of the blocks to which they belong fail too.
func TestReaderChecksLargeFile(t *testing.T) {
	t.Parallel()
	e, snap, path := largeFile(t, patterned(17*block+1000), patterned(2*block))
	readsChecked(t, e, snap, path)
}

func readsChecked(t *testing.T, e lake.FileEntry, snap *lake.Snapshot, path string) {
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	in := int(e.BlocksAt / block) // the number of blocks whose checksums are in the file, in the block after them
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
			touched := bad >= 0 && (bad/block >= from/block && bad/block <= (end-1)/block ||
				in > 0 && bad/block == in && from/block < in)
			var corrupt *lake.CorruptError
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

// TestNumberOfChecksums checks that a file with another number of checksums than blocks is damaged.
func TestNumberOfChecksums(t *testing.T) {
	t.Parallel()
	e, snap, _ := oneFile(t, []byte("123456789"))
	for blocks, ok := range map[string]bool{"": false, "e3069283": true, "e306928": false, "e3069283e3069283": false,
		"zzzzzzzz": false} {
		e.Blocks = blocks
		f, err := snap.Open(e)
		if err == nil {
			_, err = io.ReadAll(f)
			err = errors.Join(err, f.Close())
		}
		var corrupt *lake.CorruptError
		if ok && err != nil || !ok && !errors.As(err, &corrupt) {
			t.Errorf("blocks %q: %v", blocks, err)
		}
	}
}

// TestChecksumsOutsideFile checks that a list is damaged if it places checksums where the file has no room for them.
func TestChecksumsOutsideFile(t *testing.T) {
	t.Parallel()
	e, snap, _ := largeFile(t, patterned(16*block), nil)
	for _, at := range []int64{-block, e.BlocksAt + 1, e.Bytes, 1 << 50} {
		e.BlocksAt = at
		f, err := snap.Open(e)
		if err == nil {
			err = f.Close()
		}
		if corrupt := new(lake.CorruptError); !errors.As(err, &corrupt) {
			t.Errorf("checksums at %d: %v", at, err)
		}
	}
}

// BenchmarkReader measures reading a file of 32 MiB in pieces of 16 KiB.
func BenchmarkReader(b *testing.B) {
	const size = 32 << 20
	e, snap, _ := oneFile(b, make([]byte, size))
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
}
