package incoming

import (
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/rejects"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// FileCount is what became of a file's rows that passed by themselves.
type FileCount struct{ Accepted, Duplicate, Rejected int64 }

// Tally counts what became of new rows, and the lines that were written.
type Tally struct {
	Files    []FileCount         // by file of the scan
	Rejects  []accept.Reject     // decided against other records; Raw is not filled
	Replaced money.QuantityTotal // of records newly replaced
	Lines    int64

	books *books.Books
	watch *rejects.Watch // sees the records that are accepted; nil = nothing does
}

// NewTally is a tally of files, of which all counts are 0.
func NewTally(files int, b *books.Books, watch *rejects.Watch) *Tally {
	return &Tally{Files: make([]FileCount, files), books: b, watch: watch}
}

// Take adds the counts of another tally and sets them to 0.
func (t *Tally) Take(o *Tally) error {
	for i, c := range o.Files {
		r := &t.Files[i]
		r.Accepted, r.Duplicate, r.Rejected = r.Accepted+c.Accepted, r.Duplicate+c.Duplicate, r.Rejected+c.Rejected
	}
	clear(o.Files)
	t.Rejects = append(t.Rejects, o.Rejects...)
	o.Rejects = o.Rejects[:0]
	t.Lines += o.Lines
	err := t.Replaced.AddTotal(o.Replaced)
	o.Lines, o.Replaced = 0, money.QuantityTotal{}
	return err
}

// Accept counts a new usage record of a cycle that is accepted.
func (t *Tally) Accept(r *sorting.Row, cycle period.Cycle) {
	t.Files[r.File].Accepted++
	t.watch.AcceptedUsage(t.books.Customers[r.Customer].ID, cycle, r.ID, r.File, r.Number)
}

// AcceptSample counts a new sample of a link's slot that is accepted.
func (t *Tally) AcceptSample(link string, slot period.Instant, file int32, row int64) {
	t.Files[file].Accepted++
	t.watch.AcceptedSample(link, slot, file, row)
}

// Duplicate counts a row of a file that is a duplicate.
func (t *Tally) Duplicate(file int32) { t.Files[file].Duplicate++ }

// Reject notes a usage row that failed against others.
func (t *Tally) Reject(r *sorting.Row, why reason.Reason, column, value string) {
	t.RejectRow(accept.Reject{File: r.File, Row: r.Number, Reason: why, Column: column, Value: value, ID: string(r.ID)})
}

// RejectRow notes a row that failed against others.
func (t *Tally) RejectRow(r accept.Reject) {
	t.Files[r.File].Rejected++
	t.Rejects = append(t.Rejects, r)
}
