package rows

import (
	"errors"
	"io"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// GroupRows is the number of rows of a row group, unless their texts are long (COL-6).
const GroupRows = 1 << 16

// Writer writes the rows of one key to one file of the lake, a row group at a time. It can be reused for further files.
type Writer[T any] struct {
	Cols *parquet.Columns[T] // the caller appends rows to it and calls Added
	txn  *lake.SubTxn
	key  lake.FileKey
	out  *lake.Writer
	pq   *parquet.Writer
	mem  *parquet.Memory
	rows int64

	def   tables.Def[T]
	other *parquet.Columns[T] // batch that FlushAside exchanges for Cols; nil = none yet
	wait  func() error        // for the row group that is being written aside; nil = none
}

// NewFileWriter makes a writer for files of a table.
func NewFileWriter[T any](txn *lake.SubTxn, def tables.Def[T]) *Writer[T] {
	return &Writer[T]{Cols: parquet.NewColumns(def), txn: txn, mem: parquet.NewMemory(), def: def}
}

// Restart starts another file.
func (w *Writer[T]) Restart(key lake.FileKey) {
	w.key, w.out, w.pq, w.rows = key, nil, nil, 0
	w.Cols.Reset()
}

// RestartApart starts a file that is not one of the lake. Another writer takes its row groups over with Append. The
// caller ends it with FinishApart and closes to.
func (w *Writer[T]) RestartApart(key lake.FileKey, to io.Writer) (err error) {
	w.Restart(key)
	w.pq, err = parquet.NewWriterIn(w.mem, to, w.Cols.Def)
	return err
}

// FinishApart ends a file that RestartApart started.
func (w *Writer[T]) FinishApart() error {
	if err := w.Flush(); err != nil {
		return err
	}
	return w.pq.Close()
}

// Append writes the row groups of a file that FinishApart ended. Cols must be empty.
func (w *Writer[T]) Append(file io.ReaderAt, size int64) error {
	if err := w.join(); err != nil {
		return err
	}
	if err := w.start(); err != nil {
		return err
	}
	err := w.pq.Append(file, size)
	w.rows = w.pq.Rows()
	return err
}

// Key returns the key of the file.
func (w *Writer[T]) Key() lake.FileKey { return w.key }

// Rows returns the number of rows written to the file, without those of Cols.
func (w *Writer[T]) Rows() int64 { return w.rows }

// Added must be called after rows were appended to Cols; it writes a full row group.
func (w *Writer[T]) Added() error {
	if !w.Cols.Full(GroupRows) {
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

// FlushAside is Flush. If help calls a function on another core, as lake.SpareCores.Help does, that core writes the row
// group while the caller fills another batch, to which Cols is changed. The next call of FlushAside, Flush, Write,
// Finish or Abort waits for it and returns its error. No other method may be called before.
func (w *Writer[T]) FlushAside(help func(write func() error) (wait func() error)) error {
	if w.Cols.N == 0 {
		return nil
	}
	if err := w.join(); err != nil {
		return err
	}
	if err := w.start(); err != nil {
		return err
	}
	batch := w.Cols
	if w.wait = help(func() error { return w.write(batch) }); w.wait == nil {
		return w.Flush()
	}
	if w.other == nil {
		w.other = parquet.NewColumns(w.def)
	}
	w.Cols, w.other = w.other, batch
	w.Cols.Reset()
	return nil
}

// join waits for the row group that is being written aside.
func (w *Writer[T]) join() error {
	if w.wait == nil {
		return nil
	}
	err := w.wait()
	w.wait = nil
	return err
}

// WriteFile writes a batch of the caller as a row group.
func (w *Writer[T]) Write(batch *parquet.Columns[T]) error {
	if err := w.join(); err != nil {
		return err
	}
	return w.write(batch)
}

func (w *Writer[T]) write(batch *parquet.Columns[T]) error {
	if batch.N == 0 {
		return nil
	}
	if err := w.start(); err != nil {
		return err
	}
	w.rows += int64(batch.N)
	return w.pq.Write(batch.Any())
}

// start creates the file, if it was not yet created.
func (w *Writer[T]) start() (err error) {
	if w.pq != nil {
		return nil
	}
	if w.out, err = w.txn.Create(w.key); err != nil {
		return err
	}
	w.pq, err = parquet.NewWriterIn(w.mem, w.out, w.Cols.Def)
	return err
}

// Finish ends the file and returns its entry; it returns none if there was no row.
func (w *Writer[T]) Finish(sums []lake.ColumnSum) ([]lake.FileEntry, error) {
	if err := w.Flush(); err != nil || w.out == nil {
		return nil, err
	}
	if err := w.pq.Close(); err != nil {
		return nil, err
	}
	e, err := w.out.Finish(w.rows, sums)
	return []lake.FileEntry{e}, err
}

// Abort deletes the file.
func (w *Writer[T]) Abort() error {
	err := w.join()
	if w.out == nil {
		return err
	}
	return errors.Join(err, w.out.Abort())
}

// WriteFile writes a batch as one file of the lake.
func WriteFile[T any](txn *lake.SubTxn, key lake.FileKey, batch *parquet.Columns[T], sums []lake.ColumnSum) (
	[]lake.FileEntry, error) {
	return WriteFileIn(parquet.NewMemory(), txn, key, batch, sums)
}

// WriteFileIn is Write with memory that successive writers share.
func WriteFileIn[T any](mem *parquet.Memory, txn *lake.SubTxn, key lake.FileKey, batch *parquet.Columns[T],
	sums []lake.ColumnSum) (
	[]lake.FileEntry, error) {
	w := &Writer[T]{Cols: batch, txn: txn, key: key, mem: mem}
	return w.Finish(sums)
}

// WriteWholeFiles writes n numbers as one file of a table, as parquet.Writer.WriteWholes does; no numbers, no file.
func WriteWholeFiles[T any](mem *parquet.Memory, txn *lake.SubTxn, key lake.FileKey, def tables.Def[T], n int,
	next func() ([]int64, error)) ([]lake.FileEntry, error) {
	if n == 0 {
		return nil, nil
	}
	w := &Writer[T]{Cols: parquet.NewColumns(def), txn: txn, key: key, mem: mem}
	err := w.start()
	if err == nil {
		w.rows, err = int64(n), w.pq.WriteWholes(n, next)
	}
	if err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	return w.Finish(nil)
}

// PutFile makes a batch the only file of its key in the next state; an empty batch removes the file.
func PutFile[T any](txn *lake.SubTxn, key lake.FileKey, batch *parquet.Columns[T], sums []lake.ColumnSum) error {
	files, err := WriteFile(txn, key, batch, sums)
	if err != nil {
		return err
	}
	return txn.Next().Replace(key, files...)
}
