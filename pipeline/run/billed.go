package run

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// laterDays are the days of lines that a cycle bills for earlier, closed cycles, without those of cost files.
var laterDays = []lake.Day{lake.LateDay, lake.RerateDay, lake.CommitmentsDay}

// BilledLater reports whether a closed cycle after the given one billed something for it.
func BilledLater(s *lake.Snapshot, origin period.Cycle) (found bool, err error) {
	for _, ref := range s.Manifest.Cycles {
		if ref.State != lake.CycleClosed || ref.Period() <= origin {
			continue
		}
		files, err := s.Select(ref.Cycle, func(k lake.FileKey) bool {
			return k.Table == tables.Lines().Name && slices.Contains(laterDays, k.Day)
		})
		if err != nil {
			return false, err
		}
		for _, e := range files {
			err := rows.EachRow(s, e, tables.Lines(), tables.Columns(tables.LineOriginCycle),
				func(cols *parquet.Columns[tables.Line], i int) error {
					found = found || cols.Word(tables.LineOriginCycle).At(i) == origin.String()
					return nil
				})
			if err != nil || found {
				return found, err
			}
		}
	}
	return false, nil
}
