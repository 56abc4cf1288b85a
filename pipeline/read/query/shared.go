package query

import (
	"context"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// record distinguishes records among lines of one id: lines of one record are equal in it.
type record struct {
	day    lake.Day
	start  period.Instant
	origin string
}

// shared finds the ids that more than one record of a customer's lines of a cycle has. Two records of calendar days
// have different ids (§3.20), so without lines of other days there are none.
func (s *LakeLinesState) shared(ctx context.Context, files *bucketFiles, all *places) (map[string]bool, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.shared != nil {
		return all.shared, nil
	}
	found, out := make(map[string]record), make(map[string]bool)
	cols := tables.Columns(tables.LineID, tables.LineUsageStart, tables.LineOriginCycle)
	for _, p := range all.own {
		day := files.files[p.file].Day
		if !day.IsSpecial() {
			continue
		}
		err := s.eachBlock(ctx, files, p, cols, func(c *parquet.Columns[tables.Line], i int) {
			id, at := c.Text(tables.LineID).At(i), record{day, c.Time(tables.LineUsageStart).At(i),
				c.Word(tables.LineOriginCycle).At(i)}
			if was, has := found[string(id)]; !has {
				found[string(id)] = at
			} else if was != at {
				out[string(id)] = true
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for _, p := range all.own {
		if len(found) == 0 || files.files[p.file].Day.IsSpecial() {
			continue
		}
		err := s.eachBlock(ctx, files, p, cols[:1], func(c *parquet.Columns[tables.Line], i int) {
			id := c.Text(tables.LineID).At(i)
			if _, has := found[string(id)]; has {
				out[string(id)] = true
			}
		})
		if err != nil {
			return nil, err
		}
	}
	all.shared = out
	return out, nil
}

// eachBlock visits the rows of a part, block by block.
func (s *LakeLinesState) eachBlock(ctx context.Context, files *bucketFiles, p part, cols tables.List[tables.Line],
	visit func(*parquet.Columns[tables.Line], int)) error {
	for from := p.from; from < p.to; from += parquet.PageRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := s.rowsOf(files, part{file: p.file, from: from, to: min(from+parquet.PageRows, p.to)}, cols)
		if err != nil {
			return err
		}
		for i := range c.N {
			visit(c, i)
		}
	}
	return nil
}
