package feedrows

import (
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tollbook/tollbook/schemas/reason"
)

// Batch is a run of a file's records. It is immutable and may be shared between goroutines until Release.
type Batch struct {
	// Rows holds the columns of the Spec in its order. A null is no value. A column that the file does not have is all
	// null (NullN() == Len()) and a slice of one array that all batches of the reader share, so it costs nothing. Word
	// columns: batches of one Parquet row group share a dictionary. Of a text format, successive batches share one or
	// have a longer one with the same beginning, until one grows too large and a new one starts. Shared ones have the
	// same Dictionary().Data(), so codes can be looked up once.
	Rows arrow.RecordBatch
	// First is the row number of the batch's first row in the file, from 1 (§8).
	First int64
	// Faults are the rows that failed on their own, by Index, at most one per row. Their cells can be read and mean
	// nothing.
	Faults []Fault

	raw     Raw
	release sync.Once
}

// Fault is why a record failed on its own.
type Fault struct {
	Index  int           // the row within the batch
	Column string        // the column, or empty when it is the record as a whole
	Reason reason.Reason // bad_row, missing_value, bad_decimal, bad_time or out_of_range
	Value  string        // the value seen, cut after 256 bytes; for a record as a whole, what is wrong with it
}

// Raw gives a batch's records as they came.
type Raw interface {
	// AppendRaw appends the whole record of row i of the batch, as Batch.Raw describes it.
	AppendRaw(dst []byte, i int) []byte
	// Release gives the memory of the records back. The batch calls it once.
	Release()
}

// NewBatch makes a batch of rows, of which it takes over the caller's reference, and of their raw records.
func NewBatch(rows arrow.RecordBatch, first int64, faults []Fault, raw Raw) *Batch {
	return &Batch{Rows: rows, First: first, Faults: faults, raw: raw}
}

// Len is the number of rows.
func (b *Batch) Len() int { return int(b.Rows.NumRows()) }

// Raw appends the whole record of row i: of CSV and NDJSON the text as it was in the file, without the end of the
// line; of Parquet a JSON object of all columns, x_ columns included (nested ones are left out), without nulls,
// decimals and times as texts, so that it is a record of the same feed in NDJSON.
func (b *Batch) Raw(dst []byte, i int) []byte { return b.raw.AppendRaw(dst, i) }

// Release gives the batch's memory back. A second call does nothing; nothing of the batch may be used after it.
func (b *Batch) Release() {
	b.release.Do(func() {
		b.Rows.Release()
		b.raw.Release()
	})
}
