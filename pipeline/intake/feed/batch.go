package feed

import (
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tollbook/tollbook/schemas/reason"
)

// Batch is a sequence of a file's records. It is immutable and may be shared between goroutines until Release.
type Batch struct {
	// Rows has the columns of the Spec in its order. Null means no value. A column that is not in the file is all null
	// (NullN() == Len()); all batches of the reader share one array for it, so it takes no memory. In Word columns, the
	// batches of one Parquet row group share a dictionary. In a text format, successive batches share one or have a
	// longer one with the same beginning; when it becomes too large, a new one starts. Shared dictionaries have the
	// same Dictionary().Data(), so codes can be looked up once.
	Rows arrow.RecordBatch
	// First is the row number of the batch's first row in the file, from 1 (§8).
	First int64
	// Faults lists the rows that failed on their own, by Index, at most one fault per row. Their cells can be read but
	// have no meaning.
	Faults []Fault

	raw     Raw
	release sync.Once
}

// Fault is the reason why a record failed on its own.
type Fault struct {
	Index  int           // the row within the batch
	Column string        // the column, or empty when it is the record as a whole
	Reason reason.Reason // bad_row, missing_value, bad_decimal, bad_time or out_of_range
	Value  string        // the value, cut after 256 bytes; for a record as a whole, what is wrong with it
}

// Raw formats a batch's records in their original form.
type Raw interface {
	// AppendRaw appends the complete record of row i of the batch, as Batch.Raw describes it.
	AppendRaw(dst []byte, i int) []byte
	// Release frees the memory of the records. The batch calls it once.
	Release()
}

// NewBatch returns a batch of rows and their raw records. It takes over the caller's reference to rows.
func NewBatch(rows arrow.RecordBatch, first int64, faults []Fault, raw Raw) *Batch {
	return &Batch{Rows: rows, First: first, Faults: faults, raw: raw}
}

// Len returns the number of rows.
func (b *Batch) Len() int { return int(b.Rows.NumRows()) }

// Raw appends the complete record of row i. For CSV and NDJSON it is the text of the file without the line end. For
// Parquet it is a JSON object of all non-null columns, x_ columns included, except nested ones. Decimals and times are
// texts in it, so that it is a record of the same feed in NDJSON.
func (b *Batch) Raw(dst []byte, i int) []byte { return b.raw.AppendRaw(dst, i) }

// Release frees the batch's memory. A second call does nothing. The batch must not be used afterwards.
func (b *Batch) Release() {
	b.release.Do(func() {
		b.Rows.Release()
		b.raw.Release()
	})
}
