package feed

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// csvReader reads RFC 4180 with encoding/csv. It reads the file through a tee that keeps the raw text.
type csvReader struct {
	textReader
	csv    *CSV
	tee    *tee
	header []byte
	names  []string
	fields []int // field → column of the Spec, −1 for an x_ column
	line   int   // line at which the unread text begins
	values [][]byte
	cells  []byte // holds the values of a row
}

// tee keeps the text that was read by the CSV parser since the current batch began.
type tee struct {
	from io.Reader
	kept *texts
	base int64 // offset in the file's text of the first byte of kept
	err  error // the error that ended the reading, io.EOF included
}

// Read is io.Reader.
func (t *tee) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.from.Read(p)
	t.kept.buffer = append(t.kept.buffer, p[:n]...)
	t.err = err
	return n, err
}

// text returns the kept text from an offset on.
func (t *tee) text(from int64) []byte { return t.kept.buffer[from-t.base:] }

// record returns the position of the text between two offsets, without blank lines before it and without its line end.
func (t *tee) record(start, end int64) span {
	from, to := int(start-t.base), int(end-t.base)
	from += blankLines(t.kept.buffer[from:to])
	to = from + len(chomp(t.kept.buffer[from:to]))
	return span{from, to}
}

// renew returns the text of a complete batch and copies the text after it to the buffer of the next batch.
func (t *tee) renew(pool *textPool, end int64) *texts {
	full := t.kept
	t.kept = pool.get()
	t.kept.buffer = append(t.kept.buffer, full.buffer[end-t.base:]...)
	t.base = end
	return full
}

// blankLines returns the length of the blank lines at the beginning of a text.
func blankLines(text []byte) int {
	n := 0
	for {
		switch rest := text[n:]; {
		case len(rest) > 0 && rest[0] == '\n':
			n++
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			n += 2
		default:
			return n
		}
	}
}

// chomp removes the line end.
func chomp(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}

func openCSV(src *TextFile, packed string, spec *Spec, opts ReadOptions) (*csvReader, error) {
	text, done, err := src.Unpack(packed, opts.Ahead)
	if err != nil {
		return nil, err
	}
	r := &csvReader{textReader: textReader{src: src, packed: packed, spec: spec, opts: opts, done: done, next: 1},
		line: 1}
	r.read(text)
	if err := r.readHeader(); err != nil {
		done()
		return nil, err
	}
	return r, nil
}

// read makes the text what is read next.
func (r *csvReader) read(text io.Reader) {
	r.tee = &tee{from: text, kept: r.pool.get()}
	r.csv = NewCSV(r.tee, r.opts.MaxRecord+len("\r\n"))
	r.csv.ReuseRecord = true
}

// readHeader reads the first record and matches its fields with the columns of the Spec.
func (r *csvReader) readHeader() error {
	record, at, err := r.readRecord()
	var parse *csv.ParseError
	switch {
	case err == io.EOF:
		return r.src.Blame(&FormError{Text: "no header: the file is empty"})
	case errors.As(err, &parse):
		return r.src.Blame(&FormError{Line: parse.Line, Column: parse.Column,
			Text: "header: " + quoteFault(parse)})
	case err != nil:
		return err
	}
	r.header = bytes.Clone(r.tee.kept.buffer[at.from:at.to])
	line, _ := r.csv.FieldPos(0)
	if !utf8.Valid(r.header) {
		return r.src.Blame(&FormError{Line: line, Text: "header: not UTF-8", Hint: "save the file as UTF-8"})
	}
	r.names = make([]string, len(record))
	for i := range record {
		r.names[i] = strings.Clone(record[i])
	}
	fields, present, wrong := Columns(r.spec, r.names)
	if wrong != nil {
		wrong.Line = line
		if wrong.Column > 0 {
			wrong.Line, wrong.Column = r.csv.FieldPos(wrong.Column - 1)
		}
		return r.src.Blame(wrong)
	}
	r.fields = fields
	r.rows = NewBuilder(r.spec, present, r.opts.BatchRows, r.opts.Memory)
	r.values = make([][]byte, len(r.spec.Columns))
	r.tee.renew(&r.pool, r.csv.InputOffset()).Release()
	return nil
}

// Header returns the header line.
func (r *csvReader) Header() []byte { return r.header }

// Next returns the next batch.
func (r *csvReader) Next(ctx context.Context) (*Batch, error) {
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	r.csv.FieldsPerRecord = len(r.fields)
	begin := r.csv.InputOffset()
	for r.rows.Rows < r.opts.BatchRows && r.csv.InputOffset()-begin < int64(r.opts.BatchBytes) {
		record, at, err := r.readRecord()
		if err != nil && !r.addFaulty(err, len(record)) {
			r.final = err
			break
		}
		if err == nil {
			r.addRecord(record, r.tee.kept.buffer[at.from:at.to])
		}
		r.tee.kept.ends = append(r.tee.kept.ends, at)
	}
	if r.final != nil && (r.final != io.EOF || r.rows.Rows == 0) {
		return nil, r.final
	}
	return r.batch(r.tee.renew(&r.pool, r.csv.InputOffset())), nil
}

// addFaulty adds a record that encoding/csv could not parse. It returns false if err is not about a record.
func (r *csvReader) addFaulty(err error, fields int) bool {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return false
	}
	what := quoteFault(parse)
	if errors.Is(parse.Err, csv.ErrFieldCount) {
		what = fmt.Sprintf("%d fields, the header has %d", fields, len(r.fields))
	}
	r.rows.AddBad("", []byte(what))
	return true
}

// quoteFault explains a *csv.ParseError about quotes.
func quoteFault(e *csv.ParseError) string {
	if errors.Is(e.Err, csv.ErrBareQuote) {
		return "a quote inside a field that is not quoted"
	}
	return "text after a closing quote"
}

// addRecord adds a record with as many fields as the header.
func (r *csvReader) addRecord(record []string, raw []byte) {
	if !utf8.Valid(raw) {
		r.rows.AddBad(r.notUTF8(record))
		return
	}
	r.cells = r.cells[:0]
	for i, column := range r.fields {
		if column < 0 {
			continue
		}
		from := len(r.cells)
		r.cells = append(r.cells, record[i]...)
		r.values[column] = r.cells[from:]
	}
	r.rows.Add(r.values)
}

// notUTF8 finds the first field that is not UTF-8, in the order of the Spec and then of the file.
func (r *csvReader) notUTF8(record []string) (column string, value []byte) {
	found, place := -1, 0
	for i, field := range record {
		at := r.fields[i]
		if at < 0 {
			at = len(r.spec.Columns) + i
		}
		if !utf8.ValidString(field) && (found < 0 || at < place) {
			found, place = i, at
		}
	}
	if found < 0 {
		return "", []byte("not UTF-8")
	}
	return r.names[found], []byte(record[found])
}

// readRecord reads the next record and returns the position of its text. A *csv.ParseError concerns only this record;
// any other error ends the reading.
func (r *csvReader) readRecord() ([]string, span, error) {
	start := r.csv.InputOffset()
	record, err := r.csv.Read()
	switch {
	case errors.Is(err, ErrTooLong):
		return nil, span{}, r.overlong(r.tee.text(start))
	case err != nil && r.tee.err != nil && r.tee.err != io.EOF:
		return nil, span{}, r.src.UnpackError(r.packed, r.tee.err)
	}
	if err == io.EOF {
		return nil, span{}, io.EOF
	}
	text := r.tee.text(start)[:r.csv.InputOffset()-start]
	at := r.tee.record(start, start+int64(len(text)))
	if at.to-at.from > r.opts.MaxRecord {
		return nil, span{}, r.overlong(text)
	}
	if errors.Is(err, csv.ErrQuote) {
		if wrong := r.quoteAcrossLines(text); wrong != nil {
			return nil, span{}, r.src.Blame(wrong)
		}
	}
	r.line += bytes.Count(text, []byte{'\n'})
	return record, at, err
}

// overlong returns the file's error for a record above the limit. text is the part that was read, including the blank
// lines before it.
func (r *csvReader) overlong(text []byte) error {
	blank := blankLines(text)
	line := r.line + bytes.Count(text[:blank], []byte{'\n'})
	if blank == len(text) {
		return r.src.Blame(&FormError{Line: r.line, Text: "more than " + byteSize(r.opts.MaxRecord) +
			" of blank lines"})
	}
	if open, wrong := badQuote(text[blank:]); wrong == len(text)-blank {
		at := place(text[blank:], open, line)
		return r.src.Blame(&FormError{Line: at.line, Column: at.column,
			Text: "a quote that opens here is not closed within " + byteSize(r.opts.MaxRecord)})
	}
	return r.src.Blame(&FormError{Line: line, Text: "a record longer than " + byteSize(r.opts.MaxRecord)})
}

// quoteAcrossLines returns the file's error for a quoted field that is not closed, or is closed wrongly on a later
// line: the end of its record is then unknown. If the quote is wrong on its own line, only the record fails: nil.
func (r *csvReader) quoteAcrossLines(text []byte) *FormError {
	blank := blankLines(text)
	line := r.line + bytes.Count(text[:blank], []byte{'\n'})
	text = text[blank:]
	open, wrong := badQuote(text)
	from, to := place(text, open, line), place(text, wrong, line)
	e := &FormError{Line: from.line, Column: from.column, Text: "a quote that opens here is not closed",
		Hint: "a quote inside a field is written twice, and the field in quotes"}
	if wrong < len(text) {
		if from.line == to.line {
			return nil
		}
		e.Text = fmt.Sprintf("the quoted field that opens here goes wrong on line %d: text after its closing quote",
			to.line)
	}
	return e
}

// badQuote finds the first quoted field in the text of one record that is not closed correctly. open is where it opens;
// wrong is where text follows its closing quote, or the length of the text if it is never closed. Both are −1 if there
// is no such field.
func badQuote(text []byte) (open, wrong int) {
	for at := 0; at < len(text); {
		if text[at] != '"' {
			next := bytes.IndexAny(text[at:], ",\n")
			if next < 0 || text[at+next] == '\n' {
				return -1, -1
			}
			at += next + 1
			continue
		}
		end := closing(text, at+1)
		if end == len(text) {
			return at, end
		}
		rest := text[end+1:]
		switch {
		case len(rest) == 0 || rest[0] == '\n' || string(rest) == "\r" || bytes.HasPrefix(rest, []byte("\r\n")):
			return -1, -1
		case rest[0] == ',':
			at = end + 2
		default:
			return at, end + 1
		}
	}
	return -1, -1
}

// closing returns the position of the quote that closes a field whose text begins at from; the text's length if none
// does.
func closing(text []byte, from int) int {
	for from < len(text) {
		quote := bytes.IndexByte(text[from:], '"')
		if quote < 0 {
			return len(text)
		}
		from += quote
		if from+1 == len(text) || text[from+1] != '"' {
			return from
		}
		from += 2
	}
	return len(text)
}

type position struct{ line, column int }

// place returns the line and column of a byte of a text that begins on the given line.
func place(text []byte, at, line int) position {
	if at < 0 {
		return position{line, 0}
	}
	before := text[:at]
	return position{line + bytes.Count(before, []byte{'\n'}), at - bytes.LastIndexByte(before, '\n')}
}
