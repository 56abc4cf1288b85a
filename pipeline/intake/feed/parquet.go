package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tollbook/tollbook/schemas/visible"
)

// parquetFile is an open Parquet file whose columns fit the feed.
type parquetFile struct {
	*ParquetFile
	src     *TextFile
	spec    *Spec
	opts    ReadOptions
	columns []parquetColumn
	leaves  []int // by column of the Spec: index in columns, −1 if the file does not have it
}

// footer is the parsed footer of a Parquet file, which readers of its row groups share.
type footer struct {
	name string
	size int64
	*ParquetFile
}

// parquetColumn is one top-level column of the file, in the order of the file.
type parquetColumn struct {
	*ParquetField
	name   string
	key    []byte // the name as JSON, with the colon
	column int    // index in the Spec; −1 for an x_ column
}

// broken returns the file's error for an error of the Parquet library.
func (f *parquetFile) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends too early")
	}
	if errors.Is(err, ErrParquetCodec) {
		return f.src.Blame(&FormError{Text: fmt.Sprintf("Parquet that cannot be read: %v", err), Hint: codecHint})
	}
	return f.src.Blame(&FormError{Text: fmt.Sprintf("broken Parquet: %v", err), Hint: ParquetHint})
}

const (
	brokenHint = "the file is incomplete, or its writer is wrong; send it again"
	codecHint  = "write it with another compression: none, Snappy, gzip, Brotli, zstd or LZ4_RAW"
)

// checkMagic checks the first and the last four bytes, which identify the common mistakes.
func checkMagic(src *TextFile) error {
	var head, tail [4]byte
	if src.Size() < 12 {
		return src.Blame(&FormError{Text: "not a Parquet file", Hint: brokenHint})
	}
	_, err := src.ReadAt(head[:], 0)
	if err == nil {
		_, err = src.ReadAt(tail[:], src.Size()-4)
	}
	const plain, encrypted = "PAR1", "PARE"
	switch {
	case err != nil && err != io.EOF:
		return src.Blame(&FormError{Text: err.Error()})
	case string(head[:]) == encrypted, string(head[:]) == plain && string(tail[:]) == encrypted:
		return src.Blame(&FormError{Text: "the Parquet file is encrypted", Hint: "send it without encryption"})
	case string(head[:]) != plain:
		return src.Blame(&FormError{Text: "not a Parquet file", Hint: brokenHint})
	case string(tail[:]) != plain:
		return src.Blame(&FormError{Text: "the Parquet file is truncated", Hint: brokenHint})
	}
	return nil
}

// loadParquet reads the footer, unless it is known, and checks that the file's columns fit the feed.
func (s *Files) loadParquet(src *TextFile, spec *Spec, opts ReadOptions) (*parquetFile, error) {
	if !src.RandomAccess() {
		return nil, fmt.Errorf("read inbox/%s: Parquet needs a file that can be read at any place", src.Name())
	}
	if src.Size() == 0 {
		return nil, src.Blame(&FormError{Text: "the file is empty"})
	}
	if err := checkMagic(src); err != nil {
		return nil, err
	}
	f := &parquetFile{src: src, spec: spec, opts: opts}
	err := Guard(func() (err error) {
		f.ParquetFile, err = s.footerOf(src)
		return err
	})
	if err != nil {
		return nil, f.broken(err)
	}
	return f, f.tieColumns()
}

// footerOf returns the footer of a file. Tasks of one process that read a row group each open the file again: if each
// also parsed the footer again, a file would cost the square of the number of its row groups (invariant 9).
func (s *Files) footerOf(src *TextFile) (*ParquetFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && s.last.name == src.Name() && s.last.size == src.Size() {
		return s.last.ParquetFile, nil
	}
	f, err := OpenParquet(src, src.Size())
	if err != nil {
		return nil, err
	}
	s.last = &footer{name: src.Name(), size: src.Size(), ParquetFile: f}
	return f, nil
}

// tieColumns matches the columns of the Spec with those of the file.
func (f *parquetFile) tieColumns() error {
	names := make([]string, len(f.Fields))
	for i, field := range f.Fields {
		if names[i] = field.Name; i == 0 {
			names[i] = strings.TrimLeft(names[i], visible.Mark)
		}
	}
	fields, _, wrong := Columns(f.spec, names)
	if wrong != nil {
		wrong.Column = 0
		return f.src.Blame(wrong)
	}
	f.leaves = slices.Repeat([]int{-1}, len(f.spec.Columns))
	for i, name := range names {
		c := parquetColumn{ParquetField: f.Fields[i], name: name, column: fields[i]}
		c.key = append(appendQuoted(nil, []byte(name)), ':')
		if c.column >= 0 {
			if wrong := fits(&f.spec.Columns[c.column], c.ParquetField); wrong != nil {
				return f.src.Blame(wrong)
			}
			f.leaves[c.column] = i
		}
		f.columns = append(f.columns, c)
	}
	return nil
}

// readGroup starts reading columns of a row group.
func (f *parquetFile) readGroup(columns []parquetColumn, group int) (*ParquetGroup, error) {
	fields, forms := make([]*ParquetField, len(columns)), make([]ParquetForm, len(columns))
	for i, c := range columns {
		fields[i] = c.ParquetField
		forms[i] = ParquetForm{Longest: f.opts.MaxRecord,
			Words: c.column >= 0 && f.spec.Columns[c.column].Kind == WordColumn}
	}
	return f.ParquetFile.Group(f.src, group, fields, forms)
}

// parquetReader reads a range of row groups. A batch never spans two of them.
type parquetReader struct {
	*parquetFile
	group, to int // the next row group, and the end of the range
	current   int // the row group being read
	rows      *ParquetGroup
	present   []parquetColumn // the columns of the Spec that are in the file, in the order of the Spec
	row       int64           // number of the next row
	begin     int64           // number of the range's first row
	batchRows int             // the size of the next batch
	convert   *converter
	extras    *extras
	final     error
	closed    bool
}

// openParquet opens the row groups [from, to); to < 0 means all.
func (s *Files) openParquet(src *TextFile, spec *Spec, opts ReadOptions, from, to int) (
	Reader, error) {

	f, err := s.loadParquet(src, spec, opts)
	if err != nil {
		return nil, err
	}
	if to < 0 {
		to = len(f.First)
	}
	if to > len(f.First) {
		return nil, fmt.Errorf("read inbox/%s: row groups [%d, %d) of %d", src.Name(), from, to, len(f.First))
	}
	r := &parquetReader{parquetFile: f, group: from, to: to, row: 1, convert: newConverter(f)}
	if from < len(f.First) {
		r.row = f.First[from]
	}
	r.begin = r.row
	for _, at := range f.leaves {
		if at >= 0 {
			r.present = append(r.present, f.columns[at])
		}
	}
	r.batchRows = min(opts.BatchRows, firstBatch)
	r.extras = newExtras(f)
	return r, nil
}

// Header returns nothing: raw records of Parquet are NDJSON.
func (r *parquetReader) Header() []byte { return nil }

// Progress estimates the bytes read: the file's size multiplied by the fraction of its rows that was read.
func (r *parquetReader) Progress() (read, total int64) {
	if all := r.Rows; all > 0 {
		return int64(float64(r.src.Size()) * float64(r.row-r.begin) / float64(all)), r.src.Size()
	}
	return 0, r.src.Size()
}

// Next returns the next batch.
func (r *parquetReader) Next(ctx context.Context) (*Batch, error) {
	if r.closed {
		return nil, fmt.Errorf("read inbox/%s: the reader is closed", r.src.Name())
	}
	if r.final != nil {
		return nil, r.final
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read inbox/%s: %w", r.src.Name(), err)
	}
	b, err := r.readBatch()
	if err != nil {
		r.final = err
	}
	return b, err
}

// nextRows returns the next rows of the row group, or of the next one that has rows: an array by column of present.
// io.EOF after the last.
func (r *parquetReader) nextRows() ([]arrow.Array, error) {
	for {
		if r.rows != nil {
			arrays, err := r.rows.Next(r.batchRows)
			if !errors.Is(err, io.EOF) {
				return arrays, err
			}
			r.rows = nil
		}
		for r.group < r.to && r.GroupRows(r.group) == 0 {
			r.group++
		}
		if r.group >= r.to {
			return nil, io.EOF
		}
		r.current = r.group
		r.group++
		var err error
		if r.rows, err = r.readGroup(r.present, r.current); err != nil {
			return nil, err
		}
	}
}

// firstBatch is the size of a reader's first batch. The memory of a row is known only after reading some: with a
// dictionary, a small page can expand to a large batch. So batches start small and grow fourfold while they are below
// the limit.
const firstBatch = 1024

// readBatch reads the next rows.
func (r *parquetReader) readBatch() (*Batch, error) {
	arrays, err := r.nextRows()
	var column *ParquetColumnError
	switch {
	case err == io.EOF:
		return nil, err
	case errors.Is(err, ErrTooLong) && errors.As(err, &column):
		return nil, r.convert.overlong(column.Column)
	case err != nil:
		return nil, r.broken(err)
	}
	from, n := make([]arrow.Array, len(r.spec.Columns)), arrays[0].Len()
	for i, c := range r.present {
		from[c.column] = arrays[i]
	}
	rows, faults, err := r.convert.batch(from, n)
	if err != nil {
		for _, a := range arrays {
			a.Release()
		}
		return nil, err
	}
	b := NewBatch(rows, r.row, faults, r.extras.raw(parquetRows{file: r.parquetFile, arrays: from,
		group: r.current, offset: r.row - r.First[r.current], n: int64(n)}))
	r.row += int64(n)
	r.size(from, n)
	return b, nil
}

// size sets the size of the next batch. A dictionary is not counted: every batch contains all of it, so smaller batches
// would only copy a large one more often.
func (r *parquetReader) size(arrays []arrow.Array, n int) {
	var bytes int
	for _, a := range arrays {
		switch a := a.(type) {
		case nil:
		case *array.Dictionary:
			bytes += int(a.Indices().Data().SizeInBytes())
		default:
			bytes += int(a.Data().SizeInBytes())
		}
	}
	most := r.opts.BatchBytes / max(bytes/n, 1)
	r.batchRows = max(min(4*n, most, r.opts.BatchRows), 1)
}

// Close stops reading.
func (r *parquetReader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.rows != nil {
		r.rows.Close()
	}
	r.convert.release()
	return r.extras.letGo()
}
