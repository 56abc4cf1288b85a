package feedrows

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Options bound what a reader holds. The zero value means the defaults.
type Options struct {
	BatchRows  int // the most rows of a batch; default 32768
	BatchBytes int // a batch ends near this size, of raw text or of Arrow memory; default 8 MiB
	MaxRecord  int // a record longer than this, in Parquet a text value, fails the file; default 1 MiB
	// Ahead unpacks and parses before Next is called, in goroutines of their own, for a file that is read while a core
	// has nothing else to do. It takes the memory of two more batches, or of ten pieces of a large text, of 2 MiB each.
	Ahead bool
	// PieceBytes is the size of the pieces in which a text is parsed, however short it is. 0 = large texts that are
	// read ahead are parsed in pieces of 2 MiB, others as a whole.
	PieceBytes int
	// Memory is where arrow-go's memory comes from; default the Go heap, in which texts of Parquet are in any case.
	Memory memory.Allocator
}

// WithDefaults returns the options with a default in the place of each zero value that has one.
func (o Options) WithDefaults() Options {
	if o.BatchRows <= 0 {
		o.BatchRows = 32 << 10
	}
	if o.BatchBytes <= 0 {
		o.BatchBytes = 8 << 20
	}
	if o.MaxRecord <= 0 {
		o.MaxRecord = 1 << 20
	}
	if o.Memory == nil {
		o.Memory = memory.DefaultAllocator
	}
	return o
}

// Reader gives the batches of one file in order. One goroutine uses it at a time.
type Reader interface {
	// Next gives the next batch, of at least one row, which the caller must Release; io.EOF after the last. A
	// *feedfile.Error means that the file fails completely, any other error that reading failed; both are returned
	// again by every further call.
	Next(ctx context.Context) (*Batch, error)
	// Header is what must precede raw records to make them a file of the same format: the header line of CSV
	// without its end, nothing for NDJSON and for Parquet, whose raw records are NDJSON.
	Header() []byte
	// Progress is how many bytes of the file's size, as it is stored, have been read.
	Progress() (read, total int64)
	// Close ends the reading. Batches stay valid. A second call does nothing.
	Close() error
}
