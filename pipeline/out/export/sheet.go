package export

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// sheet writes the rows of a table in one format, batch by batch. It does not keep a batch after write returns.
type sheet interface {
	write(*parquet.Columns[tables.Any]) error
	end() error
}

// closeSheet deletes the scratch files of a sheet, if it has any.
func closeSheet(s sheet) error {
	if c, ok := s.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// bufferSize is the number of bytes that are written to the file at a time.
const bufferSize = 256 << 10

// newSheet starts a table in a format; def has only the exported columns.
func newSheet(r *Request, def *tables.Table, w io.Writer) (sheet, error) {
	switch r.Format {
	case "csv":
		if r.Split {
			return newSplit(r, def, w), nil
		}
		return newCSV(def, w, r.Excel), nil
	case "ndjson":
		return newNDJSON(def, w), nil
	case "arrow":
		return newArrow(def, w), nil
	case "xlsx":
		return newXLSX(r, def, w)
	}
	return newParquet(def, w)
}

// cell appends the text of a cell; an empty text means no value. A tier of 0 is no value.
func cell(dst []byte, row rows.Row[tables.Any], col int) ([]byte, error) {
	switch row.Cols.Def.Columns[col].Type {
	case tables.Word:
		return append(dst, row.Word(tables.WordColumn[tables.Any](col))...), nil
	case tables.Text:
		return append(dst, row.Text(tables.TextColumn[tables.Any](col))...), nil
	case tables.Time, tables.MaybeTime:
		if t := row.Time(tables.TimeColumn[tables.Any](col)); t != tables.Nothing {
			return t.AppendText(dst), nil
		}
		return dst, nil
	case tables.Amount:
		a, err := row.Amount(tables.AmountColumn[tables.Any](col))
		return a.AppendText(dst), err
	case tables.Quantity:
		q, err := row.Quantity(tables.QuantityColumn[tables.Any](col))
		return q.AppendText(dst), err
	case tables.Cost:
		c, err := row.Cost(tables.CostColumn[tables.Any](col))
		return append(dst, c.String()...), err
	case tables.Whole:
		return strconv.AppendInt(dst, row.Whole(tables.WholeColumn[tables.Any](col)), 10), nil
	default:
		if n := row.Small(tables.SmallColumn[tables.Any](col)); n != 0 {
			return strconv.AppendInt(dst, int64(n), 10), nil
		}
		return dst, nil
	}
}

// csvSheet is RFC 4180 with a header row; lines end with LF.
type csvSheet struct {
	def   *tables.Table
	w     *bufio.Writer
	excel bool // for a spreadsheet program
	line  []byte
	cell  []byte
	safe  []byte // a cell for a spreadsheet program
	err   error
}

func newCSV(def *tables.Table, w io.Writer, excel bool) *csvSheet {
	s := &csvSheet{def: def, w: bufio.NewWriterSize(w, bufferSize), excel: excel}
	if excel {
		s.line = append(s.line, document.BOM...)
	}
	for i := range def.Exported {
		if i > 0 {
			s.line = append(s.line, ',')
		}
		s.line = append(s.line, def.Columns[i].Name...)
	}
	s.line = append(s.line, '\n')
	_, s.err = s.w.Write(s.line)
	return s
}

func (s *csvSheet) write(cols *parquet.Columns[tables.Any]) error { return eachRow(cols, s.add) }

// eachRow calls a function with the rows of a batch, until it returns an error.
func eachRow(cols *parquet.Columns[tables.Any], add func(rows.Row[tables.Any]) error) error {
	for i := range cols.N {
		if err := add(rows.Row[tables.Any]{Cols: cols, I: i}); err != nil {
			return err
		}
	}
	return nil
}

func (s *csvSheet) add(row rows.Row[tables.Any]) (err error) {
	s.line = s.line[:0]
	for i := range s.def.Exported {
		if i > 0 {
			s.line = append(s.line, ',')
		}
		if s.cell, err = cell(s.cell[:0], row, i); err != nil {
			return err
		}
		s.line = AppendField(s.line, s.field(i))
	}
	s.line = append(s.line, '\n')
	_, err = s.w.Write(s.line)
	return err
}

// field returns the current cell as it is written to the file.
func (s *csvSheet) field(col int) []byte {
	if !s.excel {
		return s.cell
	}
	s.safe = AppendExcel(s.safe[:0], s.cell, s.def.Columns[col].Type)
	return s.safe
}

// AppendExcel appends the text of a cell such that a spreadsheet program reads it as what it is: text, number or time.
func AppendExcel(dst, text []byte, t tables.Type) []byte {
	switch t {
	case tables.Amount, tables.Quantity, tables.Cost, tables.Whole, tables.Small:
		return document.AppendSheetNumber(dst, text)
	case tables.Time, tables.MaybeTime:
		return append(dst, text...)
	}
	return document.AppendSheetText(dst, text)
}

func (s *csvSheet) end() error { return errors.Join(s.err, s.w.Flush()) }

// AppendField appends a field of CSV, in quotes if necessary.
func AppendField(dst, field []byte) []byte {
	if !needsQuotes(field) {
		return append(dst, field...)
	}
	dst = append(dst, '"')
	for _, c := range field {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// needsQuotes reports whether a field must be quoted. A field that begins with a blank is quoted so that no reader
// trims it.
func needsQuotes(field []byte) bool {
	if len(field) == 0 {
		return false
	}
	for _, c := range field {
		if c == ',' || c == '"' || c == '\n' || c == '\r' {
			return true
		}
	}
	return field[0] == ' ' || field[0] == '\t'
}

// ndjsonSheet writes one JSON object per line: texts, times and decimals as strings, whole numbers as numbers, null for
// no value.
type ndjsonSheet struct {
	def  *tables.Table
	w    *bufio.Writer
	keys [][]byte
	line []byte
	cell []byte
}

func newNDJSON(def *tables.Table, w io.Writer) *ndjsonSheet {
	s := &ndjsonSheet{def: def, w: bufio.NewWriterSize(w, bufferSize)}
	for i := range def.Exported {
		key := []byte{','}
		if i == 0 {
			key[0] = '{'
		}
		key = appendString(key, []byte(def.Columns[i].Name))
		s.keys = append(s.keys, append(key, ':'))
	}
	return s
}

func (s *ndjsonSheet) write(cols *parquet.Columns[tables.Any]) error { return eachRow(cols, s.add) }

func (s *ndjsonSheet) add(row rows.Row[tables.Any]) (err error) {
	s.line = s.line[:0]
	for i := range s.def.Exported {
		s.line = append(s.line, s.keys[i]...)
		if s.cell, err = cell(s.cell[:0], row, i); err != nil {
			return err
		}
		switch t := s.def.Columns[i].Type; {
		case len(s.cell) == 0:
			s.line = append(s.line, "null"...)
		case t == tables.Whole || t == tables.Small:
			s.line = append(s.line, s.cell...)
		default:
			s.line = appendString(s.line, s.cell)
		}
	}
	s.line = append(s.line, '}', '\n')
	_, err = s.w.Write(s.line)
	return err
}

func (s *ndjsonSheet) end() error { return s.w.Flush() }

// appendString appends a JSON string; invalid UTF-8 becomes U+FFFD.
func appendString(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for len(text) > 0 {
		plain := 0
		for plain < len(text) && text[plain] >= ' ' && text[plain] < utf8.RuneSelf && text[plain] != '"' &&
			text[plain] != '\\' {
			plain++
		}
		dst = append(dst, text[:plain]...)
		if text = text[plain:]; len(text) == 0 {
			break
		}
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
		text = text[n:]
	}
	return append(dst, '"')
}

// parquetSheet writes Parquet with the exported columns, one row group per batch.
type parquetSheet struct{ w *parquet.Writer }

func newParquet(def *tables.Table, w io.Writer) (*parquetSheet, error) {
	pw, err := parquet.NewWriter(w, def)
	if err != nil {
		return nil, err
	}
	return &parquetSheet{w: pw}, nil
}

func (s *parquetSheet) write(cols *parquet.Columns[tables.Any]) error { return s.w.Write(cols) }

func (s *parquetSheet) end() error { return s.w.Close() }
