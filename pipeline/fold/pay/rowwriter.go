package pay

import (
	"fmt"
	"io"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// groupRows is the number of rows per row group of files that are written row by row.
const groupRows = 1 << 16

// fileWriter writes batches to one file of the lake, one row group per batch. It is used for one file after the other.
type fileWriter[T any] struct {
	txn  *lake.SubTxn
	def  tables.Def[T]
	mem  *parquet.Memory
	key  manifest.FileKey
	out  *lake.Writer
	pq   *parquet.Writer
	rows int64
}

func newFileWriter[T any](txn *lake.SubTxn, def tables.Def[T]) *fileWriter[T] {
	return &fileWriter[T]{txn: txn, def: def, mem: parquet.NewMemory()}
}

// restart directs the writer to another file and reuses its memory.
func (w *fileWriter[T]) restart(key manifest.FileKey) { w.key, w.out, w.pq, w.rows = key, nil, nil, 0 }

func (w *fileWriter[T]) write(c *parquet.Columns[T]) error {
	if c.N == 0 {
		return nil
	}
	if w.out == nil {
		out, err := w.txn.Create(w.key)
		if err != nil {
			return err
		}
		w.out = out
		if w.pq, err = parquet.NewWriterIn(w.mem, out, w.def.Table); err != nil {
			return err
		}
	}
	w.rows += int64(c.N)
	return w.pq.Write(c.Any())
}

// finish ends the file. It returns no entry if there was no row.
func (w *fileWriter[T]) finish(sums []manifest.Sum) ([]manifest.FileEntry, error) {
	if w.out == nil {
		return nil, nil
	}
	if err := w.pq.Close(); err != nil {
		return nil, err
	}
	e, err := w.out.Finish(w.rows, sums)
	return []manifest.FileEntry{e}, err
}

// abort discards the file.
func (w *fileWriter[T]) abort() error {
	if w.out == nil {
		return nil
	}
	return w.out.Abort()
}

// rowWriter is a fileWriter to which rows are appended.
type rowWriter[T any] struct {
	*fileWriter[T]
	cols *parquet.Columns[T] // the caller appends a row to it and then calls added
}

func newRowWriter[T any](txn *lake.SubTxn, def tables.Def[T]) *rowWriter[T] {
	return &rowWriter[T]{newFileWriter(txn, def), parquet.NewColumns(def)}
}

func (s *rowWriter[T]) restart(key manifest.FileKey) {
	s.fileWriter.restart(key)
	s.cols.Reset()
}

// added reports that a row was appended.
func (s *rowWriter[T]) added() error {
	if s.cols.N++; s.cols.N < groupRows {
		return nil
	}
	return s.flush()
}

func (s *rowWriter[T]) flush() error {
	err := s.write(s.cols)
	s.cols.Reset()
	return err
}

func (s *rowWriter[T]) finish(sums []manifest.Sum) ([]manifest.FileEntry, error) {
	if err := s.flush(); err != nil {
		return nil, err
	}
	return s.fileWriter.finish(sums)
}

// tableFile is one lake file read group by group.
type tableFile[T any] struct {
	name   string
	file   storage.ReadFile
	reader *parquet.Reader[T]
}

// openTable opens a file of a table for all its columns. The caller closes it.
func openTable[T any](txn *lake.SubTxn, e manifest.FileEntry, def tables.Def[T]) (*tableFile[T], error) {
	f, err := txn.Open(e)
	if err != nil {
		return nil, err
	}
	r, err := parquet.NewReader(io.NewSectionReader(f, 0, f.Size()), def, nil)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", e.Path, err)
	}
	return &tableFile[T]{e.Path, f, r}, nil
}

// next returns the next row group, valid until the next call; nil at the end.
func (t *tableFile[T]) next() (*parquet.Columns[T], error) {
	c, err := t.reader.Next()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	return c, nil
}

func (t *tableFile[T]) close() {
	if t != nil {
		t.reader.Close()
		t.file.Close()
	}
}

// readAll reads a file into a new batch.
func readAll[T any](txn *lake.SubTxn, e manifest.FileEntry, def tables.Def[T]) (*parquet.Columns[T], error) {
	f, err := openTable(txn, e, def)
	if err != nil {
		return nil, err
	}
	defer f.close()
	all := parquet.NewColumns(def)
	for {
		c, err := f.next()
		if err != nil || c == nil {
			return all, err
		}
		for i := range c.N {
			appendRow(all, c, i)
		}
	}
}

// appendRow appends row i of a batch to another of the same table.
func appendRow[T any](to, from *parquet.Columns[T], i int) {
	for k := range to.Def.Columns {
		dst, src := to.Col(tables.ColumnOf[T](k)), from.Col(tables.ColumnOf[T](k))
		switch to.Def.Columns[k].Type {
		case tables.Word:
			dst.AddWord(src.Word(i))
		case tables.Text:
			dst.AddBytes(src.Text(i))
		case tables.Small:
			dst.Codes = append(dst.Codes, src.Codes[i])
		case tables.Amount, tables.Quantity, tables.Cost:
			dst.Decs = append(dst.Decs, src.Decs[i])
		default:
			dst.Ints = append(dst.Ints, src.Ints[i])
		}
	}
	to.N++
}
