package state

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// costDays hold the lines of cost files, whose charge period may lie outside the cycle that bills them (§11.1).
var costDays = []lake.Day{lake.CostsDay, lake.RestatedDay}

// ahead reads the lines of cost files that are billed before a cycle and whose instant is not before it.
func (s *Commitments) ahead(bucket int, cycle period.Cycle, wanted func(int32) bool,
	out map[int32][]CountedCharge) error {
	start := s.Books.Zone.Bounds(cycle).From
	for _, earlier := range s.Files.Cycles() {
		if earlier >= cycle || s.IsArchived(earlier) {
			continue
		}
		files, err := s.files(bucket, earlier, costDays)
		if err != nil {
			return err
		}
		for _, e := range files {
			if some, err := s.reaches(e, start); err != nil || !some {
				if err != nil {
					return err
				}
				continue
			}
			lines := make(map[int32][]CountedCharge)
			if err := s.file(e, earlier, wanted, lines); err != nil {
				return err
			}
			for customer, list := range lines {
				out[customer] = append(out[customer],
					slices.DeleteFunc(list, func(c CountedCharge) bool { return c.At < start })...)
			}
		}
	}
	return nil
}

// reaches reports whether a line of a file begins at or after an instant. It reads one column.
func (s *Commitments) reaches(e lake.FileEntry, t period.Instant) (bool, error) {
	if IsRated(e) {
		return true, nil
	}
	r, err := rows.OpenFile(s.Files, e, tables.Lines(), tables.Columns(tables.LineUsageStart))
	if err != nil {
		return false, err
	}
	defer r.Close()
	return reaches(r, t)
}

func reaches(r reader, t period.Instant) (bool, error) {
	var cols *parquet.Columns[tables.Line]
	var err error
	for cols, err = r.Next(); err == nil && cols != nil; cols, err = r.Next() {
		for i := range cols.N {
			if cols.Time(tables.LineUsageStart).At(i) >= t {
				return true, nil
			}
		}
	}
	return false, err
}
