package query

import (
	"context"
	"slices"
	"sort"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LinePage answers a query. Errors: *rows.NoCycleError; *rows.ArchivedError; *lake.MovedError if a newer state
// deleted files (REC-1).
func (s *LakeLinesState) Page(ctx context.Context, q LineQuery) (*LinePage, error) {
	if err := q.of(s.Snapshot); err != nil {
		return nil, err
	}
	at, files, err := s.places(ctx, q.Cycle, q.Customer, q.Where)
	if err != nil {
		return nil, err
	}
	all, _, err := s.places(ctx, q.Cycle, q.Customer, nil)
	if err != nil {
		return nil, err
	}
	cols := q.Columns
	if cols == nil {
		cols = AllLineColumns()
	}
	if !slices.Contains(cols, tables.LineID.Of()) {
		cols = append(slices.Clone(cols), tables.LineID.Of())
	}
	shared, err := s.shared(ctx, files, all)
	if err != nil {
		return nil, err
	}
	r := reading{state: s, files: files, all: all, shared: shared, where: q.Where, cols: cols, columns: columnKey(cols)}
	out := &LinePage{Total: at.total(), Rows: parquet.NewColumns(tables.Lines())}
	if q.Offset == 0 && q.Limit < out.Total {
		if err := s.hold(files, at); err != nil {
			return nil, err
		}
	}
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
		runs, err := r.runs(p, skip, want)
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			if err := r.appendRun(ctx, run, out); err != nil {
				return nil, err
			}
		}
		skip = 0
	}
	return out, nil
}

// hold opens the files of an answer that has more pages: an open file can be read after a commit deleted it.
func (s *LakeLinesState) hold(files *bucketFiles, at *places) error {
	last := int32(-1)
	for i := range at.parts {
		if at.parts[i].file == last {
			continue
		}
		last = at.parts[i].file
		f, err := s.store.files.take(s.Snapshot, files.files[last])
		if err != nil {
			return err
		}
		s.store.files.give(f)
	}
	return nil
}

func AllLineColumns() tables.List[tables.Line] {
	return tables.Lines().All()
}

// reading holds the parameters for reading the rows of one answer.
type reading struct {
	state *LakeLinesState
	files *bucketFiles
	all   *places // of the customer
	where []Condition

	shared map[string]bool // ids, see Page.Shared

	cols    tables.List[tables.Line] // of the answer, including the id
	columns string
}

// runs returns the matching rows of a part as consecutive ranges: at most want rows, without the first skip rows.
func (r *reading) runs(p part, skip, want int64) ([]part, error) {
	if p.count == p.to-p.from {
		from := p.from + skip
		return []part{{file: p.file, from: from, to: min(p.to, from+want)}}, nil
	}
	fit, err := r.state.fitting(r.files, p, r.where)
	if err != nil {
		return nil, err
	}
	var out []part
	for fit = fit[skip:min(int64(len(fit)), skip+want)]; len(fit) > 0; {
		n := 1
		for n < len(fit) && fit[n] == fit[n-1]+1 {
			n++
		}
		out = append(out, part{file: p.file, from: p.from + fit[0], to: p.from + fit[n-1] + 1})
		fit = fit[n:]
	}
	return out, nil
}
