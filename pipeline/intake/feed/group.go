package feed

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// ParquetColumnError is an error of a column.
type ParquetColumnError struct {
	Column string
	Err    error
}

// Error names the column.
func (e *ParquetColumnError) Error() string { return fmt.Sprintf("column %s: %v", e.Column, e.Err) }

// Unwrap returns what is wrong.
func (e *ParquetColumnError) Unwrap() error { return e.Err }

// ParquetGroup reads columns of a row group side by side.
type ParquetGroup struct {
	columns []*ParquetColumn
	rest    []arrow.Array // by column: what was read beyond the end of the last rows; nil = nothing
	left    int64         // rows
}

// ParquetGroup starts reading fields of a row group; forms are by field.
func (f *ParquetFile) Group(src io.ReaderAt, group int, fields []*ParquetField, forms []ParquetForm) (*ParquetGroup,
	error) {
	g := &ParquetGroup{left: f.GroupRows(group), rest: make([]arrow.Array, len(fields))}
	for i, field := range fields {
		err := Guard(func() error {
			c, err := f.Column(src, field, group, forms[i])
			g.columns = append(g.columns, c)
			return err
		})
		if err != nil {
			return nil, &ParquetColumnError{field.Name, err}
		}
	}
	return g, nil
}

// Left returns the number of rows that are not read yet.
func (g *ParquetGroup) Left() int64 { return g.left }

// Next reads the next n rows, or as many as every column gives at once: an array by field. io.EOF after the last.
func (g *ParquetGroup) Next(n int) ([]arrow.Array, error) {
	if g.left == 0 {
		return nil, g.end()
	}
	n = int(min(int64(n), g.left))
	out := make([]arrow.Array, len(g.columns))
	for i, c := range g.columns {
		out[i], g.rest[i] = g.rest[i], nil
		err := Guard(func() (err error) {
			if out[i] == nil {
				out[i], err = c.Next(n)
			}
			if err == nil && out[i] == nil {
				err = errors.New("fewer values than the row group has rows")
			}
			return err
		})
		if err != nil {
			release(out)
			return nil, &ParquetColumnError{c.Field.Name, err}
		}
		n = min(n, out[i].Len())
	}
	for i, a := range out {
		if a.Len() == n {
			continue
		}
		var err [2]error
		out[i], err[0] = cutPage(a, 0, n)
		g.rest[i], err[1] = cutPage(a, n, a.Len())
		if a.Release(); err[0] != nil || err[1] != nil {
			return nil, &ParquetColumnError{g.columns[i].Field.Name, errors.Join(err[:]...)}
		}
	}
	g.left -= int64(n)
	return out, nil
}

// cutPage copies rows of an array: users of an array share its buffers from their begin.
func cutPage(a arrow.Array, from, to int) (arrow.Array, error) {
	s := array.NewSlice(a, int64(from), int64(to))
	defer s.Release()
	return array.Concatenate([]arrow.Array{s}, memory.DefaultAllocator)
}

// end checks that no column has more values than the row group has rows.
func (g *ParquetGroup) end() error {
	for i, c := range g.columns {
		err := Guard(func() error {
			more := g.rest[i]
			if more == nil {
				var err error
				if more, err = c.Next(1); more == nil || err != nil {
					return err
				}
			}
			more.Release()
			return errors.New("more values than the row group has rows")
		})
		if err != nil {
			return &ParquetColumnError{c.Field.Name, err}
		}
	}
	return io.EOF
}

// Close releases what was read too far.
func (g *ParquetGroup) Close() {
	release(g.rest)
	clear(g.rest)
}

func release(arrays []arrow.Array) {
	for _, a := range arrays {
		if a != nil {
			a.Release()
		}
	}
}
