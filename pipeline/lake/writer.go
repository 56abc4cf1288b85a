package lake

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// bufferBytes is the size of a writer's buffer: Parquet writers write many small pieces.
const bufferBytes = 64 << 10

// Writer is a data file being written. It belongs to one goroutine, and ends with Finish or Abort. It has no Close,
// because a Parquet writer closes its output if it can.
type Writer struct {
	txn   *SubTxn
	key   FileKey
	file  storage.File
	buf   *bufio.Writer
	hash  hash.Hash
	sums  BlockSums
	bytes int64
	err   error // the first
	ended bool
}

// Create begins a data file under a temporary name.
func (s *SubTxn) Create(key FileKey) (*Writer, error) {
	if err := key.Check(); err != nil {
		return nil, err
	}
	f, err := s.CreateTemp(strings.ReplaceAll(key.Table, "_", "-"))
	if err != nil {
		return nil, err
	}
	buf, pooled := s.buffers.Get().(*bufio.Writer)
	if !pooled {
		buf = bufio.NewWriterSize(nil, bufferBytes)
	}
	buf.Reset(f)
	return &Writer{txn: s, key: key, file: f, buf: buf, hash: sha256.New()}, nil
}

// Write writes and hashes. After an error, all further calls of Write and Finish return it.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.ended {
		return 0, fmt.Errorf("write %v of the lake: the writer has ended", w.key)
	}
	n, err := w.buf.Write(p)
	w.hash.Write(p[:n]) // never fails, by hash.Hash's contract
	w.sums.Add(p[:n])
	w.bytes += int64(n)
	if err != nil {
		w.err = fmt.Errorf("write %v of the lake: %w", w.key, err)
	}
	return n, w.err
}

// Checksums returns the checksums of the blocks of a large file so far, for its format to write next; nil for a small
// file. The list then has only the checksums of later blocks.
func (w *Writer) Checksums() []byte { return w.sums.Table() }

// Finish renames the file to the name that follows from its key and content. It is in no state until it is put into
// Next and committed. It becomes durable in the background, at the latest before the commit. If the live state has the
// same file, that file is kept and this one is deleted. Sums are sorted by column; two of one column are an error.
// Errors: *SyncError of any file of the run, after which nothing can be committed.
func (w *Writer) Finish(rows int64, sums []ColumnSum) (FileEntry, error) {
	if w.ended {
		return FileEntry{}, fmt.Errorf("finish %v of the lake: the writer has ended", w.key)
	}
	if w.err == nil {
		w.err = w.buf.Flush()
	}
	e, err := w.entry(rows, sums)
	if err = errors.Join(w.err, err); err != nil {
		return FileEntry{}, errors.Join(fmt.Errorf("finish %v of the lake: %w", w.key, err), w.Abort())
	}
	w.end()
	if w.txn.named[e.Path] {
		return e, w.drop()
	}
	if err := w.place(e.Path); err != nil {
		return FileEntry{}, err
	}
	w.txn.finish(e)
	return e, nil
}

// place renames the file and starts its sync. An object store accepts only closed files.
func (w *Writer) place(name string) error {
	if w.txn.lake.chain != nil {
		return w.txn.putInPlace(w.file, name)
	}
	if err := w.txn.rename(w.file, name); err != nil {
		return errors.Join(err, w.file.Close())
	}
	return w.txn.syncs.File(w.file, name, w.bytes)
}

// entry returns the entry of the file.
func (w *Writer) entry(rows int64, sums []ColumnSum) (FileEntry, error) {
	sums = append([]ColumnSum{}, sums...) // never nil: its JSON is [] then
	slices.SortFunc(sums, func(a, b ColumnSum) int { return strings.Compare(a.Column, b.Column) })
	for i := 1; i < len(sums); i++ {
		if sums[i].Column == sums[i-1].Column {
			return FileEntry{}, fmt.Errorf("column %q is summed twice", sums[i].Column)
		}
	}
	h := HashSum([sha256.Size]byte(w.hash.Sum(nil)))
	e := FileEntry{FileKey: w.key, Path: w.key.PathOf(h), Hash: h, Bytes: w.bytes, Rows: rows, Sums: sums}
	e.Blocks, e.BlocksAt = w.sums.End()
	return e, nil
}

// Abort deletes the file. After Finish or Abort it does nothing.
func (w *Writer) Abort() error {
	if w.ended {
		return nil
	}
	w.end()
	return w.drop()
}

// end returns the buffer to the pool.
func (w *Writer) end() {
	w.ended = true
	w.buf.Reset(nil)
	w.txn.buffers.Put(w.buf)
	w.buf = nil
}

func (w *Writer) drop() error {
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("close %v of the lake: %w", w.key, err)
	}
	return w.txn.remove(w.file.Name())
}
