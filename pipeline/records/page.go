package records

import (
	"context"
	"sort"

	"github.com/tollbook/tollbook/pipeline/query"
	"github.com/tollbook/tollbook/pipeline/table"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Page answers a query. Errors: *query.NoCycleError; *lake.MovedError when a newer state took files away (REC-1).
func (s *State) Page(ctx context.Context, q Query) (*Page, error) {
	if err := query.HasCycle(s.Snapshot, q.Cycle); err != nil {
		return nil, err
	}
	at, files, err := s.places(ctx, q.Cycle, q.Customer, q.Where)
	if err != nil {
		return nil, err
	}
	cols := q.Columns
	if cols == nil {
		cols = allColumns()
	}
	out := &Page{Total: at.total(), Rows: table.NewColumns(tables.Lines())}
	first := sort.Search(len(at.parts), func(i int) bool { return at.ends[i] > q.Offset })
	skip := q.Offset
	if first > 0 {
		skip -= at.ends[first-1]
	}
	for _, p := range at.parts[min(first, len(at.parts)):] {
		want := q.Limit - int64(out.Rows.N)
		if want <= 0 {
			break
		}
		if err := s.appendSome(files, p, q.Where, skip, want, cols, out.Rows); err != nil {
			return nil, err
		}
		skip = 0
	}
	return out, nil
}

func allColumns() []int {
	all := make([]int, tables.LineColumns)
	for i := range all {
		all[i] = i
	}
	return all
}

// appendSome appends at most want of a part's rows that fit, without the first skip of them.
func (s *State) appendSome(files *bucketFiles, p part, where []Condition, skip, want int64, cols []int, to *table.Columns) error {
	if p.count == p.to-p.from {
		from := p.from + skip
		return s.appendRows(files, part{file: p.file, from: from, to: min(p.to, from+want)}, cols, to)
	}
	fit, err := s.fitting(files, p, where)
	if err != nil {
		return err
	}
	fit = fit[skip:min(int64(len(fit)), skip+want)]
	for len(fit) > 0 { // neighbours together
		n := 1
		for n < len(fit) && fit[n] == fit[n-1]+1 {
			n++
		}
		run := part{file: p.file, from: p.from + fit[0], to: p.from + fit[n-1] + 1}
		if err := s.appendRows(files, run, cols, to); err != nil {
			return err
		}
		fit = fit[n:]
	}
	return nil
}
