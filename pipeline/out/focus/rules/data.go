package rules

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// Cell is a value as text, or null.
type Cell struct {
	Text string
	Null bool
}

// Kind is the type of a column, as far as a file says it.
type Kind uint8

// The kinds of columns. CSV says nothing: there every column is Untyped.
const (
	Untyped Kind = iota
	String
	Decimal
	DateTime
	Other
)

// Data is a data set that is read once, from front to end.
type Data interface {
	Columns() (names []string, kinds []Kind)
	// Next gives the next row, valid until the next call; io.EOF at the end.
	Next() ([]Cell, error)
	Close() error
}

// Open opens a file by the end of its name: .parquet, or CSV.
func Open(name string) (Data, error) {
	if strings.HasSuffix(name, ".parquet") {
		return openParquet(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	d, err := NewCSV(f, "")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	d.file = f
	return d, nil
}

// CSV is a data set with a header row; an empty field is null, and so is the word for it, if there is one.
type CSV struct {
	in    *csv.Reader
	file  io.Closer
	names []string
	null  string
	row   []Cell
}

// NewCSV reads the header.
func NewCSV(r io.Reader, null string) (*CSV, error) {
	d := &CSV{in: csv.NewReader(r), null: null}
	d.in.ReuseRecord = true
	head, err := d.in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	for _, name := range head {
		d.names = append(d.names, strings.TrimPrefix(name, "\ufeff"))
	}
	d.row = make([]Cell, len(d.names))
	return d, nil
}

// Columns are the header's.
func (d *CSV) Columns() ([]string, []Kind) { return d.names, make([]Kind, len(d.names)) }

// Next is the next row.
func (d *CSV) Next() ([]Cell, error) {
	fields, err := d.in.Read()
	if err != nil {
		return nil, err
	}
	for i, text := range fields {
		d.row[i] = Cell{text, text == "" || text == d.null}
	}
	return d.row, nil
}

// Close closes the file that Open opened.
func (d *CSV) Close() error {
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}

// parquetData is a data set of Parquet.
type parquetData struct {
	file  *file.Reader
	rows  pqarrow.RecordReader
	batch arrow.RecordBatch
	at    int
	row   []Cell
}

func openParquet(name string) (*parquetData, error) {
	f, err := file.OpenParquetFile(name, false)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 1 << 13}, memory.DefaultAllocator)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	rows, err := r.GetRecordReader(context.Background(), nil, nil)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &parquetData{file: f, rows: rows, row: make([]Cell, rows.Schema().NumFields())}, nil
}

func (d *parquetData) Columns() (names []string, kinds []Kind) {
	for _, field := range d.rows.Schema().Fields() {
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

func (d *parquetData) Next() ([]Cell, error) {
	for d.batch == nil || d.at == int(d.batch.NumRows()) {
		if !d.rows.Next() {
			if err := d.rows.Err(); err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			return nil, io.EOF
		}
		d.batch, d.at = d.rows.RecordBatch(), 0
	}
	for i, col := range d.batch.Columns() {
		d.row[i] = cellOf(col, d.at)
	}
	d.at++
	return d.row, nil
}

// cellOf is a value as CSV would have it.
func cellOf(col arrow.Array, at int) Cell {
	if col.IsNull(at) {
		return Cell{Null: true}
	}
	switch c := col.(type) {
	case *array.String:
		return Cell{Text: c.Value(at)}
	case *array.Decimal128:
		return Cell{Text: plain(c.Value(at).BigInt().String(), int(c.DataType().(*arrow.Decimal128Type).Scale))}
	case *array.Timestamp:
		return Cell{Text: c.Value(at).ToTime(c.DataType().(*arrow.TimestampType).Unit).UTC().Format("2006-01-02T15:04:05.999999Z")}
	}
	return Cell{Text: col.ValueStr(at)}
}

// plain puts the point into the digits of a whole number.
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

func (d *parquetData) Close() error {
	d.rows.Release()
	return d.file.Close()
}
