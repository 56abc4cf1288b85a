package focus

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/schemas/problem"
)

// RuleCell is a value as text, or null.
type RuleCell struct {
	Text string
	Null bool
}

// RuleKind is the type of a column, if the file says it.
type RuleKind uint8

// The kinds of columns. CSVData has no types: all its columns are Untyped.
const (
	Untyped RuleKind = iota
	String
	Decimal
	DateTime
	Other
)

// RuleData is a data set that is read once, from begin to end.
type RuleData interface {
	Columns() (names []string, kinds []RuleKind)
	// Next returns the next row, valid until the next call; io.EOF at the end.
	Next() ([]RuleCell, error)
	Close() error
}

// RuleFileError reports that a file is not a readable data set.
type RuleFileError struct {
	Name string
	Err  error
}

// Error names the file.
func (e *RuleFileError) Error() string { return fmt.Sprintf("read %s: %v", e.Name, e.Err) }

// Unwrap returns the reason.
func (e *RuleFileError) Unwrap() error { return e.Err }

// Diagnosis implements problem.Diagnosed.
func (e *RuleFileError) Diagnosis() (problem.Class, string) { return problem.Refused, "" }

// OpenData opens a file and detects its format: Parquet, or CSVData, which may be compressed with gzip or zstd. In
// CSVData an empty field is null, and so is a field that is equal to one of null. Errors: *RuleFileError.
func OpenData(name string, null ...string) (RuleData, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, &RuleFileError{name, err}
	}
	in := bufio.NewReader(f)
	head, err := in.Peek(len(magic))
	if string(head) == magic {
		var p *parquetData
		if err := f.Close(); err != nil {
			return nil, &RuleFileError{name, err}
		}
		if p, err = openParquet(name); err != nil {
			return nil, &RuleFileError{name, err}
		}
		return newNamed(p, name)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, &RuleFileError{name, errors.Join(err, f.Close())}
	}
	c, err := openCSV(in, head, f, null)
	if err != nil {
		return nil, &RuleFileError{name, errors.Join(err, f.Close())}
	}
	return newNamed(c, name)
}

// magic begins a Parquet file.
const magic = "PAR1"

// openCSV opens a text whose first bytes are head.
func openCSV(in io.Reader, head []byte, f io.Closer, null []string) (*CSVData, error) {
	packed := ""
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		packed = "gz"
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		packed = "zst"
	}
	text, done, err := feed.Unpacked(in, packed)
	if err != nil {
		return nil, err
	}
	c, err := NewCSVData(text, null...)
	if err != nil {
		done()
		return nil, err
	}
	c.close = func() error { done(); return f.Close() }
	return c, nil
}

// named is a data set of a file: its read errors name the file.
type named struct {
	RuleData
	name string
}

// newNamed rejects a data set with two columns of one name.
func newNamed(d RuleData, name string) (*named, error) {
	seen := map[string]bool{}
	names, _ := d.Columns()
	for _, column := range names {
		if seen[column] {
			return nil, &RuleFileError{name, errors.Join(fmt.Errorf("column %s is duplicate", column), d.Close())}
		}
		seen[column] = true
	}
	return &named{d, name}, nil
}

// Next returns the next row.
func (n *named) Next() ([]RuleCell, error) {
	row, err := n.RuleData.Next()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, &RuleFileError{n.name, err}
	}
	return row, err
}

// CSVData is a data set with a header row. An empty field is null, and so is a field equal to one of the words of null.
type CSVData struct {
	in    *feed.CSV
	close func() error // nil = nothing
	names []string
	null  []string
	row   []RuleCell
}

// NewCSVData reads the header.
func NewCSVData(r io.Reader, null ...string) (*CSVData, error) {
	text, encoding, err := feed.BeginText(r, true)
	if encoding != "" {
		err = errors.New("the file is " + encoding)
	}
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	d := &CSVData{in: feed.NewCSV(text, feed.MaxRecord), null: null}
	d.in.ReuseRecord = true
	head, err := d.in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	d.names = slices.Clone(head)
	d.row = make([]RuleCell, len(d.names))
	return d, nil
}

// RuleColumns returns the columns of the header.
func (d *CSVData) Columns() ([]string, []RuleKind) { return d.names, make([]RuleKind, len(d.names)) }

// Next returns the next row.
func (d *CSVData) Next() ([]RuleCell, error) {
	fields, err := d.in.Read()
	if err != nil {
		return nil, err
	}
	for i, text := range fields {
		d.row[i] = RuleCell{text, text == "" || slices.Contains(d.null, text)}
	}
	return d.row, nil
}

// Close closes the file that Open opened.
func (d *CSVData) Close() error {
	if d.close == nil {
		return nil
	}
	return d.close()
}

// parquetData is a data set of Parquet.
type parquetData struct {
	file   *feed.ParquetFile
	source *os.File
	group  int // the next row group
	rows   *feed.ParquetGroup
	batch  []arrow.Array
	at     int
	row    []RuleCell
}

// parquetRows is the number of rows that are read at once.
const parquetRows = 1 << 13

func openParquet(name string) (*parquetData, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	d := &parquetData{source: f}
	err = feed.Guard(func() error {
		info, err := f.Stat()
		if err == nil {
			d.file, err = feed.OpenParquet(f, info.Size())
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", name, err), f.Close())
	}
	d.row = make([]RuleCell, len(d.file.Fields))
	return d, nil
}

func (d *parquetData) Columns() (names []string, kinds []RuleKind) {
	for _, field := range d.file.Fields {
		kind := Other
		switch t := field.Type.(type) {
		case *arrow.StringType:
			kind = String
		case *arrow.Decimal128Type, *arrow.Int64Type, *arrow.Int32Type, *arrow.Float64Type, *arrow.Float32Type:
			kind = Decimal
		case *arrow.TimestampType:
			if t.TimeZone == "UTC" {
				kind = DateTime
			}
		}
		names, kinds = append(names, field.Name), append(kinds, kind)
	}
	return names, kinds
}

func (d *parquetData) Next() ([]RuleCell, error) {
	for len(d.batch) == 0 || d.at == d.batch[0].Len() {
		if err := d.turn(); err != nil {
			return nil, err
		}
	}
	for i, col := range d.batch {
		d.row[i] = cellOf(col, d.at)
	}
	d.at++
	return d.row, nil
}

// turn reads the next rows; io.EOF after the last.
func (d *parquetData) turn() (err error) {
	d.batch, d.at = nil, 0
	if d.rows == nil {
		if d.group == len(d.file.First) {
			return io.EOF
		}
		forms := slices.Repeat([]feed.ParquetForm{{Longest: feed.MaxRecord}}, len(d.file.Fields))
		d.rows, err = d.file.Group(d.source, d.group, d.file.Fields, forms)
		d.group++
		return err
	}
	if d.batch, err = d.rows.Next(parquetRows); errors.Is(err, io.EOF) {
		d.rows, err = nil, nil
	}
	return err
}

// cellOf converts a value to its text in CSVData.
func cellOf(col arrow.Array, at int) RuleCell {
	if col.IsNull(at) {
		return RuleCell{Null: true}
	}
	switch c := col.(type) {
	case *array.String:
		return RuleCell{Text: c.Value(at)}
	case *array.Decimal128:
		return RuleCell{Text: plain(c.Value(at).BigInt().String(), int(c.DataType().(*arrow.Decimal128Type).Scale))}
	case *array.Timestamp:
		return RuleCell{Text: c.Value(at).ToTime(c.DataType().(*arrow.TimestampType).Unit).UTC().Format(
			"2006-01-02T15:04:05.999999Z")}
	}
	return RuleCell{Text: col.ValueStr(at)}
}

// plain inserts the decimal point into the digits of a whole number.
func plain(digits string, scale int) string {
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	whole, fraction := digits[:len(digits)-scale], bytes.TrimRight([]byte(digits[len(digits)-scale:]), "0")
	if len(fraction) == 0 {
		return sign + whole
	}
	return sign + whole + "." + string(fraction)
}

func (d *parquetData) Close() error { return d.source.Close() }
