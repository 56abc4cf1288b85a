package query

import (
	"bytes"
	"context"
	"slices"
	"sort"

	"github.com/maypok86/otter/v2"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// blockRows is the number of a customer's rows of a file that are cached together: the other rows of their pages are
// decoded with them anyway.
const blockRows = 64

// blockKey identifies some of a customer's rows of a file, and some of their columns.
type blockKey struct {
	file lake.Hash
	from int64
	cols string // a byte per column
}

// block holds rows that were read before.
type block struct {
	rows  *parquet.Packed
	split []bool // see Page.Split
}

func (b *block) weight() int { return 48 + b.rows.Weight() + len(b.split) }

// columnKey distinguishes lists of columns.
func columnKey(cols tables.List[tables.Line]) string {
	key := make([]byte, len(cols))
	for i, col := range cols {
		key[i] = byte(col)
	}
	return string(key)
}

// appendRun appends consecutive rows of a file to an answer, from blocks.
func (r *reading) appendRun(ctx context.Context, run part, to *LinePage) error {
	own := r.own(run.file)
	for at := run.from; at < run.to; {
		first := own.from + (at-own.from)/blockRows*blockRows
		b, err := r.block(ctx, part{file: run.file, from: first, to: min(own.to, first+blockRows)}, own)
		if err != nil {
			return err
		}
		low, high := int(at-first), int(min(run.to-first, blockRows))
		b.rows.Append(to.Rows.Any(), r.cols.Any(), low, high)
		to.Split = append(to.Split, b.split[low:high]...)
		for i := low; i < high; i++ {
			to.Shared = append(to.Shared, r.shared[string(to.Rows.Text(tables.LineID).At(len(to.Shared)))])
		}
		at = first + int64(high)
	}
	return nil
}

// own returns the customer's rows of a file, which are consecutive.
func (r *reading) own(file int32) part {
	own := r.all.own
	return own[sort.Search(len(own), func(i int) bool { return own[i].file >= file })]
}

func (r *reading) block(ctx context.Context, rows, own part) (*block, error) {
	key := blockKey{file: r.files.files[rows.file].Hash, from: rows.from, cols: r.columns}
	if b, ok := r.state.store.blocks.GetIfPresent(key); ok {
		return b, nil
	}
	return r.state.store.blocks.Get(ctx, key,
		otter.LoaderFunc[blockKey, *block](func(context.Context, blockKey) (*block, error) {
			return r.readBlock(rows, own)
		}))
}

// readBlock reads rows, and determines for each whether the customer's row before or after it has the same id and
// usage_start. Lines of one record are consecutive.
func (r *reading) readBlock(rows, own part) (*block, error) {
	wide := part{file: rows.file, from: max(own.from, rows.from-1), to: min(own.to, rows.to+1)}
	ids, err := r.state.rowsOf(r.files, wide, tables.Columns(tables.LineID, tables.LineUsageStart))
	if err != nil {
		return nil, err
	}
	id, start := ids.Text(tables.LineID), ids.Time(tables.LineUsageStart)
	same := func(i, j int) bool { return bytes.Equal(id.At(i), id.At(j)) && start.At(i) == start.At(j) }
	low, high := int(rows.from-wide.from), int(rows.to-wide.from)
	out := parquet.NewColumns(tables.Lines())
	others := slices.DeleteFunc(slices.Clone(r.cols), func(col tables.ColumnOf[tables.Line]) bool {
		return col == tables.LineID.Of()
	})
	if err := r.state.appendRows(r.files, rows, others, out); err != nil {
		return nil, err
	}
	b := &block{split: make([]bool, 0, high-low)}
	for i := low; i < high; i++ {
		out.Text(tables.LineID).AddBytes(id.At(i))
		b.split = append(b.split, i > 0 && same(i-1, i) || i+1 < ids.N && same(i, i+1))
	}
	b.rows = parquet.Pack(out.Any(), r.cols.Any())
	return b, nil
}
