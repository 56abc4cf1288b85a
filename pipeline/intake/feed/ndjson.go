package feed

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// ndjsonReader reads one JSON object per line with a strict tokenizer.
type ndjsonReader struct {
	textReader
	text    *bufio.Reader
	kept    *texts
	line    int // number of the line last read
	decoder *jsontext.Decoder
	input   bytes.Buffer
	columns map[string]int // a column's name in quotes → its place in the Spec
	values  [][]byte
	bad     [][]byte // per column: a value that is neither text nor number
	cells   []byte   // holds texts that had escapes
}

func openNDJSON(src *TextFile, packed string, spec *Spec, opts ReadOptions) (*ndjsonReader, error) {
	text, done, err := src.Unpack(packed, opts.Ahead)
	if err != nil {
		return nil, err
	}
	r := newNDJSON(src, packed, spec, opts)
	r.text, r.done = text, done
	return r, nil
}

// newNDJSON returns a reader without a text.
func newNDJSON(src *TextFile, packed string, spec *Spec, opts ReadOptions) *ndjsonReader {
	r := &ndjsonReader{textReader: textReader{src: src, packed: packed, spec: spec, opts: opts, next: 1},
		columns: make(map[string]int), values: make([][]byte, len(spec.Columns)),
		bad: make([][]byte, len(spec.Columns))}
	present := make([]bool, len(spec.Columns))
	for i := range spec.Columns {
		present[i] = true
		r.columns[`"`+spec.Columns[i].Name+`"`] = i
	}
	r.decoder = jsontext.NewDecoder(&r.input)
	r.rows = NewBuilder(spec, present, opts.BatchRows, opts.Memory)
	return r
}

// Header returns nothing: every record names its columns.
func (r *ndjsonReader) Header() []byte { return nil }

// Next returns the next batch.
func (r *ndjsonReader) Next(ctx context.Context) (*Batch, error) {
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	r.kept = r.pool.get()
	for r.rows.Rows < r.opts.BatchRows && len(r.kept.buffer) < r.opts.BatchBytes {
		at, err := r.readLine()
		if err == nil && at.from == at.to {
			r.kept.buffer = r.kept.buffer[:at.from] // an empty line is not a row, and must not fill the batch
			continue
		}
		if err == nil {
			err = r.addObject(r.kept.buffer[at.from:at.to])
		}
		if err != nil {
			r.final = err
			break
		}
		r.kept.ends = append(r.kept.ends, at)
	}
	if r.final != nil && (r.final != io.EOF || r.rows.Rows == 0) {
		r.kept.Release()
		return nil, r.final
	}
	return r.batch(r.kept), nil
}

// readLine reads a line into the batch's text and returns its position, without the line end.
func (r *ndjsonReader) readLine() (span, error) {
	from := len(r.kept.buffer)
	r.line++
	for {
		part, err := r.text.ReadSlice('\n')
		r.kept.buffer = append(r.kept.buffer, part...)
		line := chomp(r.kept.buffer[from:])
		switch {
		case len(line) > r.opts.MaxRecord:
			return span{},
				r.src.Blame(&FormError{Line: r.line, Text: "a record longer than " + byteSize(r.opts.MaxRecord)})
		case err == nil, err == io.EOF && len(r.kept.buffer) > from:
			return span{from, from + len(line)}, nil
		case err == io.EOF:
			return span{}, io.EOF
		case err != bufio.ErrBufferFull:
			return span{}, r.src.UnpackError(r.packed, err)
		}
	}
}

// addObject adds the record of a line. An error is one of the file.
func (r *ndjsonReader) addObject(line []byte) error {
	clear(r.values)
	clear(r.bad)
	r.cells = r.cells[:0]
	r.input.Reset()
	r.input.Write(line) // cannot fail
	r.decoder.Reset(&r.input)
	column, unknown, err := r.readObject(line)
	if err != nil {
		r.rows.AddBad(column, []byte(jsonFault(err)))
		return nil
	}
	if unknown != nil {
		unknown.Line = r.line
		return r.src.Blame(unknown)
	}
	for i, value := range r.bad {
		if value != nil {
			r.rows.AddBad(r.spec.Columns[i].Name, value)
			return nil
		}
	}
	r.rows.Add(r.values)
	return nil
}

// readObject parses a line into values and bad. An error concerns only the record; column is set if it concerns a
// column. unknown is the file's error for the first name in a valid object that the feed does not have.
func (r *ndjsonReader) readObject(line []byte) (column string, unknown *FormError, err error) {
	if kind := r.decoder.PeekKind(); kind != '{' && kind != 0 {
		return "", nil, errNoObject
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return "", nil, err
	}
	for r.decoder.PeekKind() == '"' {
		name, err := r.decoder.ReadValue()
		if err != nil {
			return duplicated(err), nil, err
		}
		place, known := r.columns[string(name)]
		if !known {
			var wrong *FormError
			if place, wrong, err = r.otherName(name); err != nil {
				return "", nil, err
			}
			if wrong != nil && unknown == nil {
				wrong.Column = int(r.decoder.InputOffset()) - len(name) + 1
				unknown = wrong
			}
		}
		if err := r.readValue(line, place); err != nil {
			return "", nil, err
		}
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return "", nil, err
	}
	if _, err := r.decoder.ReadToken(); err != io.EOF {
		return "", nil, errTextAfter
	}
	return "", unknown, nil
}

// otherName handles a name that does not literally match a column: with escapes, an x_ column (−1), or unknown.
func (r *ndjsonReader) otherName(quoted []byte) (place int, unknown *FormError, err error) {
	name, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		return -1, nil, err
	}
	place = r.spec.Column(string(name))
	if place < 0 && !IsOwn(string(name)) {
		unknown = UnknownColumn(r.spec, string(name))
	}
	return place, unknown, nil
}

// readValue reads the value of the column at an index of the Spec, −1 for an x_ column.
func (r *ndjsonReader) readValue(line []byte, place int) error {
	kind := r.decoder.PeekKind()
	if kind == '{' || kind == '[' || place < 0 {
		from := int(r.decoder.InputOffset())
		if err := r.decoder.SkipValue(); err != nil || place < 0 {
			return err
		}
		r.bad[place] = bytes.TrimLeft(line[from:r.decoder.InputOffset()], ": \t\r")
		return nil
	}
	value, err := r.decoder.ReadValue()
	if err != nil {
		return err
	}
	end := int(r.decoder.InputOffset())
	value = line[end-len(value) : end] // the decoder's own copy lasts only until the next read
	switch {
	case kind == 'n':
	case kind == '0':
		r.values[place] = value
	case kind == 't', kind == 'f':
		r.bad[place] = value
	case bytes.IndexByte(value, '\\') < 0:
		r.values[place] = value[1 : len(value)-1]
	default:
		from := len(r.cells)
		r.cells, err = jsontext.AppendUnquote(r.cells, value)
		r.values[place] = r.cells[from:]
	}
	return err
}

var (
	errNoObject  = errors.New("not a JSON object")
	errTextAfter = errors.New("text after the object")
)

// duplicated returns the column of an error about a duplicate name in an object.
func duplicated(err error) string {
	var e *jsontext.SyntacticError
	if errors.As(err, &e) && errors.Is(e.Err, jsontext.ErrDuplicateName) {
		return e.JSONPointer.LastToken()
	}
	return ""
}

// jsonFault explains the error in a line.
func jsonFault(err error) string {
	var e *jsontext.SyntacticError
	switch {
	case !errors.As(err, &e):
		if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
			return "the object is not closed"
		}
		return err.Error()
	case errors.Is(e.Err, jsontext.ErrDuplicateName):
		return "the name occurs twice"
	case errors.Is(e.Err, io.ErrUnexpectedEOF):
		return "the object is not closed"
	}
	return fmt.Sprintf("byte %d: %v", e.ByteOffset+1, e.Err)
}
