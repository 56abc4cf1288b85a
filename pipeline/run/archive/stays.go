package archive

import (
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Stays returns a function that reports whether a file of a closed cycle stays in the lake (ARCH-5).
func Stays(files []manifest.FileEntry) func(manifest.FileEntry) bool {
	last := make(map[int]manifest.Day) // by bucket; later cycles need its index and positions
	for _, e := range files {
		if _, ok := e.Day.Calendar(); ok && e.Table == tables.Ident().Name && e.Day.Compare(last[e.Bucket]) > 0 {
			last[e.Bucket] = e.Day
		}
	}
	return func(e manifest.FileEntry) bool {
		switch e.Table {
		case tables.Lines().Name:
			// a refund reads the amounts and the payment of the refunded order
			return e.Day == manifest.EventsDay || e.Day == manifest.ChargesDay
		case tables.Ident().Name, tables.Positions().Name:
			return e.Day == last[e.Bucket]
		case tables.Sums().Name, tables.TaxSums().Name, tables.Usage().Name, tables.Bandwidth().Name:
			return false
		}
		return true
	}
}
