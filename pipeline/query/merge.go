package query

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/table"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// file is a Parquet file that can be read at any place.
type file interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// cursor walks the rows of one sorted file, or of one row group of a file that is not, which it sorts.
type cursor struct {
	name   string
	file   file
	reader *table.Reader
	order  *order
	skip   func(*table.Reader) bool // whether the next row group has nothing of interest; nil = never
	keep   func(Row) bool           // whether a row is of interest; nil = every one
	row    Row
	at     int            // place of row among those of its group
	last   *table.Columns // the last row of the group before, its key columns
	place  int            // among the files that are merged: of rows that are equal the earlier file's come first
	sorted []int          // the rows of the one group that is read, in order; nil = the file is in order
}

// openCursor starts before the first row. The file is closed with the cursor, and on an error.
func openCursor(name string, f file, def *tables.Table, o *order, cols []int) (*cursor, error) {
	r, err := table.NewReader(io.NewSectionReader(f, 0, f.Size()), def, o.with(cols))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return &cursor{name: name, file: f, reader: r, order: o}, nil
}

// sortGroup makes the cursor one of a single row group, whose rows it gives in order.
func (c *cursor) sortGroup(group int) error {
	for range group {
		c.reader.Skip()
	}
	cols, err := c.reader.Next()
	if err != nil || cols == nil {
		return errors.Join(fmt.Errorf("%s: row group %d: %w", c.name, group, err), c.close())
	}
	c.sorted = make([]int, cols.N)
	for i := range c.sorted {
		c.sorted[i] = i
	}
	slices.SortStableFunc(c.sorted, func(i, j int) int { return c.order.compare(Row{cols, i}, Row{cols, j}) })
	c.row, c.at = Row{Cols: cols}, -1
	return nil
}

// next moves to the next row of interest; false at the end.
func (c *cursor) next() (bool, error) {
	for {
		ok, err := c.inGroup()
		if ok || err != nil || c.sorted != nil {
			return ok, err
		}
		for c.skip != nil && c.skip(c.reader) {
			c.reader.Skip()
		}
		cols, err := c.reader.Next()
		if err != nil {
			return false, fmt.Errorf("%s: %w", c.name, err)
		}
		if cols == nil {
			return false, nil
		}
		c.row, c.at = Row{Cols: cols}, -1
	}
}

// inGroup moves to the next row of interest of the group at hand; false at its end.
func (c *cursor) inGroup() (bool, error) {
	if c.row.Cols == nil {
		return false, nil
	}
	for c.at++; c.at < c.row.Cols.N; c.at++ {
		if c.row.I = c.at; c.sorted != nil {
			c.row.I = c.sorted[c.at]
		} else if err := c.inOrder(); err != nil {
			return false, err
		}
		if c.keep == nil || c.keep(c.row) {
			return true, nil
		}
	}
	if c.sorted == nil {
		c.remember()
	}
	return false, nil
}

// remember keeps the last row of a group, which the reader is about to overwrite.
func (c *cursor) remember() {
	if c.row.Cols.N == 0 {
		return
	}
	if c.last == nil {
		c.last = table.NewColumns(c.row.Cols.Def)
	}
	c.last.Reset()
	AppendRow(c.last, Row{c.row.Cols, c.row.Cols.N - 1}, c.order.cols)
}

// inOrder is QUERY-2 for one file.
func (c *cursor) inOrder() error {
	before := Row{c.row.Cols, c.row.I - 1}
	if c.row.I == 0 {
		if c.last == nil {
			return nil
		}
		before = Row{c.last, 0}
	}
	if c.order.compare(before, c.row) > 0 {
		return fmt.Errorf("%s: rows are not in order", c.name)
	}
	return nil
}

func (c *cursor) close() error { return errors.Join(c.reader.Close(), c.file.Close()) }

// Rows gives the rows of several sorted files in one order. One goroutine uses it; Close ends it.
type Rows struct {
	order  *order
	heap   []*cursor
	open   []*cursor
	given  bool // the first of the heap was given and must move on
	onEnd  func() error
	closed bool
}

// newRows starts on cursors that it then owns. onEnd, if not nil, runs at Close.
func newRows(o *order, cursors []*cursor, onEnd func() error) (*Rows, error) {
	r := &Rows{order: o, open: cursors, onEnd: onEnd}
	for i, c := range cursors {
		c.place = i
		ok, err := c.next()
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		if ok {
			r.heap = append(r.heap, c)
		}
	}
	for i := len(r.heap)/2 - 1; i >= 0; i-- {
		r.down(i)
	}
	return r, nil
}

// Next gives the next row, valid until the next call; ok is false at the end.
func (r *Rows) Next() (row Row, ok bool, err error) {
	if r.given {
		more, err := r.heap[0].next()
		if err != nil {
			return Row{}, false, err
		}
		if !more {
			last := len(r.heap) - 1
			r.heap[0], r.heap = r.heap[last], r.heap[:last]
		}
		r.down(0)
	}
	if r.given = len(r.heap) > 0; !r.given {
		return Row{}, false, nil
	}
	return r.heap[0].row, true, nil
}

// Each calls visit with every row, to the end or to the first error.
func (r *Rows) Each(visit func(Row) error) error {
	for {
		row, ok, err := r.Next()
		if err != nil || !ok {
			return err
		}
		if err := visit(row); err != nil {
			return err
		}
	}
}

// Close gives files and scratch space back. A second call does nothing.
func (r *Rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	var errs []error
	for _, c := range r.open {
		errs = append(errs, c.close())
	}
	r.heap, r.open, r.given = nil, nil, false
	if r.onEnd != nil {
		errs = append(errs, r.onEnd())
	}
	return errors.Join(errs...)
}

// before reports whether a cursor of the heap is to be given before another.
func (r *Rows) before(i, j int) bool {
	a, b := r.heap[i], r.heap[j]
	c := r.order.compare(a.row, b.row)
	return c < 0 || c == 0 && a.place < b.place
}

func (r *Rows) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(r.heap) {
			return
		}
		if child+1 < len(r.heap) && r.before(child+1, child) {
			child++
		}
		if !r.before(child, i) {
			return
		}
		r.heap[i], r.heap[child] = r.heap[child], r.heap[i]
		i = child
	}
}

// AppendRow appends the given columns of a row to a batch; nil = all columns of the batch, which may be the first of the row's.
func AppendRow(dst *table.Columns, src Row, cols []int) {
	if cols == nil {
		for col := range dst.C {
			appendCell(dst, src, col)
		}
	}
	for _, col := range cols {
		appendCell(dst, src, col)
	}
	dst.N++
}

func appendCell(dst *table.Columns, src Row, col int) {
	to, from := &dst.C[col], &src.Cols.C[col]
	switch dst.Def.Columns[col].Type {
	case tables.Word:
		to.AddWord(from.Word(src.I))
	case tables.Text:
		to.AddBytes(from.Text(src.I))
	case tables.Small:
		to.Codes = append(to.Codes, from.Codes[src.I])
	case tables.Time, tables.MaybeTime, tables.Whole:
		to.Ints = append(to.Ints, from.Ints[src.I])
	case tables.Amount, tables.Quantity:
		to.Decs = append(to.Decs, from.Decs[src.I])
	}
}
