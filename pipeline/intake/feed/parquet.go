package feed

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/tollbook/tollbook/pipeline/intake/feed/feedrows"
	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/pipeline/intake/feeds"
	"github.com/tollbook/tollbook/schemas/visible"
)

// parquetBuffer is the read size of a column chunk, so that a complete chunk is never in memory.
const parquetBuffer = 256 << 10

// parquetFile is an open Parquet file whose columns fit the feed.
type parquetFile struct {
	src     *feedfile.File
	spec    *feeds.Spec
	opts    feedrows.Options
	meta    *file.Reader
	reader  *pqarrow.FileReader
	columns []parquetColumn
	leaves  []int // by column of the Spec: index in columns, −1 if the file does not have it
	footer  *footer
}

// footer is the parsed footer of a Parquet file, which readers of its row groups share.
type footer struct {
	name  string
	size  int64
	meta  *metadata.FileMetaData
	first []int64 // by row group: number of its first row
}

// parquetColumn is one top-level column of the file, in the order of the file.
type parquetColumn struct {
	name   string
	key    []byte // the name as JSON, with the colon
	field  int    // index in the top-level fields
	leaf   int    // index in the leaves; −1 for a nested column
	column int    // index in the Spec; −1 for an x_ column
}

// broken returns the file's error for an error of the Parquet library.
func (f *parquetFile) broken(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errors.New("it ends too early")
	}
	if strings.Contains(err.Error(), "unimplemented") { // the library does not have its codec
		return f.src.Blame(&feedfile.Error{Text: fmt.Sprintf("Parquet that cannot be read: %v", err), Hint: codecHint})
	}
	return f.src.Blame(&feedfile.Error{Text: fmt.Sprintf("broken Parquet: %v", err), Hint: feedfile.ParquetHint})
}

const (
	brokenHint = "the file is incomplete, or its writer is wrong; send it again"
	codecHint  = "write it with another compression: none, Snappy, gzip, Brotli, zstd or LZ4_RAW"
)

// checkMagic checks the first and the last four bytes, which identify the common mistakes.
func checkMagic(src *feedfile.File) error {
	var head, tail [4]byte
	if src.Size() < 12 {
		return src.Blame(&feedfile.Error{Text: "not a Parquet file", Hint: brokenHint})
	}
	_, err := src.ReadAt(head[:], 0)
	if err == nil {
		_, err = src.ReadAt(tail[:], src.Size()-4)
	}
	const plain, encrypted = "PAR1", "PARE"
	switch {
	case err != nil && err != io.EOF:
		return src.Blame(&feedfile.Error{Text: err.Error()})
	case string(head[:]) == encrypted, string(head[:]) == plain && string(tail[:]) == encrypted:
		return src.Blame(&feedfile.Error{Text: "the Parquet file is encrypted", Hint: "send it without encryption"})
	case string(head[:]) != plain:
		return src.Blame(&feedfile.Error{Text: "not a Parquet file", Hint: brokenHint})
	case string(tail[:]) != plain:
		return src.Blame(&feedfile.Error{Text: "the Parquet file is truncated", Hint: brokenHint})
	}
	return nil
}

// loadParquet reads the footer, unless it is known, and checks that the file's columns fit the feed.
func (s *Files) loadParquet(src *feedfile.File, spec *feeds.Spec, opts feedrows.Options) (*parquetFile, error) {
	if !src.RandomAccess() {
		return nil, fmt.Errorf("read inbox/%s: Parquet needs a file that can be read at any place", src.Name())
	}
	if src.Size() == 0 {
		return nil, src.Blame(&feedfile.Error{Text: "the file is empty"})
	}
	if err := checkMagic(src); err != nil {
		return nil, err
	}
	f := &parquetFile{src: src, spec: spec, opts: opts}
	props := parquet.NewReaderProperties(nil)
	props.BufferedStreamEnabled = true
	props.BufferSize = parquetBuffer
	err := feedfile.Guard(func() (err error) {
		if f.footer, err = s.footerOf(src); err != nil {
			return err
		}
		f.meta, err = file.NewParquetReader(src, file.WithReadProps(props), file.WithMetadata(f.footer.meta))
		return err
	})
	if err != nil {
		return nil, f.broken(err)
	}
	var wrong error
	err = feedfile.Guard(func() error {
		if wrong = f.tieColumns(); wrong != nil {
			return nil
		}
		return f.open()
	})
	if wrong != nil {
		return nil, wrong
	}
	if err != nil {
		return nil, f.broken(err)
	}
	return f, nil
}

// footerOf returns the footer of a file. Each row group is read by a task of its own, which opens the file again: if it
// also parsed the footer again, a file would cost the square of the number of its row groups (invariant 9).
func (s *Files) footerOf(src *feedfile.File) (*footer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && s.last.name == src.Name() && s.last.size == src.Size() {
		return s.last, nil
	}
	r, err := file.NewParquetReader(src)
	if err != nil {
		return nil, err
	}
	f := &footer{name: src.Name(), size: src.Size(), meta: r.MetaData()}
	// Only the types of the Parquet schema count. An Arrow schema stored by the writer is ignored.
	f.meta.FileMetaData.KeyValueMetadata = nil
	next := int64(1)
	for i, group := range f.meta.RowGroups {
		f.first = append(f.first, next)
		if group.NumRows < 0 {
			return nil, fmt.Errorf("row group %d has %d rows", i, group.NumRows)
		}
		next += group.NumRows
	}
	if next-1 != f.meta.NumRows {
		return nil, fmt.Errorf("its row groups have %d rows and its footer has %d", next-1, f.meta.NumRows)
	}
	s.last = f
	return f, nil
}

// tieColumns matches the columns of the Spec with those of the file.
func (f *parquetFile) tieColumns() error {
	sc := f.meta.MetaData().Schema
	root := sc.Root()
	names := make([]string, root.NumFields())
	for i := range names {
		names[i] = root.Field(i).Name()
		if i == 0 {
			names[i] = strings.TrimLeft(names[i], visible.Mark)
		}
	}
	fields, _, wrong := feedrows.Columns(f.spec, names)
	if wrong != nil {
		wrong.Column = 0
		return f.src.Blame(wrong)
	}
	f.leaves = slices.Repeat([]int{-1}, len(f.spec.Columns))
	for i, name := range names {
		node := root.Field(i)
		c := parquetColumn{name: name, field: i, leaf: -1, column: fields[i]}
		c.key = append(appendQuoted(nil, []byte(name)), ':')
		if node.Type() == schema.Primitive && node.RepetitionType() != parquet.Repetitions.Repeated {
			c.leaf = sc.ColumnIndexByNode(node)
		}
		if c.column >= 0 {
			if wrong := fits(&f.spec.Columns[c.column], node); wrong != nil {
				return f.src.Blame(wrong)
			}
			f.leaves[c.column] = i
		}
		f.columns = append(f.columns, c)
	}
	return nil
}

// open creates the Arrow reader.
func (f *parquetFile) open() (err error) {
	props := pqarrow.ArrowReadProperties{}
	sc := f.meta.MetaData().Schema
	for _, c := range f.columns {
		if c.column >= 0 && f.spec.Columns[c.column].Kind == feeds.Word &&
			sc.Column(c.leaf).PhysicalType() == parquet.Types.ByteArray {
			props.SetReadDict(c.leaf, true)
		}
	}
	f.reader, err = pqarrow.NewFileReader(f.meta, props, f.opts.Memory)
	return err
}

// columnReader reads one column of one row group.
type columnReader interface {
	// next reads n values, or fewer at the end of the column. If there are none, the array may be nil.
	next(n int64) (arrow.Array, error)
	release()
}

// arrowReader reads a column of any type with arrow-go's reader.
type arrowReader struct {
	reader *pqarrow.ColumnReader
	mem    memory.Allocator
}

func (r arrowReader) next(n int64) (arrow.Array, error) {
	chunks, err := r.reader.NextBatch(n)
	if err != nil {
		return nil, err
	}
	defer chunks.Release()
	switch all := chunks.Chunks(); len(all) {
	case 0:
		return nil, nil
	case 1:
		all[0].Retain()
		return all[0], nil
	default:
		return array.Concatenate(all, r.mem)
	}
}

func (r arrowReader) release() { r.reader.Release() }

// groupReaders opens a reader for each of the given columns of a row group.
func (f *parquetFile) groupReaders(ctx context.Context, columns []parquetColumn, group int) ([]columnReader, error) {
	readers := make([]columnReader, 0, len(columns))
	for _, c := range columns {
		var r columnReader
		err := feedfile.Guard(func() (err error) {
			r, err = f.columnReader(ctx, c, group)
			return err
		})
		if err != nil {
			releaseReaders(readers)
			return nil, fmt.Errorf("column %s: %w", c.name, err)
		}
		readers = append(readers, r)
	}
	return readers, nil
}

func (f *parquetFile) columnReader(ctx context.Context, c parquetColumn, group int) (columnReader, error) {
	if f.hasTexts(c) {
		return newTextPages(f, c.leaf, group)
	}
	r, err := f.reader.GetFieldReader(ctx, c.field, map[int]bool{c.leaf: true}, []int{group})
	return arrowReader{r, f.opts.Memory}, err
}

// hasTexts reports whether a column contains plain texts. Words are excluded, because they have a dictionary. A
// sender's own column is read like any other.
func (f *parquetFile) hasTexts(c parquetColumn) bool {
	leaf := f.meta.MetaData().Schema.Column(c.leaf)
	_, decimal := leaf.LogicalType().(schema.DecimalLogicalType)
	return (c.column < 0 || f.spec.Columns[c.column].Kind != feeds.Word) &&
		leaf.PhysicalType() == parquet.Types.ByteArray && !decimal
}

// releaseReaders releases column readers. If one fails because of a broken file, the others are released anyway.
func releaseReaders(readers []columnReader) {
	for _, r := range readers {
		_ = feedfile.Guard(func() error { r.release(); return nil })
	}
}

var errFewer = errors.New("fewer values than the row group has rows")

// readColumn reads the next n values of a column, or fewer if their texts are long; none are an error.
func readColumn(r columnReader, c parquetColumn, n int64) (arrow.Array, error) {
	var out arrow.Array
	err := feedfile.Guard(func() (err error) {
		if out, err = r.next(n); err != nil {
			return err
		}
		if out == nil || out.Len() == 0 || int64(out.Len()) > n {
			return errFewer
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", c.name, err)
	}
	return out, nil
}

// checkDictionary returns an error for a Word column whose dictionary contains a value twice. The format forbids it,
// and the library, which keeps each value once, would assign wrong words to the later codes.
func (f *parquetFile) checkDictionary(group int, c parquetColumn) error {
	if f.spec.Columns[c.column].Kind != feeds.Word {
		return nil
	}
	return feedfile.Guard(func() error {
		pages, err := f.meta.RowGroup(group).GetColumnPageReader(c.leaf)
		if err != nil {
			return err
		}
		defer pages.Close() // nothing is written
		if !pages.Next() {
			return pages.Err()
		}
		page, ok := pages.Page().(*file.DictionaryPage) // it precedes all other pages
		if !ok {
			return nil
		}
		seen := make(map[string]bool, page.NumValues())
		for data := string(page.Data()); len(data) >= 4; { // one copy; the words are slices of it
			end := 4 + uint64(binary.LittleEndian.Uint32([]byte(data[:4])))
			if end > uint64(len(data)) {
				return errors.New("its dictionary ends too early")
			}
			value := data[4:end]
			if seen[value] {
				return fmt.Errorf("its dictionary contains %q twice", feedrows.Shown(value))
			}
			seen[value] = true
			data = data[end:]
		}
		return nil
	})
}

// parquetReader reads a range of row groups. A batch never spans two of them.
type parquetReader struct {
	*parquetFile
	group, to int // the next row group, and the end of the range
	current   int // the row group being read
	readers   []columnReader
	present   []parquetColumn // the columns of the Spec that are in the file, in the order of the Spec
	rest      []arrow.Array   // by column of present: what was read beyond the end of the last batch; nil = nothing
	left      int64           // unread rows of the current group
	row       int64           // number of the next row
	begin     int64           // number of the range's first row
	rows      int64           // the size of the next batch
	convert   *converter
	extras    *extras
	final     error
	closed    bool
}

// openParquet opens the row groups [from, to); to < 0 means all.
func (s *Files) openParquet(src *feedfile.File, spec *feeds.Spec, opts feedrows.Options, from, to int) (
	feedrows.Reader, error) {

	f, err := s.loadParquet(src, spec, opts)
	if err != nil {
		return nil, err
	}
	if to < 0 {
		to = len(f.footer.first)
	}
	if to > len(f.footer.first) {
		return nil, fmt.Errorf("read inbox/%s: row groups [%d, %d) of %d", src.Name(), from, to, len(f.footer.first))
	}
	r := &parquetReader{parquetFile: f, group: from, to: to, row: 1, convert: newConverter(f)}
	if from < len(f.footer.first) {
		r.row = f.footer.first[from]
	}
	r.begin = r.row
	for _, at := range f.leaves {
		if at >= 0 {
			r.present = append(r.present, f.columns[at])
		}
	}
	r.rows, r.rest = min(int64(opts.BatchRows), firstBatch), make([]arrow.Array, len(r.present))
	r.extras = newExtras(f)
	return r, nil
}

// Header returns nothing: raw records of Parquet are NDJSON.
func (r *parquetReader) Header() []byte { return nil }

// Progress estimates the bytes read: the file's size multiplied by the fraction of its rows that was read.
func (r *parquetReader) Progress() (read, total int64) {
	if all := r.meta.NumRows(); all > 0 {
		return int64(float64(r.src.Size()) * float64(r.row-r.begin) / float64(all)), r.src.Size()
	}
	return 0, r.src.Size()
}

// Next returns the next batch.
func (r *parquetReader) Next(ctx context.Context) (*feedrows.Batch, error) {
	if r.closed {
		return nil, fmt.Errorf("read inbox/%s: the reader is closed", r.src.Name())
	}
	if r.final != nil {
		return nil, r.final
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read inbox/%s: %w", r.src.Name(), err)
	}
	if r.left == 0 {
		if r.final = r.nextGroup(); r.final != nil {
			return nil, r.final
		}
	}
	b, err := r.readBatch(min(r.rows, r.left))
	if err != nil {
		r.final = err
	}
	return b, err
}

// nextGroup opens the next row group that has rows. It returns io.EOF after the last.
func (r *parquetReader) nextGroup() error {
	if err := r.endGroup(); err != nil {
		return err
	}
	for ; r.group < r.to; r.group++ {
		r.left = r.meta.RowGroup(r.group).NumRows()
		if r.left == 0 {
			continue
		}
		var err error
		// The readers outlive the call of Next that opens them, so its context must not end them.
		if r.readers, err = r.groupReaders(context.Background(), r.present, r.group); err != nil {
			return r.broken(err)
		}
		for _, c := range r.present {
			if err := r.checkDictionary(r.group, c); err != nil {
				return r.broken(fmt.Errorf("column %s: %w", c.name, err))
			}
		}
		r.current = r.group
		r.group++
		return nil
	}
	return io.EOF
}

// endGroup checks that no column has more values than its group has rows.
func (r *parquetReader) endGroup() error {
	readers := r.readers
	r.readers = nil
	defer releaseReaders(readers)
	for i, reader := range readers {
		err := feedfile.Guard(func() error {
			rest, err := reader.next(1)
			if err != nil || rest == nil {
				return err
			}
			defer rest.Release()
			if rest.Len() != 0 {
				return errors.New("more values than the row group has rows")
			}
			return nil
		})
		if err != nil {
			return r.broken(fmt.Errorf("column %s: %w", r.present[i].name, err))
		}
	}
	return nil
}

// firstBatch is the size of a reader's first batch. The memory of a row is known only after reading some: with a
// dictionary, a small page can expand to a large batch. So batches start small and grow fourfold while they are below
// the limit.
const firstBatch = 1024

// readBatch reads the next rows of the current group: n, or as many as every column gives at once.
func (r *parquetReader) readBatch(n int64) (*feedrows.Batch, error) {
	from := make([]arrow.Array, len(r.spec.Columns))
	release := func() {
		for _, a := range from {
			if a != nil {
				a.Release()
			}
		}
	}
	for i, c := range r.present {
		a := r.rest[i]
		if r.rest[i] = nil; a == nil {
			var err error
			if a, err = readColumn(r.readers[i], c, n); err != nil {
				release()
				if errors.Is(err, errOverlong) {
					return nil, r.convert.overlong(&r.spec.Columns[c.column])
				}
				return nil, r.broken(err)
			}
		}
		from[c.column], n = a, min(n, int64(a.Len()))
	}
	for i, c := range r.present {
		if a := from[c.column]; int64(a.Len()) > n {
			from[c.column], r.rest[i] = array.NewSlice(a, 0, n), array.NewSlice(a, n, int64(a.Len()))
			a.Release()
		}
	}
	rows, faults, err := r.convert.batch(from, int(n))
	if err != nil {
		release()
		return nil, err
	}
	offset := r.row - r.footer.first[r.current]
	b := feedrows.NewBatch(rows, r.row, faults,
		r.extras.raw(parquetRows{file: r.parquetFile, arrays: from, group: r.current, offset: offset, n: n}))
	r.row += n
	r.left -= n
	r.size(from, n)
	return b, nil
}

// size sets the size of the next batch. A dictionary is not counted: every batch contains all of it, so smaller batches
// would only copy a large one more often.
func (r *parquetReader) size(arrays []arrow.Array, n int64) {
	var bytes int64
	for _, a := range arrays {
		switch a := a.(type) {
		case nil:
		case *array.Dictionary:
			bytes += int64(a.Indices().Data().SizeInBytes())
		default:
			bytes += int64(a.Data().SizeInBytes())
		}
	}
	most := int64(r.opts.BatchBytes) / max(bytes/n, 1)
	r.rows = max(min(4*n, most, int64(r.opts.BatchRows)), 1)
}

// Close stops reading.
func (r *parquetReader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	for _, a := range r.rest {
		if a != nil {
			a.Release()
		}
	}
	releaseReaders(r.readers)
	r.readers = nil
	r.convert.release()
	return r.extras.letGo()
}
