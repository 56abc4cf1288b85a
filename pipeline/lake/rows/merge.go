package rows

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// file is a Parquet file with random access.
type file interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// groups returns the rows of a file group by group: pages of Parquet, or a frame of scratch space.
type groups interface {
	Next() (*parquet.Columns[tables.Any], error)
}

// cursor walks the rows of one sorted file, or of one row group of an unsorted file, which it sorts.
type cursor struct {
	name   string
	file   file
	groups groups
	reader *parquet.Reader[tables.Any] // the same for Parquet; nil for scratch space
	order  *order
	keep   func(anyRow) bool // whether a row is wanted; nil = all are
	row    anyRow
	at     int                          // index of row in its group
	last   *parquet.Columns[tables.Any] // the key columns of the previous group's last row
	// place is the index of the file among the merged ones: of equal rows, that of the earlier file comes first.
	place  int
	sorted []int // sorted row indexes of a single group; nil = the file is sorted

	recode parquet.Recode // of the group's words, in the current batch
	coded  int            // number of that batch
}

// Filter selects the rows of T's table whose column Column contains Word. An empty Word selects all rows.
type Filter[T any] struct {
	Column tables.WordColumn[T]
	Word   string
}

// any returns the filter without its table's type.
func (f Filter[T]) any() Filter[tables.Any] {
	return Filter[tables.Any]{tables.WordColumn[tables.Any](f.Column), f.Word}
}

// opening defines how a Parquet file is read.
type opening struct {
	def     *tables.Table
	order   *order
	cols    tables.List[tables.Any] // includes those of the order; nil = all
	where   Filter[tables.Any]
	piece   int64            // rows to decode at once; 0 = maxPiece
	decoder *parquet.Decoder // shared; nil = a new one
}

// Numbers of rows of a file that are decoded at once. Less than a page saves memory if many files are open, but each
// page is decompressed again for each piece. More than a few pages do not decode faster, and exceed the processor's
// cache.
const (
	minPiece  = parquet.PageRows / 2
	pagePiece = parquet.PageRows
	maxPiece  = 8 * parquet.PageRows
)

// openCursor returns a cursor before the first row. The file is closed with the cursor, and on an error.
func openCursor(name string, f file, o opening) (*cursor, error) {
	cols := o.order.with(o.cols)
	if cols != nil && o.where.Word != "" {
		cols = append(cols, o.where.Column.Of())
	}
	piece := cmp.Or(o.piece, maxPiece)
	if o.where.Word != "" { // pages without the word are not decoded
		piece = pagePiece
	}
	wanted := parquet.Wanted[tables.Any]{Cols: cols, Rows: piece, By: o.where.Column, Only: o.where.Word,
		Decoder: o.decoder}
	r, err := parquet.NewReaderOf(io.NewSectionReader(f, 0, f.Size()), tables.Untyped(o.def), wanted)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	c := &cursor{name: name, file: f, groups: r, reader: r, order: o.order}
	if o.where.Word != "" {
		c.keep = func(row anyRow) bool { return row.Word(o.where.Column) == o.where.Word }
	}
	return c, nil
}

// sortGroup limits the cursor to a single row group, whose rows it returns in order.
func (c *cursor) sortGroup(group int) error {
	for range group {
		c.reader.Skip()
	}
	cols, err := c.reader.Next()
	if err == nil && cols == nil {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: row group %d: %w", c.name, group, err), c.close())
	}
	c.sorted = make([]int, cols.N)
	for i := range c.sorted {
		c.sorted[i] = i
	}
	slices.SortStableFunc(c.sorted, func(i, j int) int { return c.order.compare(anyRow{cols, i}, anyRow{cols, j}) })
	c.row, c.at = anyRow{Cols: cols}, -1
	return nil
}

// next moves to the next wanted row; it returns false at the end.
func (c *cursor) next() (bool, error) {
	for {
		if ok := c.inGroup(); ok || c.sorted != nil {
			return ok, nil
		}
		cols, err := c.groups.Next()
		if err != nil {
			return false, fmt.Errorf("%s: %w", c.name, err)
		}
		if cols == nil {
			return false, nil
		}
		c.row, c.at, c.coded = anyRow{Cols: cols}, -1, 0
		if err := c.inOrder(); err != nil {
			return false, err
		}
	}
}

// inGroup moves to the next wanted row of the current group; it returns false at its end.
func (c *cursor) inGroup() bool {
	if c.row.Cols == nil {
		return false
	}
	for c.at++; c.at < c.row.Cols.N; c.at++ {
		if c.row.I = c.at; c.sorted != nil {
			c.row.I = c.sorted[c.at]
		}
		if c.keep == nil || c.keep(c.row) {
			return true
		}
	}
	if c.sorted == nil {
		c.remember()
	}
	return false
}

// remember copies the last row of a group, which the reader is about to overwrite.
func (c *cursor) remember() {
	if c.row.Cols.N == 0 {
		return
	}
	if c.last == nil {
		c.last = parquet.NewColumns(tables.Untyped(c.row.Cols.Def))
	}
	c.last.Reset()
	AppendRow(c.last, anyRow{c.row.Cols, c.row.Cols.N - 1}, c.order.cols)
}

// inOrder checks ROWS-2 for one group of a file and the last row of the group before.
func (c *cursor) inOrder() error {
	cols := c.row.Cols
	wrong := cols.N > 0 && c.last != nil && c.order.compare(anyRow{c.last, 0}, anyRow{cols, 0}) > 0
	for i := 1; i < cols.N && !wrong; i++ {
		wrong = c.order.compare(anyRow{cols, i - 1}, anyRow{cols, i}) > 0
	}
	if wrong {
		return fmt.Errorf("%s: rows are not in order", c.name)
	}
	return nil
}

func (c *cursor) close() error {
	if c.reader == nil {
		return c.file.Close()
	}
	return errors.Join(c.reader.Close(), c.file.Close())
}

// merged returns the rows of several sorted files in one order.
type merged struct {
	order  *order
	heap   []*cursor
	open   []*cursor
	given  bool // the first cursor's row was returned, so it must advance
	onEnd  func() error
	closed bool
	fills  int // number of filled batches
}

// newRows starts on cursors, which it then owns. Close calls onEnd if it is not nil.
func newRows(o *order, cursors []*cursor, onEnd func() error) (*merged, error) {
	return newRowsBy(1, o, cursors, onEnd)
}

// newRowsBy is newRows with several workers, which move cursors to their first rows concurrently.
func newRowsBy(workers int, o *order, cursors []*cursor, onEnd func() error) (*merged, error) {
	r := &merged{order: o, open: cursors, onEnd: onEnd}
	has := make([]bool, len(cursors))
	err := atOnce(workers, len(cursors), func(i int) (err error) {
		cursors[i].place = i
		has[i], err = cursors[i].next()
		return err
	})
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	for i, c := range cursors {
		if has[i] {
			r.heap = append(r.heap, c)
		}
	}
	for i := len(r.heap)/2 - 1; i >= 0; i-- {
		r.down(i)
	}
	return r, nil
}

func (r *merged) next() (row anyRow, ok bool, err error) {
	if err := r.move(); err != nil {
		return anyRow{}, false, err
	}
	if r.given = len(r.heap) > 0; !r.given {
		return anyRow{}, false, nil
	}
	return r.heap[0].row, true, nil
}

// move advances to the next row, if the first was returned.
func (r *merged) move() error {
	if !r.given {
		return nil
	}
	r.given = false
	more, err := r.heap[0].next()
	if err != nil {
		return err
	}
	if !more {
		last := len(r.heap) - 1
		r.heap[0], r.heap = r.heap[last], r.heap[:last]
	}
	r.down(0)
	return nil
}

// fill sets dst to the next rows: see Rows.Fill.
func (r *merged) fill(dst *parquet.Columns[tables.Any], most int, cols tables.List[tables.Any]) error {
	dst.Reset()
	r.fills++
	for dst.N < most {
		if err := r.move(); err != nil {
			return err
		}
		if len(r.heap) == 0 {
			return nil
		}
		c := r.heap[0]
		if c.coded != r.fills {
			c.recode.Reset(c.row.Cols)
			c.coded = r.fills
		}
		n := r.run(most - dst.N)
		dst.AppendRun(c.row.Cols, c.row.I, c.row.I+n, cols, &c.recode)
		c.at += n - 1
		r.given = true
	}
	return nil
}

// run returns how many rows of the first cursor's group, from its position on, precede the rows of all other files: at
// least 1, at most most.
func (r *merged) run(most int) int {
	c := r.heap[0]
	if c.sorted != nil {
		return 1
	}
	most = min(most, c.row.Cols.N-c.at)
	if c.keep != nil {
		n := 1
		for n < most && c.keep(anyRow{c.row.Cols, c.at + n}) {
			n++
		}
		most = n
	}
	if len(r.heap) == 1 {
		return most
	}
	next := r.heap[1]
	if len(r.heap) > 2 && r.before(2, 1) {
		next = r.heap[2]
	}
	ours := func(n int) bool {
		d := r.order.compare(anyRow{c.row.Cols, c.at + n}, next.row)
		return d < 0 || d == 0 && c.place < next.place
	}
	// Such runs are short compared with groups: look 1, 2, 4, … rows ahead, then search between the last two.
	low, high := 1, 2
	for high < most && ours(high) {
		low, high = high+1, high*2
	}
	high = min(high, most)
	return low + sort.Search(high-low, func(i int) bool { return !ours(low + i) })
}

func (r *merged) each(visit func(anyRow) error) error {
	for {
		row, ok, err := r.next()
		if err != nil || !ok {
			return err
		}
		if err := visit(row); err != nil {
			return err
		}
	}
}

// Close releases files and scratch space. A second call does nothing.
func (r *merged) Close() error {
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

// before reports whether the row of one cursor of the heap precedes that of another.
func (r *merged) before(i, j int) bool {
	a, b := r.heap[i], r.heap[j]
	c := r.order.compare(a.row, b.row)
	return c < 0 || c == 0 && a.place < b.place
}

func (r *merged) down(i int) {
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

// AppendRow appends the given columns of a row to a batch; nil = all columns of the batch, which can be a prefix of the
// row's columns.
func AppendRow[T any](dst *parquet.Columns[T], src Row[T], cols tables.List[T]) {
	if cols == nil {
		for col := range dst.Def.Columns {
			appendCell(dst, src, tables.ColumnOf[T](col))
		}
	}
	for _, col := range cols {
		appendCell(dst, src, col)
	}
	dst.N++
}

func appendCell[T any](dst *parquet.Columns[T], src Row[T], col tables.ColumnOf[T]) {
	to, from := dst.Col(col), src.Cols.Col(col)
	switch dst.Def.Columns[col].Type {
	case tables.Word:
		to.AddWord(from.Word(src.I))
	case tables.Text:
		to.AddBytes(from.Text(src.I))
	case tables.Small:
		to.Codes = append(to.Codes, from.Codes[src.I])
	case tables.Time, tables.MaybeTime, tables.Whole:
		to.Ints = append(to.Ints, from.Ints[src.I])
	case tables.Amount, tables.Quantity, tables.Cost:
		to.Decs = append(to.Decs, from.Decs[src.I])
	}
}
