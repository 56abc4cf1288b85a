package feed

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// ReadOptions limit the memory of a reader. The zero value means the defaults.
type ReadOptions struct {
	BatchRows  int // largest number of rows of a batch; default 32768
	BatchBytes int // approximate size of a batch in bytes, of raw text or of Arrow memory; default 8 MiB
	MaxRecord  int // largest record in bytes (Parquet: text value); a larger one fails the file; default 1 MiB
	// Ahead unpacks and parses in other goroutines before Next is called. It is for a file that is read while cores are
	// idle. It takes the memory of two more batches, or of ten pieces of 2 MiB of a large text.
	Ahead bool
	// PieceBytes is the size of the pieces in which a text of any length is parsed. 0 = large texts that are read ahead
	// are parsed in pieces of 2 MiB, others as a whole.
	PieceBytes int
	// Memory allocates arrow-go's memory; default the Go heap. Texts of Parquet are always in the Go heap.
	Memory memory.Allocator
}

// WithDefaults returns the options with zero values replaced by their defaults.
func (o ReadOptions) WithDefaults() ReadOptions {
	if o.BatchRows <= 0 {
		o.BatchRows = 32 << 10
	}
	if o.BatchBytes <= 0 {
		o.BatchBytes = 8 << 20
	}
	if o.MaxRecord <= 0 {
		o.MaxRecord = MaxRecord
	}
	if o.Memory == nil {
		o.Memory = memory.DefaultAllocator
	}
	return o
}

// Reader returns the batches of one file in order. One goroutine uses it at a time.
type Reader interface {
	// Next returns the next batch, which has at least one row and must be released by the caller; io.EOF after the
	// last. A *FormError means that the file fails completely, any other error that reading failed. Further calls
	// return the same error.
	Next(ctx context.Context) (*Batch, error)
	// Header returns what must precede raw records to make them a file of the same format: the header line of CSV
	// without its end; nothing for NDJSON and for Parquet, whose raw records are NDJSON.
	Header() []byte
	// Progress returns how many bytes of the stored file have been read.
	Progress() (read, total int64)
	// Close stops reading. Batches stay valid. A second call does nothing.
	Close() error
}
