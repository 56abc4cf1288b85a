package audit

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// archived counts the accepted data of a cycle that was moved to an archive: one index row per usage record, one row
// per sample.
func (v *verifier) archived(ref lake.CycleRef, files []lake.FileEntry) {
	v.counts.archived++
	for _, t := range ref.Archived.Left {
		switch t.Table {
		case tables.Ident().Name:
			v.counts.records += t.Rows
		case tables.Bandwidth().Name:
			v.counts.samples += t.Rows
		}
	}
	for _, e := range files {
		if e.Table == tables.Ident().Name {
			v.counts.records += e.Rows
		}
	}
}

// archived checks a bucket of an archived cycle: all rows of the remaining files are there. They need not add up to
// anything.
func (b *bucket) archived() error {
	for _, step := range []func() error{b.accountEvents, b.rowCounts} {
		if err := b.survive(step()); err != nil {
			return err
		}
	}
	return b.hand()
}
