package state

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// FileCount counts the outcomes of those rows of a file that passed the checks of single rows.
type FileCount struct {
	Accepted  int64 `json:"accepted"`
	Duplicate int64 `json:"duplicate"`
	Rejected  int64 `json:"rejected"`
}

// Tally counts the outcomes of new rows, and the lines that were written.
type Tally struct {
	Files    []FileCount         // by file of the scan
	Rejects  []accept.Reject     // by comparison with other records; Raw is not set
	Replaced money.QuantityTotal // quantity of newly replaced records
	Lines    int64

	books *books.Books
	watch *accept.RejectWatch // receives the accepted records; may be nil
}

// NewTally returns a tally of files in which all counts are 0.
func NewTally(files int, b *books.Books, watch *accept.RejectWatch) *Tally {
	return &Tally{Files: make([]FileCount, files), books: b, watch: watch}
}

// IncomingCounts is what a task counted.
type IncomingCounts struct {
	Files    []CountOfFile            `json:"files"` // ascending; only those with rows
	Rejects  []accept.Reject          `json:"rejects"`
	Replaced money.QuantityTotal      `json:"replaced"`
	Lines    int64                    `json:"lines"`
	Watched  []accept.AcceptedRejects `json:"watched"`
}

// CountOfFile is what a task counted of a file.
type CountOfFile struct {
	File int32 `json:"file"`
	FileCount
}

// Leave returns the counts and resets them to 0.
func (t *Tally) Leave() *IncomingCounts {
	c := &IncomingCounts{Files: []CountOfFile{}, Rejects: append([]accept.Reject{}, t.Rejects...), Replaced: t.Replaced,
		Lines: t.Lines, Watched: t.watch.Leave()}
	for i, n := range t.Files {
		if n != (FileCount{}) {
			c.Files = append(c.Files, CountOfFile{int32(i), n})
		}
	}
	clear(t.Files)
	t.Rejects, t.Lines, t.Replaced = t.Rejects[:0], 0, money.QuantityTotal{}
	return c
}

// Take adds the counts of a task.
func (t *Tally) Take(c *IncomingCounts) error {
	for _, n := range c.Files {
		if int(n.File) >= len(t.Files) {
			return fmt.Errorf("take the counts of a task: there is no file %d", n.File)
		}
		r := &t.Files[n.File]
		r.Accepted, r.Duplicate, r.Rejected = r.Accepted+n.Accepted, r.Duplicate+n.Duplicate, r.Rejected+n.Rejected
	}
	t.Rejects = append(t.Rejects, c.Rejects...)
	t.Lines += c.Lines
	t.watch.Take(c.Watched)
	return t.Replaced.AddTotal(c.Replaced)
}

// Accept counts a new usage record of a cycle that is accepted.
func (t *Tally) Accept(r *accept.Record, cycle period.Cycle) {
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

// Reject counts a usage row that is rejected by comparison with others.
func (t *Tally) Reject(r *accept.Record, why reason.Reason, column, value string) {
	t.RejectRow(accept.Reject{File: r.File, Row: r.Number, Reason: why, Column: column, Value: value, ID: string(r.ID)})
}

// RejectRow counts a row that is rejected by comparison with others.
func (t *Tally) RejectRow(r accept.Reject) {
	t.Files[r.File].Rejected++
	t.Rejects = append(t.Rejects, r)
}
