package fold

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// tableWriter writes the rows of one table and key to one file of the lake, a row group at a time, however many there
// are. It is used for one file after the other.
type tableWriter struct {
	f    *Folder
	def  *tables.Table
	key  lake.FileKey
	out  *lake.Writer
	pq   *parquet.Writer
	cols *parquet.Columns // the caller appends to it and says so with added
	mem  *parquet.Memory
	rows int64
}

func (f *Folder) newTableWriter(def *tables.Table) *tableWriter {
	return &tableWriter{f: f, def: def, cols: parquet.NewColumns(def), mem: parquet.NewMemory()}
}

// restart points the writer at another file, keeping its memory.
func (w *tableWriter) restart(key lake.FileKey) {
	w.key, w.out, w.pq, w.rows = key, nil, nil, 0
	w.cols.Reset()
}

// added tells that rows were appended to the batch; a full one is written.
func (w *tableWriter) added() error {
	if w.cols.N < GroupRows {
		return nil
	}
	return w.flush()
}

// flush writes the batch as a row group.
func (w *tableWriter) flush() error {
	if w.cols.N == 0 {
		return nil
	}
	if w.out == nil {
		out, err := w.f.Txn.Create(w.key)
		if err != nil {
			return err
		}
		w.out = out
		if w.pq, err = parquet.NewWriterIn(w.mem, out, w.def); err != nil {
			return err
		}
	}
	if err := w.pq.Write(w.cols); err != nil {
		return err
	}
	w.rows += int64(w.cols.N)
	w.cols.Reset()
	return nil
}

// finish ends the file; no entry when there was no row.
func (w *tableWriter) finish(sums []lake.Sum) ([]lake.FileEntry, error) {
	if err := w.flush(); err != nil || w.out == nil {
		return nil, err
	}
	if err := w.pq.Close(); err != nil {
		return nil, err
	}
	e, err := w.out.Finish(w.rows, sums)
	return []lake.FileEntry{e}, err
}

// writeTable writes a batch as one file of the lake; an empty batch gives none.
func (f *Folder) writeTable(key lake.FileKey, def *tables.Table, cols *parquet.Columns,
	sums []lake.Sum) ([]lake.FileEntry, error) {
	w := &tableWriter{f: f, def: def, key: key, cols: cols, mem: parquet.NewMemory()}
	return w.finish(sums)
}
