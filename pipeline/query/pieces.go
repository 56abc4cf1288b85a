package query

import (
	"cmp"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/table"
)

// pieces gives the rows of a Parquet file some pages at a time: as much of it is in memory as one of them takes.
type pieces struct {
	pages table.Pages
	cols  []int
	most  int64                     // rows of a piece, at most
	at    int64                     // the next row
	skip  func(from, to int64) bool // whether the rows of a page have nothing of interest; nil = never
	out   *table.Columns

	group int                       // whose dictionaries are kept
	dicts map[int]*table.Dictionary // by column
}

// How many rows a piece has. A page is the least that can be decoded. Pieces of more rows than this decode no faster, and fall out of the
// processor's cache.
const (
	leastPiece = table.PageRows
	mostPiece  = 8 * table.PageRows
)

// newPieces reads where the pages lie.
func newPieces(f file, o *opening) (*pieces, error) {
	var bounded []int
	if o.only != "" {
		bounded = []int{o.by}
	}
	cols := o.order.with(o.cols)
	if cols == nil {
		for i := range o.def.Columns {
			cols = append(cols, i)
		}
	}
	if o.only != "" && !slices.Contains(cols, o.by) {
		cols = append(cols, o.by)
	}
	layout, err := table.ReadLayoutOf(f, f.Size(), o.def, cols, bounded...)
	if err != nil {
		return nil, err
	}
	p := &pieces{cols: slices.Sorted(slices.Values(cols)), most: cmp.Or(o.piece, mostPiece), out: table.NewColumns(o.def), group: -1, dicts: map[int]*table.Dictionary{}}
	p.pages = table.Pages{Layout: layout, Source: f, Decoder: o.decoder, Dictionary: p.dictionary}
	if o.only != "" {
		p.skip = func(from, to int64) bool {
			low, high, ok := layout.Bounds(o.by, from, to)
			return ok && (o.only < low || o.only > high)
		}
	}
	return p, nil
}

// dictionary keeps those of one row group.
func (p *pieces) dictionary(group, col int, load func() (*table.Dictionary, error)) (*table.Dictionary, error) {
	if group != p.group {
		clear(p.dicts)
		p.group = group
	}
	if d, ok := p.dicts[col]; ok {
		return d, nil
	}
	d, err := load()
	if err == nil {
		p.dicts[col] = d
	}
	return d, err
}

// Next gives the next piece, valid until the next call; nil at the end. A piece does not go beyond its row group, so that its words are of
// one dictionary.
func (p *pieces) Next() (*table.Columns, error) {
	for rows := p.pages.Layout.Rows(); p.at < rows; {
		from := p.at
		to := min(from+p.most, p.pages.Layout.GroupEnd(from))
		p.at = to
		if p.skip != nil && p.skip(from, to) {
			continue
		}
		p.out.Reset()
		if err := p.pages.Append(p.out, p.cols, from, to); err != nil {
			return nil, err
		}
		return p.out, nil
	}
	return nil, nil
}

// rowGroup gives a whole row group.
func (p *pieces) rowGroup(group int) (*table.Columns, error) {
	if group >= p.pages.Layout.Groups() {
		return nil, errors.New("it is not there")
	}
	p.out.Reset()
	return p.out, p.pages.Group(p.out, p.cols, group)
}
