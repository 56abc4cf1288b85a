package query

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"

	"github.com/maypok86/otter/v2"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// placesKey identifies the places of a customer's rows. They depend only on the files.
type placesKey struct {
	files    lake.Hash
	customer string
	where    string
}

// places locates the rows of an answer, in order.
type places struct {
	parts []part
	ends  []int64 // number of rows up to the end of each part
	own   []part  // of all rows of a customer: one part per file, by file

	mu     sync.Mutex
	shared map[string]bool // of all rows of a customer: ids, see Page.Shared; nil = not determined yet
}

// part is a range of consecutive rows of a file, of which count match.
type part struct {
	file     int32
	from, to int64
	count    int64
}

func (p *places) total() int64 {
	if len(p.ends) == 0 {
		return 0
	}
	return p.ends[len(p.ends)-1]
}

func (p *places) weight() int { return 88 + 40*len(p.parts) + 32*len(p.own) }

// add appends a part. It joins the part to the last one if it is adjacent and all rows of both match.
func (p *places) add(a part) {
	if a.count == 0 {
		return
	}
	total := p.total() + a.count
	if n := len(p.parts); n > 0 {
		b := &p.parts[n-1]
		if b.file == a.file && b.to == a.from && b.count == b.to-b.from && a.count == a.to-a.from {
			b.to, b.count, p.ends[n-1] = a.to, b.count+a.count, total
			return
		}
	}
	p.parts, p.ends = append(p.parts, a), append(p.ends, total)
}

// places finds the rows of a customer that satisfy all conditions.
func (s *LakeLinesState) places(ctx context.Context, cycle lake.Cycle, customer string, where []Condition) (*places,
	*bucketFiles, error) {
	files, err := s.lines(cycle, customer)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.store.places.Get(ctx, placesKey{files: files.digest, customer: customer},
		otter.LoaderFunc[placesKey, *places](
			func(context.Context, placesKey) (*places, error) { return s.findAll(files, customer) }))
	if err != nil || len(where) == 0 || all.total() == 0 {
		return all, files, err
	}
	some, err := s.store.places.Get(ctx, placesKey{files.digest, customer, keyOf(where)},
		otter.LoaderFunc[placesKey, *places](
			func(ctx context.Context, _ placesKey) (*places, error) { return s.findSome(ctx, files, all, where) }))
	return some, files, err
}

// findAll finds all rows of a customer.
func (s *LakeLinesState) findAll(files *bucketFiles, customer string) (*places, error) {
	out := &places{}
	var own, others []part // others are of non-calendar days: their rows belong between those of the days
	for i, e := range files.files {
		var p part
		err := s.store.with(s.Snapshot, e, func(pages *parquet.Pages) (err error) {
			p.from, p.to, err = pages.Find(tables.LineCustomerID.Any(), customer)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Path, err)
		}
		p.file, p.count = int32(i), p.to-p.from
		if p.count > 0 {
			own = append(own, p)
		}
		if p.count > 0 && e.Day.IsSpecial() {
			others = append(others, p)
			continue
		}
		out.add(p)
	}
	if len(others) > 0 {
		var err error
		if out, err = s.interleave(files, out, others); err != nil {
			return nil, err
		}
	}
	out.own = slices.Clip(own)
	return out, nil
}

// keyed is one row with the columns that determine the order of rows.
type keyed struct {
	row  rows.Row[tables.Line]
	part part
}

// interleave merges the rows of non-calendar days into those of the calendar days, whose files are consecutive.
func (s *LakeLinesState) interleave(files *bucketFiles, days *places, others []part) (*places, error) {
	var list []keyed
	for _, p := range others {
		cols, err := s.rowsOf(files, p, rows.LineOrder())
		if err != nil {
			return nil, err
		}
		for i := range cols.N {
			at := p.from + int64(i)
			list = append(list, keyed{rows.Row[tables.Line]{Cols: cols, I: i}, part{p.file, at, at + 1, 1}})
		}
	}
	slices.SortStableFunc(list, func(a, b keyed) int { return rows.CompareLines(a.row, b.row) })
	out := &places{}
	for _, p := range days.parts {
		starts, err := s.rowsOf(files, p, tables.Columns(tables.LineUsageStart))
		if err != nil {
			return nil, err
		}
		for len(list) > 0 {
			n, err := s.before(files, p, starts, list[0].row)
			if err != nil {
				return nil, err
			}
			if n == p.to-p.from {
				break // the row comes after this day
			}
			out.add(part{p.file, p.from, p.from + n, n})
			out.add(list[0].part)
			list = list[1:]
			p.from, p.count = p.from+n, p.count-n
			starts.Col(tables.LineUsageStart.Of()).Ints = starts.Col(tables.LineUsageStart.Of()).Ints[n:]
		}
		out.add(p)
	}
	for _, r := range list {
		out.add(r.part)
	}
	return out, nil
}

// before returns how many rows of a part come before a row. starts holds usage_start of the part's rows.
func (s *LakeLinesState) before(files *bucketFiles, p part, starts *parquet.Columns[tables.Line],
	row rows.Row[tables.Line]) (int64, error) {
	ints, start := starts.Col(tables.LineUsageStart.Of()).Ints, int64(row.Time(tables.LineUsageStart))
	low := sort.Search(len(ints), func(i int) bool { return ints[i] >= start })
	high := low + sort.Search(len(ints)-low, func(i int) bool { return ints[low+i] > start })
	if low == high {
		return int64(low), nil
	}
	cols, err := s.rowsOf(files, part{file: p.file, from: p.from + int64(low), to: p.from + int64(high)},
		rows.LineOrder())
	if err != nil {
		return 0, err
	}
	n := sort.Search(cols.N, func(i int) bool {
		return rows.CompareLines(rows.Row[tables.Line]{Cols: cols, I: i},
			row) > 0
	})
	return int64(low + n), nil
}

// rowsOf reads columns of a part.
func (s *LakeLinesState) rowsOf(files *bucketFiles, p part, cols tables.List[tables.Line]) (
	*parquet.Columns[tables.Line], error) {
	out := parquet.NewColumns(tables.Lines())
	return out, s.appendRows(files, p, cols, out)
}

func (s *LakeLinesState) appendRows(files *bucketFiles, p part, cols tables.List[tables.Line],
	to *parquet.Columns[tables.Line]) error {
	e := files.files[p.file]
	err := s.store.with(s.Snapshot, e, func(pages *parquet.Pages) error {
		return pages.Append(to.Any(), cols.Any(), p.from, p.to)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	return nil
}

// findSome finds those rows of all that satisfy the conditions, block by block.
func (s *LakeLinesState) findSome(ctx context.Context, files *bucketFiles, all *places, where []Condition) (*places,
	error) {
	out := &places{}
	for _, p := range all.parts {
		for from := p.from; from < p.to; from += parquet.PageRows {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			block := part{file: p.file, from: from, to: min(from+parquet.PageRows, p.to)}
			fit, err := s.fitting(files, block, where)
			if err != nil {
				return nil, err
			}
			// without the rows before the first match and after the last
			if block.count = int64(len(fit)); block.count > 0 {
				block.from, block.to = from+fit[0], from+fit[len(fit)-1]+1
			}
			out.add(block)
		}
	}
	return out, nil
}

// fitting returns which rows of a part satisfy the conditions, as offsets from its first row.
func (s *LakeLinesState) fitting(files *bucketFiles, p part, where []Condition) ([]int64, error) {
	var cols tables.List[tables.Line]
	for i := range where {
		cols = append(cols, where[i].columns()...)
	}
	slices.Sort(cols)
	rows, err := s.rowsOf(files, p, slices.Compact(cols))
	if err != nil {
		return nil, err
	}
	tests := make([]func(int) bool, len(where))
	for i := range where {
		if tests[i], err = where[i].test(rows); err != nil {
			return nil, err
		}
	}
	var fit []int64
	for i := range rows.N {
		if !slices.ContainsFunc(tests, func(test func(int) bool) bool { return !test(i) }) {
			fit = append(fit, int64(i))
		}
	}
	return fit, nil
}
