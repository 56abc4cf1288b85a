package admin

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// StaysAfterArchive returns a function that reports whether a file of a closed cycle stays in the lake (ARCH-5).
func StaysAfterArchive(files []lake.FileEntry) func(lake.FileEntry) bool {
	last := make(map[int]lake.Day) // by bucket; later cycles need its index and positions
	for _, e := range files {
		if _, ok := e.Day.Calendar(); ok && e.Table == tables.Ident().Name && e.Day.Compare(last[e.Bucket]) > 0 {
			last[e.Bucket] = e.Day
		}
	}
	return func(e lake.FileEntry) bool {
		switch e.Table {
		case tables.Lines().Name:
			// a refund reads the amounts and the payment of the refunded order
			return e.Day == lake.EventsDay || e.Day == lake.ChargesDay
		case tables.Ident().Name, tables.Positions().Name:
			return e.Day == last[e.Bucket]
		case tables.Sums().Name, tables.TaxSums().Name, tables.Usage().Name, tables.Bandwidth().Name:
			return false
		}
		return true
	}
}
