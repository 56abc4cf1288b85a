package tablefile

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// GroupRows is the number of rows of a row group.
const GroupRows = 1 << 16

// Writer writes the rows of one key to one file of the lake, a row group at a time. It can be reused for further files.
type Writer[T any] struct {
	Cols *parquet.Columns[T] // the caller appends rows to it and calls Added
	txn  *lake.SubTxn
	key  manifest.FileKey
	out  *lake.Writer
	pq   *parquet.Writer
	mem  *parquet.Memory
	rows int64
}

// NewWriter makes a writer for files of a table.
func NewWriter[T any](txn *lake.SubTxn, def tables.Def[T]) *Writer[T] {
	return &Writer[T]{Cols: parquet.NewColumns(def), txn: txn, mem: parquet.NewMemory()}
}

// Restart starts another file.
func (w *Writer[T]) Restart(key manifest.FileKey) {
	w.key, w.out, w.pq, w.rows = key, nil, nil, 0
	w.Cols.Reset()
}

// Rows returns the number of rows written to the file, without those of Cols.
func (w *Writer[T]) Rows() int64 { return w.rows }

// Added must be called after rows were appended to Cols; it writes a full row group.
func (w *Writer[T]) Added() error {
	if w.Cols.N < GroupRows {
		return nil
	}
	return w.Flush()
}

// Flush writes the rows of Cols as a row group.
func (w *Writer[T]) Flush() error {
	if err := w.Write(w.Cols); err != nil {
		return err
	}
	w.Cols.Reset()
	return nil
}

// Write writes a batch of the caller as a row group.
func (w *Writer[T]) Write(batch *parquet.Columns[T]) error {
	if batch.N == 0 {
		return nil
	}
	if w.out == nil {
		out, err := w.txn.Create(w.key)
		if err != nil {
			return err
		}
		w.out = out
		if w.pq, err = parquet.NewWriterIn(w.mem, out, w.Cols.Def); err != nil {
			return err
		}
	}
	w.rows += int64(batch.N)
	return w.pq.Write(batch.Any())
}

// Finish ends the file and returns its entry; it returns none if there was no row.
func (w *Writer[T]) Finish(sums []manifest.Sum) ([]manifest.FileEntry, error) {
	if err := w.Flush(); err != nil || w.out == nil {
		return nil, err
	}
	if err := w.pq.Close(); err != nil {
		return nil, err
	}
	e, err := w.out.Finish(w.rows, sums)
	return []manifest.FileEntry{e}, err
}

// Abort deletes the file.
func (w *Writer[T]) Abort() error {
	if w.out == nil {
		return nil
	}
	return w.out.Abort()
}

// Write writes a batch as one file of the lake.
func Write[T any](txn *lake.SubTxn, key manifest.FileKey, batch *parquet.Columns[T], sums []manifest.Sum) (
	[]manifest.FileEntry, error) {
	return WriteIn(parquet.NewMemory(), txn, key, batch, sums)
}

// WriteIn is Write with memory that successive writers share.
func WriteIn[T any](mem *parquet.Memory, txn *lake.SubTxn, key manifest.FileKey, batch *parquet.Columns[T],
	sums []manifest.Sum) (
	[]manifest.FileEntry, error) {
	w := &Writer[T]{Cols: batch, txn: txn, key: key, mem: mem}
	return w.Finish(sums)
}

// Put makes a batch the only file of its key in the next state; an empty batch removes the file.
func Put[T any](txn *lake.SubTxn, key manifest.FileKey, batch *parquet.Columns[T], sums []manifest.Sum) error {
	files, err := Write(txn, key, batch, sums)
	if err != nil {
		return err
	}
	return txn.Next().Replace(key, files...)
}
