package feed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tollbook/tollbook/pipeline/intake/feed/feedrows"
	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/pipeline/intake/feeds"
)

// Options bound what a reader holds. The zero value means the defaults.
type Options struct {
	BatchRows  int // the most rows of a batch; default 32768
	BatchBytes int // a batch ends near this size, of raw text or of Arrow memory; default 8 MiB
	MaxRecord  int // a record longer than this, in Parquet a text value, fails the file; default 1 MiB
	// Ahead unpacks and parses before Next is called, in goroutines of their own, for a file that is read while a core
	// has nothing else to do. It takes the memory of two more batches, or of ten pieces of a large text, of 2 MiB each.
	Ahead bool
	// Memory is where arrow-go's memory comes from; default the Go heap, in which texts of Parquet are in any case.
	Memory memory.Allocator

	pieceBytes int // of tests: a text is parsed in pieces of this size however short it is
}

func (o Options) withDefaults() Options {
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
	Next(ctx context.Context) (*feedrows.Batch, error)
	// Header is what must precede raw records to make them a file of the same format: the header line of CSV
	// without its end, nothing for NDJSON and for Parquet, whose raw records are NDJSON.
	Header() []byte
	// Progress is how many bytes of the file's size, as it is stored, have been read.
	Progress() (read, total int64)
	// Close ends the reading. Batches stay valid. A second call does nothing.
	Close() error
}

// Open opens a feed file by its path below inbox/, fsys being that folder. It fails with a *feedfile.Error where the
// file shows by its beginning (of Parquet, by its end) that it fails completely. For Parquet the files of fsys must be
// io.ReaderAt and io.Seeker, as those of os.DirFS are.
func Open(fsys fs.FS, name string, spec *feeds.Spec, opts Options) (Reader, error) {
	return open(fsys, name, spec, opts, 0, -1)
}

// OpenRange opens the row groups [from, to) of a Parquet file, so that several workers can read one large file; rows
// are numbered as they are in the whole file. Every other file is one group, [0, 1).
func OpenRange(fsys fs.FS, name string, spec *feeds.Spec, opts Options, from, to int) (Reader, error) {
	if from < 0 || to < from {
		return nil, fmt.Errorf("read inbox/%s: row groups [%d, %d)", name, from, to)
	}
	return open(fsys, name, spec, opts, from, to)
}

// open opens the groups [from, to) of a file; to < 0 means all.
func open(fsys fs.FS, name string, spec *feeds.Spec, opts Options, from, to int) (Reader, error) {
	f, known := feedfile.FormatOf(name)
	if !known {
		return nil, &feedfile.Error{File: name, Text: "not a feed file by its name",
			Hint: "feed files end in .csv, .ndjson or .parquet; the first two may be followed by .gz or .zst"}
	}
	opts = opts.withDefaults()
	src, err := feedfile.Open(fsys, name)
	if err != nil {
		return nil, err
	}
	var r Reader
	switch {
	case f.Kind == "parquet":
		r, err = openParquet(src, spec, opts, from, to)
	case to > 1 || from > 0 || to == 0:
		err = fmt.Errorf("read inbox/%s: row groups [%d, %d) of a file that is one group", name, from, to)
	default:
		r, err = openText(src, f, spec, opts)
	}
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	if pieces, _ := r.(*pieceReader); opts.Ahead && pieces == nil {
		r = &aheadReader{Reader: r}
	}
	return r, nil
}

// openText opens a file of a text format, to be parsed in pieces if it is large.
func openText(src *feedfile.File, f feedfile.Format, spec *feeds.Spec, opts Options) (r sequential, err error) {
	if f.Kind == "csv" {
		r, err = openCSV(src, f.Packed, spec, opts)
	} else {
		r, err = openNDJSON(src, f.Packed, spec, opts)
	}
	if err != nil {
		return nil, err
	}
	if opts.pieceBytes > 0 || opts.Ahead && src.Size() >= piecesFrom {
		return newPieceReader(r, src.Name(), &opts), nil
	}
	return r, nil
}

// Groups is the number of row groups of a Parquet file and 1 for every other, which is not opened. It fails as Open
// does.
func Groups(fsys fs.FS, name string, spec *feeds.Spec, opts Options) (int, error) {
	if f, _ := feedfile.FormatOf(name); f.Kind != "parquet" {
		return 1, nil
	}
	src, err := feedfile.Open(fsys, name)
	if err != nil {
		return 0, err
	}
	f, err := loadParquet(src, spec, opts.withDefaults())
	if err != nil {
		return 0, errors.Join(err, src.Close())
	}
	return len(f.first), src.Close()
}
