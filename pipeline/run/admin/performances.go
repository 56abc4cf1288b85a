package admin

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// dividePerformances assigns what the lines of a day of a closed cycle add to the performance of partners to the first
// part that has lines of the day; those of the other parts add nothing (REBUCKET-5).
func (d *division) dividePerformances(c *cycleFiles, at tableDay, made [][]lake.FileEntry) error {
	out := make([]*parquet.Columns[tables.Performance], d.parts())
	for part := range out {
		out[part] = parquet.NewColumns(tables.Performances())
	}
	for _, e := range c.old[at] {
		err := rows.EachRow(d.txn, e, tables.Performances(), nil,
			func(cols *parquet.Columns[tables.Performance], i int) error {
				d.addShare(c, out, cols, i)
				return nil
			})
		if err != nil {
			return err
		}
	}
	for part := range out {
		files, err := rows.WriteFile(d.txn, d.key(c, at, part), out[part], nil)
		if err != nil {
			return err
		}
		made[part] = files
	}
	return nil
}

// addShare adds a row to the first part with lines of the row's day, and to each other such part, once, a row that says
// that its lines add nothing.
func (d *division) addShare(c *cycleFiles, out []*parquet.Columns[tables.Performance],
	cols *parquet.Columns[tables.Performance], i int) {
	day := cols.Word(tables.PerformanceDay).At(i)
	first := true
	for part, files := range c.linesOf(day) {
		if len(files) == 0 {
			continue
		}
		to := out[part]
		n := to.N
		switch {
		case first:
			for _, col := range [...]tables.WordColumn[tables.Performance]{tables.PerformanceProgrammeID,
				tables.PerformancePartnerID} {
				to.Word(col).Add(cols.Word(col).At(i))
			}
			for _, col := range [...]tables.AmountColumn[tables.Performance]{tables.PerformanceOwnAmount,
				tables.PerformanceNewAmount} {
				to.Amount(col).AddRaw(cols.Amount(col).At(i))
			}
		case n > 0 && to.Word(tables.PerformanceDay).At(n-1) == day:
			continue
		default:
			to.Word(tables.PerformanceProgrammeID).Add("")
			to.Word(tables.PerformancePartnerID).Add("")
			to.Amount(tables.PerformanceOwnAmount).Add(0, 0)
			to.Amount(tables.PerformanceNewAmount).Add(0, 0)
		}
		to.Word(tables.PerformanceDay).Add(day)
		to.Word(tables.PerformanceLinesHash).Add(string(files[0].Hash))
		to.N++
		first = false
	}
}

// linesOf returns the files of lines of a day by part.
func (c *cycleFiles) linesOf(day string) [][]lake.FileEntry {
	for at, made := range c.made {
		if at.table == tableLines && at.day.String() == day {
			return made
		}
	}
	return nil
}
