package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/fixtures/program"
)

// stream is a file system with one file that is generated while it is read: a head, then blocks up to its size.
type stream struct {
	head  []byte
	block func(i int) []byte
	size  int64

	given int64
	next  int
	rest  []byte
}

func (s *stream) Open(string) (fs.File, error) { s.rest = s.head; return s, nil }
func (s *stream) Close() error                 { return nil }
func (s *stream) Stat() (fs.FileInfo, error)   { return s, nil }
func (s *stream) Name() string                 { return "stream" }
func (s *stream) Size() int64                  { return s.size }
func (s *stream) Mode() fs.FileMode            { return 0 }
func (s *stream) ModTime() time.Time           { return time.Time{} }
func (s *stream) IsDir() bool                  { return false }
func (s *stream) Sys() any                     { return nil }
func (s *stream) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		if s.given >= s.size {
			return 0, io.EOF
		}
		s.rest = s.block(s.next)
		s.next++
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	s.given += int64(n)
	return n, nil
}

// usageBlock returns a block of 100 usage records, each with words that no other record has.
func usageBlock(line string) func(i int) []byte {
	return func(i int) []byte {
		var b bytes.Buffer
		for j := range 100 {
			id := i*100 + j
			fmt.Fprintf(&b, line, id, id)
		}
		return b.Bytes()
	}
}

// highWater reads a file to its end. It returns the number of rows and the largest increase of the heap in use.
func highWater(t *testing.T, fsys fs.FS, name string) (rows int64, most uint64) {
	t.Helper()
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // the first collection does not free what pools keep
	runtime.ReadMemStats(&stats)
	before := stats.HeapInuse
	r, err := Open(fsys, name, UsageSpec(), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		b, err := r.Next(context.Background())
		if err == io.EOF {
			return rows, most
		}
		if err != nil {
			t.Fatal(err)
		}
		rows += b.Rows.NumRows()
		runtime.ReadMemStats(&stats)
		most = max(most, stats.HeapInuse-min(before, stats.HeapInuse))
		b.Release()
	}
}

// TestMemory checks that reading a long file needs the memory of one batch. It is not parallel: it measures the heap.
func TestMemory(t *testing.T) {
	program.Slow(t)
	percent := debug.SetGCPercent(100) // the limit applies to this setting
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	const limit = 96 << 20 // for files of 128 MB and more, of which reading needs about half
	const header = "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"
	const csvLine = "record-%012d,customer-%012d,r,s,eu,2026-09-01T00:00:00Z,2026-09-01T01:00:00Z,1\n"
	const jsonLine = `{"record_id":"%d","customer_id":"customer-%012d","resource_id":"r","sku":"s","region_code":"eu",` +
		`"usage_start":"2026-09-01T00:00:00Z","usage_end":"2026-09-01T01:00:00Z","quantity":1}` + "\n"
	lines := bytes.Repeat(usageBlock(jsonLine)(0), 1000)
	packed, frame := gz(lines), zst(lines)
	tag := strings.Repeat("tag ", 64)
	wide := func(i int) []string { r := usageRecord(i); r[8] = fmt.Sprint(tag, i); return r }
	const wideRows = 200_000
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/a.parquet", writeParquet(t, usageFields, wide, wideRows, wideRows),
		0o600); err != nil {
		t.Fatal(err)
	}
	files := []struct {
		name string
		fsys fs.FS
		rows int64
	}{
		{"a.csv", &stream{head: []byte(header), block: usageBlock(csvLine), size: 128 << 20}, 0},
		{"a.ndjson", &stream{block: usageBlock(jsonLine), size: 128 << 20}, 0},
		{"a.ndjson.gz", &stream{block: func(int) []byte { return packed }, size: int64(len(packed)) * 5}, 500_000},
		{"a.ndjson.zst", &stream{block: func(int) []byte { return frame }, size: int64(len(frame)) * 5}, 500_000},
		{"a.parquet", os.DirFS(dir), wideRows},
	}
	for _, f := range files {
		rows, most := highWater(t, f.fsys, f.name)
		if f.rows == 0 {
			f.rows = int64(f.fsys.(*stream).next) * 100
		}
		t.Logf("%s: %d rows, %d MiB", f.name, rows, most>>20)
		if rows != f.rows {
			t.Errorf("%s: %d rows, want %d", f.name, rows, f.rows)
		}
		if most > limit {
			t.Errorf("%s: %d MiB of heap above what was before, want at most %d", f.name, most>>20, limit>>20)
		}
	}
}

// TestLongLine checks that a line of 100 MB makes the file fail after a few MB.
func TestLongLine(t *testing.T) {
	t.Parallel()
	junk := bytes.Repeat([]byte("x"), 64<<10)
	for name, head := range map[string]string{"bandwidth/a.csv": "resource_id,sample_time,in_bps\n",
		"bandwidth/a.ndjson": "{}\n"} {
		s := &stream{head: []byte(head), block: func(int) []byte { return junk }, size: 100 << 20}
		got := readAll(t, s, name, BandwidthSpec(), ReadOptions{})
		if want := "read inbox/" + name + ": line 2: a record longer than 1 MiB"; got.err == nil ||
			got.err.Error() != want {
			t.Errorf("got %v, want %s", got.err, want)
		}
		if s.given > 3<<20 {
			t.Errorf("%s: %d bytes read", name, s.given)
		}
	}
	s := &stream{block: func(int) []byte { return bytes.Repeat([]byte("\n"), 64<<10) }, size: 100 << 20}
	got := readAll(t, s, "bandwidth/a.csv", BandwidthSpec(), ReadOptions{})
	var whole *FormError
	if !errors.As(got.err, &whole) || whole.Text != "more than 1 MiB of blank lines" {
		t.Error(got.err)
	}
}
